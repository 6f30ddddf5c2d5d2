"""Alarms of a home: once a finding, put off for a while and never for good, and the same after a restart."""

from typing import cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gateway import alarms
from edge.gateway.alarms import KEEP_MS, QUIET_MS, Alarm
from edge.gateway.watch_finding import Detector, FindingKind, Priority, WatchFinding
from protocol.metrics import SPO2
from protocol.samples import Reading

NOW = 1_800_000_000_000
PATIENT = UUID(int=1)


def finding(number: int, priority: Priority = "medium", at: int = NOW, kind: str = "early_warning") -> WatchFinding:
    trigger = Reading(UUID(int=2), SPO2.code, at, 85.0, number)
    return WatchFinding(
        id=UUID(int=number),
        patient=PATIENT,
        kind=cast("FindingKind", kind),
        priority=priority,
        at=at,
        window_from=at - 60_000,
        window_to=at,
        score=5.0,
        score_low=5.0,
        score_high=5.0,
        explanation="spo2 85 gives 3",
        detector=Detector("news2", "2017", "0" * 64),
        thresholds={},
        coverage={},
        trigger=trigger,
        evidence=(trigger,),
    )


def test_the_same_finding_twice_is_one_alarm_and_a_worse_one_takes_its_place() -> None:
    once = alarms.found(alarms.found((), finding(1)), finding(1))
    assert [alarm.id.int for alarm in once] == [1]
    worse = alarms.found(once, finding(2, "high", NOW + 1000))
    assert [(alarm.id.int, alarm.priority) for alarm in worse] == [(2, "high")]
    other = alarms.found(worse, finding(3, "low", NOW + 2000, "vital_anomaly"))
    assert [alarm.id.int for alarm in other] == [3, 2]


@pytest.mark.parametrize("priority", ["high", "medium", "low"])
def test_what_is_put_off_sounds_again_by_itself(priority: Priority) -> None:
    quiet = alarms.put_off(alarms.found((), finding(1, priority)), UUID(int=1), NOW)
    end = NOW + QUIET_MS[priority]
    assert alarms.loudest(quiet, end - 1) is None
    assert alarms.loudest(quiet, end) == priority
    assert alarms.put_off(quiet, UUID(int=1), NOW + 1) == quiet, "pressing again does not stretch it"


def test_what_was_seen_is_still_and_a_new_finding_of_its_kind_sounds() -> None:
    calm = alarms.seen(alarms.found((), finding(1)), UUID(int=1), NOW)
    assert alarms.loudest(calm, NOW) is None
    again = alarms.found(calm, finding(2, at=NOW + 1000))
    assert alarms.loudest(again, NOW + 1000) == "medium"
    assert len(again) == 2


def test_the_most_urgent_is_heard() -> None:
    several = ()
    for number, (priority, kind) in enumerate([("low", "a"), ("high", "b"), ("medium", "c")]):
        several = alarms.found(several, finding(number, priority, kind=kind))
    assert alarms.loudest(several, NOW) == "high"


def test_an_unknown_alarm_changes_nothing() -> None:
    some = alarms.found((), finding(1))
    assert alarms.seen(some, UUID(int=9), NOW) == alarms.put_off(some, UUID(int=9), NOW) == some


def test_what_was_seen_is_shown_for_a_day_and_what_was_not_for_ever() -> None:
    both = alarms.found(alarms.seen(alarms.found((), finding(1)), UUID(int=1), NOW), finding(2, kind="vital_anomaly"))
    assert [alarm.id.int for alarm in alarms.tidied(both, NOW + KEEP_MS)] == [2]


MOMENTS = st.none() | st.integers(0, 1 << 41)
ALARMS = st.lists(
    st.builds(
        Alarm, st.uuids(), st.uuids(), st.text(), st.sampled_from(["high", "medium", "low"]), st.integers(0), st.text(), MOMENTS, MOMENTS
    )
)


@given(ALARMS)
def test_what_is_written_down_is_read_again(some: list[Alarm]) -> None:
    assert alarms.from_text(alarms.as_text(some)) == tuple(some)
