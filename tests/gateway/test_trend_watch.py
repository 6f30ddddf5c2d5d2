"""The trend watch judges a patient's vitals together every ten seconds, and says what it judged."""

from collections.abc import Iterable
from functools import cache
from uuid import UUID

import numpy as np
import pytest

from edge.gateway.trend_watch import Memory, TrendWatch, memory_from_text, score_again
from edge.gateway.watch_finding import WatchFinding
from edge.gateway.window import PatientWindow
from models.vital_anomaly.trend.course import SPAN_MS
from models.vital_anomaly.trend.verdict import Trend, opened
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, RESPIRATORY_RATE, SPO2
from protocol.patient_rules import PatientRules, PersonalBaseline
from protocol.samples import Reading

PATIENT, BELT, OXIMETER, THERMOMETER = (UUID(int=number) for number in range(1, 5))
START = 1_700_000_000_000


@cache
def trend() -> Trend:
    return opened()


def minutes(
    count: int, start: int = 0, heart: float = 76, breathing: float = 15, oxygen: float = 97, warmth: float = 36.8
) -> list[Reading]:
    """Return some minutes of four vitals, a little noisy, from minute `start` on."""
    dice = np.random.default_rng(start)
    found: list[Reading] = []
    for second in range(60 * start, 60 * (start + count)):
        at = START + 1000 * second
        found.append(Reading(BELT, HEART_RATE.code, at, heart + float(dice.integers(-2, 3)), second))
        found.append(Reading(OXIMETER, SPO2.code, at, oxygen + float(dice.integers(0, 2)), second))
        if second % 5 == 0:
            found.append(Reading(BELT, RESPIRATORY_RATE.code, at, breathing + float(dice.integers(-1, 2)), 100_000 + second))
        if second % 60 == 0:
            found.append(Reading(THERMOMETER, BODY_TEMPERATURE.code, at, warmth, second))
    return found


def watched(readings: Iterable[Reading], watch: TrendWatch | None = None, window: PatientWindow | None = None) -> list[WatchFinding]:
    watch, window = watch or TrendWatch(PATIENT, trend()), window or PatientWindow()
    return [finding for reading in readings if window.push(reading) for finding in watch.look(window, reading)]


def test_ordinary_vitals_raise_nothing() -> None:
    assert watched(minutes(15)) == []


def test_vitals_that_move_together_are_raised_once_within_limits_each() -> None:
    sick = {"heart": 112.0, "breathing": 22.0, "oxygen": 93.0, "warmth": 38.3}
    (found,) = watched(minutes(8) + minutes(8, 8, **sick))
    assert (found.kind, found.priority) == ("vital_trend", "low")
    assert START + 8 * 60_000 < found.at <= START + 12 * 60_000
    assert found.score >= trend().thresholds.raise_at
    assert found.window_to - found.window_from == SPAN_MS
    assert "°C (usually 36.8)" in found.explanation
    assert "not measured: nothing" in found.explanation


def test_the_evidence_alone_gives_the_same_score_again_with_what_was_usual() -> None:
    watch = TrendWatch(PATIENT, trend())
    watch.follow(PatientRules(PATIENT, baselines=(PersonalBaseline(HEART_RATE.code, 90.0, 4.0),)))
    (found,) = watched(minutes(6) + minutes(6, 6, oxygen=88), watch)
    assert score_again(found.evidence, found.at, found.thresholds, trend()) == found.score
    with pytest.raises(KeyError):
        score_again(found.evidence, found.at, {}, trend())


def test_what_is_usual_for_the_person_decides() -> None:
    used_to_it = TrendWatch(PATIENT, trend())
    used_to_it.follow(PatientRules(PATIENT, baselines=(PersonalBaseline(HEART_RATE.code, 98.0, 4.0),)))
    fast = minutes(12, heart=118)
    assert len(watched(fast)) >= len(watched(fast, used_to_it))


def test_missing_vitals_cost_no_calm() -> None:
    readings = [each for each in minutes(8) + minutes(8, 8, oxygen=86) if each.metric == SPO2.code]
    (found,) = watched(readings)
    assert "not measured: heart_rate, respiratory_rate, body_temperature" in found.explanation


def test_a_watch_that_begins_anew_goes_on_where_it_was() -> None:
    readings = minutes(8) + minutes(8, 8, oxygen=86)
    half = len(readings) // 2 + 400
    watch, window = TrendWatch(PATIENT, trend()), PatientWindow()
    before = watched(readings[:half], watch, window)
    again = TrendWatch(PATIENT, trend(), memory_from_text(watch.memory.as_text()))
    after = watched(readings[half:], again, window)
    assert [found.id for found in before + after] == [found.id for found in watched(readings)]
    assert memory_from_text(Memory().as_text()) == Memory()


def test_what_comes_late_is_not_judged_and_a_clock_set_back_is_followed() -> None:
    watch, window = TrendWatch(PATIENT, trend()), PatientWindow()
    watched(minutes(1, 20), watch, window)
    due = watch.memory.due
    watched([Reading(OXIMETER, SPO2.code, START + 20 * 60_000 - 60_000, 97.0, 7)], watch, window)
    assert watch.memory.due == due
    watched(minutes(1, 1), watch, window)
    assert watch.memory.due is not None
    assert due is not None
    assert watch.memory.due < due
