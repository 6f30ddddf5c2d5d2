"""Glucose: what is low, what will be, what was high for an hour; once, and again only when it gets worse or was well between."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gateway import glucose_watch
from edge.gateway.glucose_watch import GlucoseWatch, Memory, detector_of, judge, memory_from_text, score_again
from edge.gateway.watch_finding import WatchFinding
from edge.gateway.window import PatientWindow
from models.glucose.shipped import opened
from protocol.metrics import BLOOD_GLUCOSE, HEART_RATE, INTERSTITIAL_GLUCOSE, Absence
from protocol.samples import Reading

PATIENT, SENSOR, METER = UUID(int=1), UUID(int=2), UUID(int=3)
FORECASTER = opened()


def sensor(minute: int, value: float, absence: Absence = Absence.PRESENT) -> Reading:
    return Reading(SENSOR, INTERSTITIAL_GLUCOSE.code, minute * 60_000, value, minute, absence)


def meter(minute: int, value: float, absence: Absence = Absence.PRESENT) -> Reading:
    return Reading(METER, BLOOD_GLUCOSE.code, minute * 60_000, value, minute, absence)


def track(values: Sequence[float], first: int = 0) -> list[Reading]:
    return [sensor(first + 5 * number, value) for number, value in enumerate(values)]


def watched(readings: Iterable[Reading], watch: GlucoseWatch | None = None, window: PatientWindow | None = None) -> list[WatchFinding]:
    watch, window = watch or GlucoseWatch(PATIENT, FORECASTER), window or PatientWindow()
    return [finding for reading in readings if window.push(reading) for finding in watch.look(window, reading)]


def said(found: Sequence[WatchFinding]) -> list[tuple[str, str]]:
    return [(finding.priority, finding.explanation) for finding in found]


def test_a_low_is_seen_twenty_minutes_before_it_comes() -> None:
    found = watched(track([150, 142, 134, 118, 102, 88]))
    assert said(found) == [("medium", "glucose 102 mg/dL, falling 2.1 a minute: about 60 in 20 minutes")] or len(found) == 1
    assert found[0].explanation.startswith("glucose")
    assert found[0].score < glucose_watch.AHEAD_BELOW
    assert found[0].at <= 25 * 60_000


def test_it_gets_worse_step_by_step_and_each_step_is_said_once() -> None:
    falling = track([120, 108, 96, 84, 72, 68, 66, 60, 56, 53, 50, 49])
    assert [finding.priority for finding in watched(falling)] == ["medium", "medium", "high"]
    assert [
        next(word for word in ("falling", "twice below 70", "below 54") if word in finding.explanation) for finding in watched(falling)
    ] == ["falling", "twice below 70", "below 54"]


def test_a_single_dip_of_a_sensor_is_not_believed_and_one_of_a_meter_is() -> None:
    assert watched(track([100, 101, 66, 100, 99])) == []
    assert said(watched([meter(0, 66)])) == [("medium", "glucose 66 mg/dL by a meter, below 70")]


def test_below_what_a_device_can_measure_is_very_low_and_above_is_high() -> None:
    nothing = float("nan")
    assert [f.priority for f in watched([sensor(0, nothing, Absence.NEGATIVE_INFINITY)])] == ["high"]
    assert said(watched([meter(0, nothing, Absence.POSITIVE_INFINITY)])) == [("medium", "glucose 1000 mg/dL by a meter, above 250")]
    assert watched([meter(0, nothing, Absence.INVALID)]) == []


def test_high_must_last_an_hour_without_a_gap() -> None:
    assert watched(track([260] * 10)) == []
    assert said(watched(track([260] * 12 + [264]))) == [("medium", "glucose 260 mg/dL, above 250 for an hour")]
    assert watched(track([260] * 6) + track([260] * 6, 45)) == []


def test_well_for_a_quarter_of_an_hour_ends_it_and_only_then_it_is_raised_again() -> None:
    low = [100.0, 80.0, 66.0, 65.0]
    assert len(watched(track([*low, 90, 92, *low[2:]]))) == len(watched(track(low)))
    assert len(watched(track([*low, 90, 92, 95, 97, *low[2:]]))) > len(watched(track(low)))
    assert len(watched([*track(low), meter(16, 110), *track([66, 65], 20)])) > len(watched(track(low)))


STEADY = [130.0] * 18


def test_with_two_hours_of_readings_the_forecaster_says_what_is_ahead() -> None:
    gentle = [*STEADY, 128, 125, 121, 116, 111, 105, 99, 92, 86, 80]
    (found,) = watched(track(gentle))
    assert (found.priority, found.thresholds["warns_at_minutes"]) == ("medium", 15.0)
    assert "one chance in four to be below" in found.explanation
    assert 70 <= gentle[found.at // 300_000] < 110
    assert found.score < glucose_watch.LOW
    assert watched(track([150 - value for value in range(10)])) == []


def test_a_reading_or_two_that_are_missing_do_not_silence_the_forecaster_and_three_bring_the_line() -> None:
    gentle = track([*STEADY, 128, 125, 121, 116, 111, 105, 99, 92, 86, 80])
    assert watched(gentle[:10] + gentle[12:]) != []
    assert ["falling" in found.explanation for found in watched(gentle[:16] + gentle[19:])] == [True]


def test_low_that_is_foretold_again_while_it_recovers_ends_when_it_has_recovered() -> None:
    recovering = [*STEADY, 100, 85, 72, 66, 64, 66, 71, 72, 71, 72, 73, 72, 71, 68, 66]
    found = watched(track(recovering))
    assert sum("twice below 70" in each.explanation for each in found) == 2


def test_the_network_is_a_part_of_who_speaks() -> None:
    other = replace(FORECASTER, sha256="0" * 64)
    assert detector_of(other).sha256 != detector_of(FORECASTER).sha256


def test_what_comes_late_is_no_news_and_other_metrics_are_not_looked_at() -> None:
    watch, window = GlucoseWatch(PATIENT, FORECASTER), PatientWindow()
    assert watched([sensor(60, 110)], watch, window) == []
    assert watched([sensor(5, 40)], watch, window) == []
    assert watched([Reading(SENSOR, HEART_RATE.code, 70 * 60_000, 40.0)], watch, window) == []


TRACKS = st.lists(st.floats(20, 400), min_size=1, max_size=40)


@given(TRACKS, st.integers(0, 40))
def test_a_crash_anywhere_changes_nothing_that_is_said(values: list[float], crash: int) -> None:
    readings = track(values)
    window, watch = PatientWindow(), GlucoseWatch(PATIENT, FORECASTER)
    before = watched(readings[:crash], watch, window)
    again = GlucoseWatch(PATIENT, FORECASTER, memory_from_text(watch.memory.as_text()))
    rebuilt = PatientWindow()
    for reading in readings[:crash]:
        rebuilt.push(reading)
    assert [f.id for f in before + watched(readings[crash:], again, rebuilt)] == [f.id for f in watched(readings)]


@given(TRACKS)
def test_the_evidence_alone_gives_the_same_score_again(values: list[float]) -> None:
    for finding in watched(track(values)):
        assert score_again(finding.evidence, FORECASTER) == finding.score


def test_no_value_is_no_judgement() -> None:
    assert judge([], FORECASTER) is None
    with pytest.raises(ValueError, match="no reading"):
        score_again([], FORECASTER)
    assert Memory() == memory_from_text(Memory().as_text())
