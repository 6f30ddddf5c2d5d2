"""The anomaly watch judges a belt's last minute every five seconds of its own time, and says what it judged."""

from collections.abc import Iterable
from functools import cache
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.gateway.anomaly_watch import AnomalyWatch, Memory, memory_from_text, score_again
from edge.gateway.watch_finding import Detector, WatchFinding
from edge.gateway.window import PatientWindow
from models.catalogue import Model, open_model
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.features import RHYTHM
from models.vital_anomaly.verdict import Thresholds, thresholds_of
from protocol.metrics import RR_INTERVAL, SPO2
from protocol.samples import Reading

PATIENT, BELT, OXIMETER = UUID(int=1), UUID(int=2), UUID(int=3)
THRESHOLDS = Thresholds(0.5, 0.25, 2, 6)
DETECTOR = Detector("share_of_deviating_intervals", "1", "0" * 64)


def share(features: NDArray[np.float32]) -> float:
    return float(features[RHYTHM.index("share of intervals over 20 % from the running median")])


def beats(intervals: Iterable[int], start: int = 0, record: int = 0) -> list[Reading]:
    readings: list[Reading] = []
    at = start
    for number, interval in enumerate(intervals):
        at += interval
        readings.append(Reading(BELT, RR_INTERVAL.code, at, float(interval), record + number))
    return readings


CALM = [800 + 10 * (k % 5) for k in range(200)]
BIGEMINY = [500, 1100] * 100


def watched(readings: Iterable[Reading], watch: AnomalyWatch | None = None, window: PatientWindow | None = None) -> list[WatchFinding]:
    watch, window = watch or AnomalyWatch(PATIENT, share, THRESHOLDS, DETECTOR), window or PatientWindow()
    return [finding for reading in readings if window.push(reading) for finding in watch.look(window, reading)]


def test_calm_beats_raise_nothing() -> None:
    assert watched(beats(CALM)) == []


def test_bigeminy_is_raised_once_with_its_evidence() -> None:
    readings = beats(CALM + BIGEMINY)
    (found,) = watched(readings)
    assert (found.kind, found.priority, found.detector, found.thresholds["raise_at"]) == ("vital_anomaly", "medium", DETECTOR, 0.5)
    assert found.window_to - found.window_from == 60_000
    assert found.evidence == tuple(r for r in readings if found.window_from < r.at <= found.window_to)
    assert found.trigger == found.evidence[-1]
    assert found.coverage["rr_interval"] > 0.95
    assert "missing: heart rate, SpO2, respiratory rate" in found.explanation


def test_it_is_raised_anew_after_it_had_cleared() -> None:
    assert len(watched(beats(BIGEMINY + CALM + BIGEMINY))) == 2


def test_nothing_is_judged_before_there_are_beats_enough() -> None:
    asked: list[float] = []

    def counted(features: NDArray[np.float32]) -> float:
        asked.append(share(features))
        return 1.0

    window, watch = PatientWindow(), AnomalyWatch(PATIENT, counted, THRESHOLDS, DETECTOR)
    watched(beats([800] * 24), watch, window)
    assert asked == []
    watched(beats([800] * 5, 19_200, 24), watch, window)
    assert len(asked) == 1


def test_other_metrics_start_no_judgement_but_are_looked_at() -> None:
    oxygen = [Reading(OXIMETER, SPO2.code, second * 1000, 97.0, second) for second in range(300)]
    (found,) = watched(sorted(beats(BIGEMINY) + oxygen, key=lambda r: r.at))
    assert {r.metric for r in found.evidence} == {RR_INTERVAL.code, SPO2.code}
    assert "SpO2 97" in found.explanation


def test_an_hour_handed_over_late_is_judged_in_its_own_time() -> None:
    oxygen = [Reading(OXIMETER, SPO2.code, second * 1000, 97.0, second) for second in range(3600, 3700)]
    (found,) = watched(oxygen + beats(CALM + BIGEMINY))
    assert found.at < 400_000


def test_a_clock_set_back_starts_anew() -> None:
    later = beats(CALM, 10_000_000)
    assert len(watched(later + beats(BIGEMINY, 0, 1000))) == 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(400, 1400), min_size=60, max_size=300), st.integers(0, 1000), st.integers(0, 100))
def test_a_crash_neither_loses_nor_doubles_a_finding(intervals: list[int], crash: int, seed: int) -> None:
    readings = beats(intervals)
    late = readings.pop(seed % len(readings))
    readings.insert((seed * 31) % len(readings), late)
    crash %= len(readings)
    watch = AnomalyWatch(PATIENT, share, THRESHOLDS, DETECTOR)
    before = watched(readings[:crash], watch)
    window = PatientWindow()
    for reading in readings[:crash]:
        window.push(reading)
    memory = memory_from_text(watch.memory.as_text())
    assert memory == watch.memory
    after = watched(readings[crash:], AnomalyWatch(PATIENT, share, THRESHOLDS, DETECTOR, memory), window)
    assert before + after == watched(readings)


def test_nothing_remembered_survives_being_written_down() -> None:
    assert memory_from_text(Memory().as_text()) == Memory()


@cache
def shipped() -> tuple[Model, PerceptronRunner]:
    model = open_model("vital_anomaly")
    return model, PerceptronRunner(model.artefact)


def shipped_score(features: NDArray[np.float32]) -> float:
    return float(shipped()[1].run(features[np.newaxis, :])[0, 0])


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(400, 1500), min_size=60, max_size=120))
def test_the_evidence_gives_the_shipped_models_score_again_bit_for_bit(intervals: list[int]) -> None:
    watch = AnomalyWatch(PATIENT, shipped_score, Thresholds(0.0, 0.0, 1, 1), DETECTOR)
    (found,) = watched(beats(intervals), watch)
    assert score_again(found.evidence, shipped_score) == found.score


def test_the_shipped_model_raises_on_bigeminy_and_not_on_calm_beats() -> None:
    card = shipped()[0].card

    def watch() -> AnomalyWatch:
        return AnomalyWatch(PATIENT, shipped_score, thresholds_of(card.thresholds), Detector(card.name, card.version, card.sha256))

    assert watched(beats(CALM), watch()) == []
    assert len(watched(beats(CALM + BIGEMINY), watch())) == 1
