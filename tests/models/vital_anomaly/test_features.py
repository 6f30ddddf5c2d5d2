"""The vector is finite whatever arrives, says what is missing, and tells rhythms apart."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vital_anomaly.features import FEATURES, RHYTHM, VALUES, Minute, enough, minute_of, vector
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, RR_INTERVAL, SPO2, Absence
from protocol.samples import Reading

BELT = UUID(int=1)


def beating(intervals: list[float]) -> Minute:
    rr = np.array(intervals, dtype=np.float64)
    return Minute(beats=np.column_stack([np.cumsum(rr), rr]))


def value(minute: Minute, name: str) -> float:
    features = vector(minute)
    where = next(k for k, meaning in enumerate(VALUES) if meaning.startswith(name))
    return float(features[where]) if features[len(VALUES) + where] else float("nan")


metrics = st.sampled_from([1, 2, 3, 4, 5, 6, 7])
readings = st.builds(Reading, st.just(BELT), metrics, st.integers(0, 60_000), st.floats(0, 10_000))


@given(st.lists(readings, max_size=120))
def test_any_readings_give_a_finite_vector(told: list[Reading]) -> None:
    features = vector(minute_of(told))
    assert features.shape == (FEATURES,)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert set(np.unique(features[len(VALUES) :])) <= {0.0, 1.0}


@given(st.lists(st.integers(200, 3000), max_size=40))
def test_a_missing_value_is_nought_and_marked_missing(intervals: list[int]) -> None:
    minute = beating([float(rr) for rr in intervals])
    features = vector(minute)
    present = features[len(VALUES) :]
    assert (features[: len(VALUES)][present == 0] == 0).all()
    assert present[: len(RHYTHM)].all() == enough(minute)
    assert not present[len(RHYTHM) :].any()


def test_too_few_beats_are_no_rhythm() -> None:
    assert not enough(beating([800.0] * 24))
    assert enough(beating([800.0] * 25))
    assert not enough(beating([2500.0] * 11))


def test_the_order_of_arrival_does_not_matter() -> None:
    told = [Reading(BELT, RR_INTERVAL.code, 700 * k, 650.0 + 10 * (k % 7), k) for k in range(1, 80)]
    told += [Reading(BELT, SPO2.code, 1000 * k, 95.0 + k % 3, k) for k in range(1, 60)]
    shuffled = [told[k] for k in np.random.default_rng(0).permutation(len(told))]
    assert vector(minute_of(shuffled)).tobytes() == vector(minute_of(told)).tobytes()


def test_readings_become_the_minute_they_are_of() -> None:
    told = [
        Reading(BELT, HEART_RATE.code, 1000, 71.0),
        Reading(BELT, PULSE_RATE.code, 1000, 99.0),
        Reading(BELT, SPO2.code, 1000, 96.0),
        Reading(BELT, SPO2.code, 2000, float("nan"), absence=Absence.OFF_BODY),
        Reading(BELT, RESPIRATORY_RATE.code, 1000, 17.0),
        Reading(BELT, BODY_TEMPERATURE.code, 1000, 36.6),
    ]
    minute = minute_of(told)
    assert minute.heart_rate.tolist() == [[1000, 71]]
    assert minute.spo2.tolist() == [[1000, 96]]
    assert value(minute, "body temperature") == pytest.approx(36.6)
    assert minute_of(told[1:]).heart_rate.tolist() == [[1000, 99]]


def test_even_beats_alternating_beats_and_a_lone_early_beat_are_told_apart() -> None:
    even, bigeminy = [800.0] * 70, [500.0, 1100.0] * 35
    lone = [*[800.0] * 30, 480.0, 1120.0, *[800.0] * 30]
    share = "share of intervals over 20 %"
    assert [value(beating(rr), share) for rr in (even, lone)] == [0.0, pytest.approx(2 / 62)]
    assert value(beating(bigeminy), share) > 0.9
    assert value(beating(bigeminy), "autocorrelation at lag 1") < -0.9
    assert value(beating(bigeminy), "share of short-long pairs") == pytest.approx(0.5, abs=0.06)
    assert value(beating(even), "coefficient of variation") == 0.0
    assert value(beating(even), "rate") == 75.0


def test_irregular_beats_have_a_higher_sample_entropy_than_alternating_ones() -> None:
    fibrillating = np.random.default_rng(0).uniform(400, 1100, 80).tolist()
    entropy = "coefficient of sample entropy"
    assert value(beating(fibrillating), entropy) > value(beating([500.0, 1100.0] * 35), entropy)


def test_a_lost_minute_between_beats_is_no_difference_between_them() -> None:
    rr = [800.0] * 20 + [400.0] * 20
    gapped = beating(rr).beats
    gapped[20:, 0] += 30_000
    assert value(Minute(beats=gapped), "share of successive differences") == 0.0
    assert value(beating(rr), "share of successive differences") > 0.0


def test_a_falling_saturation_has_its_slope() -> None:
    spo2 = np.column_stack([np.arange(61) * 1000.0, 97.0 - np.arange(61) / 10.0])
    minute = Minute(beats=beating([800.0] * 70).beats, spo2=spo2)
    assert value(minute, "SpO2, slope") == pytest.approx(-6.0)
    assert value(minute, "SpO2, least") == pytest.approx(91.1)


def test_beats_that_are_all_apart_are_no_rhythm() -> None:
    rr = np.full(30, 800.0)
    minute = Minute(beats=np.column_stack([np.arange(30) * 60_000.0, rr]))
    assert enough(minute)
    assert not vector(minute)[len(VALUES) : len(VALUES) + len(RHYTHM)].any()
