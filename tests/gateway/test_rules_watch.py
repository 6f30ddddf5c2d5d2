"""At home, too, a vital that leaves this person's limits, or what is usual for this person, is said: once, with what it rests on."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gateway.rules_watch import CLEAR_MS, LONGEST_SECONDS, Memory, RulesWatch, memory_from_text
from edge.gateway.vitals_line import finding_of
from edge.gateway.watch_finding import WatchFinding
from edge.gateway.window import PatientWindow
from mediassist.replay import score_again
from protocol.findings import Priority
from protocol.metrics import HEART_RATE, RESPIRATORY_RATE, SPO2, Absence
from protocol.patient_rules import PatientRules, PersonalBaseline, PersonalThreshold
from protocol.samples import Reading
from tests.support.gateway import BELT, NOON, PATIENT

OTHER = UUID(int=77)
FAST = PersonalThreshold(HEART_RATE.code, 45.0, 100.0, 60, Priority.MEDIUM)
RULES = PatientRules(PATIENT, 1, (FAST,))


def beats(values: Iterable[float], first: int = 0, wearable: UUID = BELT, metric: int = HEART_RATE.code) -> list[Reading]:
    return [Reading(wearable, metric, NOON + 1000 * (first + n), value, first + n) for n, value in enumerate(values)]


def watched(readings: Iterable[Reading], watch: RulesWatch, window: PatientWindow | None = None) -> list[WatchFinding]:
    window = window or PatientWindow()
    return [finding for reading in readings if window.push(reading) for finding in watch.look(window, reading)]


def following(rules: PatientRules = RULES) -> RulesWatch:
    watch = RulesWatch(PATIENT)
    watch.follow(rules)
    return watch


def test_limits_left_for_long_enough_are_said_once_and_the_score_is_computed_again_bit_for_bit() -> None:
    [found] = watched(beats([70.0] * 30 + [110.5] * 300), following())
    assert (found.kind, found.priority, found.score) == ("threshold", "medium", 10.5)
    assert found.at == NOON + 1000 * (30 + 60), "all of the last minute is outside"
    assert found.explanation == "heart_rate 110 /min, for 60 s above 100"
    assert found.thresholds == {"metric": 1.0, "low": 45.0, "high": 100.0, "for_seconds": 60.0}
    assert {reading.value for reading in found.evidence} == {110.5}
    assert score_again(finding_of(found)) == found.score


def test_it_is_said_again_only_after_a_minute_inside() -> None:
    clear = CLEAR_MS // 1000
    shortly = watched(beats([110.0] * 100 + [80.0] * (clear - 5) + [110.0] * 100), following())
    assert len(shortly) == 1
    for_good = watched(beats([110.0] * 100 + [80.0] * (clear + 5) + [110.0] * 100), following())
    assert len(for_good) == 2
    assert len({finding.id for finding in for_good}) == 2


def test_one_value_inside_starts_the_time_anew() -> None:
    assert watched(beats(([110.0] * 40 + [90.0]) * 5), following()) == []


def test_what_an_absent_reading_says_is_no_value() -> None:
    off = [Reading(BELT, HEART_RATE.code, NOON + 1000 * n, float("nan"), n, Absence.OFF_BODY) for n in range(200)]
    assert watched(off, following()) == []


def test_each_wearable_is_judged_at_its_own_time() -> None:
    live, late = beats([70.0] * 200, first=5000, wearable=OTHER), beats([110.0] * 100)
    [found] = watched([*live, *late], following())
    assert found.trigger.wearable == BELT
    assert {reading.wearable for reading in found.evidence} == {BELT}


def test_without_rules_only_an_emergency_is_said_and_a_care_teams_limits_take_its_place() -> None:
    assert watched(beats([110.0] * 200), RulesWatch(PATIENT)) == []
    [found] = watched(beats([79.0] * 40, metric=SPO2.code), RulesWatch(PATIENT))
    assert (found.priority, found.thresholds) == ("high", {"metric": 3.0, "low": 80.0, "for_seconds": 30.0})
    lower = PersonalThreshold(SPO2.code, 75.0, None, 30, Priority.HIGH)
    assert watched(beats([79.0] * 40, metric=SPO2.code), following(PatientRules(PATIENT, 1, (lower,)))) == []


def test_limits_for_longer_than_the_window_are_left_to_the_cloud() -> None:
    longer = PersonalThreshold(HEART_RATE.code, None, 100.0, LONGEST_SECONDS + 1, Priority.LOW)
    assert watched(beats([110.0] * 900), following(PatientRules(PATIENT, 1, (longer,)))) == []


def test_what_is_unusual_for_this_person_is_said_softly_and_can_be_computed_again() -> None:
    rules = PatientRules(PATIENT, 1, (), (PersonalBaseline(RESPIRATORY_RATE.code, 14.0, 1.0),))
    usual = watched(beats([16.0] * 900, metric=RESPIRATORY_RATE.code), following(rules))
    assert usual == []
    [found] = watched(beats([14.0] * 100 + [24.0] * 900, metric=RESPIRATORY_RATE.code), following(rules))
    assert (found.kind, found.priority) == ("baseline", "low")
    assert found.score >= 4.0
    assert found.explanation == "respiratory_rate 24 /min over 10 minutes, usually 14 ± 2.0 for this person"
    assert score_again(finding_of(found)) == found.score


@given(st.lists(st.sampled_from([70.0, 110.0, 40.0]), max_size=40), st.integers(0, 400))
def test_a_restart_anywhere_changes_nothing(levels: list[float], cut: int) -> None:
    readings = beats([level for level in levels for _ in range(10)])
    whole = watched(readings, following())
    watch, window = following(), PatientWindow()
    before = watched(readings[:cut], watch, window)
    again = RulesWatch(PATIENT, memory_from_text(watch.memory.as_text()))
    again.follow(RULES)
    assert [f.id for f in (*before, *watched(readings[cut:], again, window))] == [f.id for f in whole]


def test_what_is_within_limits_leaves_nothing_to_remember() -> None:
    watch = following()
    watched(beats([70.0] * 100), watch)
    assert watch.memory == Memory()
    with pytest.raises(TypeError):
        memory_from_text('{"threshold 1 x": {"no": 1}}')
