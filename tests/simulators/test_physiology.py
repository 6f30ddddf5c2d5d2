"""A person who is not there lives their story, the same one for the same dice."""

from itertools import pairwise

import numpy as np
import pytest

from protocol.metrics import BODY_TEMPERATURE, ECG, HEART_RATE, RESPIRATORY_RATE, SPO2
from simulators.physiology import STORIES, Physiology


def person(story: str, seed: int = 3) -> Physiology:
    return Physiology(STORIES[story], np.random.default_rng(seed))


def spread_of(body: Physiology, since_s: float, until_s: float) -> float:
    intervals = [beat.rr_s for beat in body.beats(since_s, until_s)]
    return float(np.std(intervals) / np.mean(intervals))


@pytest.mark.parametrize("seed", range(5))
def test_a_calm_day_stays_within_what_is_healthy(seed):
    body = person("calm_day", seed)
    for at_s in range(10, 300, 10):
        assert 55 <= (body.value(HEART_RATE.code, at_s) or 0) <= 85
        assert 94 <= (body.value(SPO2.code, at_s) or 0) <= 100
        assert 36.0 <= (body.value(BODY_TEMPERATURE.code, at_s) or 0) <= 37.3
        assert 10 <= (body.value(RESPIRATORY_RATE.code, at_s) or 0) <= 20


def test_fibrillation_begins_within_half_a_minute_and_is_irregular_and_fast():
    body = person("atrial_fibrillation")
    calm = spread_of(body, 1, 14)
    assert spread_of(body, 20, 45) > 4 * calm
    assert (body.value(HEART_RATE.code, 45) or 0) > 100


@pytest.mark.parametrize(
    ("story", "metric", "worse"), [("desaturation", SPO2, lambda v: v < 86), ("fever", BODY_TEMPERATURE, lambda v: v > 39.1)]
)
def test_a_story_is_told_before_half_a_minute_is_over(story, metric, worse):
    body = person(story)
    assert not worse(body.value(metric.code, 5))
    assert worse(body.value(metric.code, 30))


def test_the_same_dice_make_the_same_person():
    one, other = person("fever", 9), person("fever", 9)
    assert one.beats(0, 60) == other.beats(0, 60)
    assert np.array_equal(one.samples(ECG.code, 0, 500), other.samples(ECG.code, 0, 500))


def test_the_ecg_peaks_where_the_beats_are():
    body = person("calm_day")
    pieces = [body.samples(ECG.code, turn * 36, 36) for turn in range(60)]
    signal = np.concatenate(pieces).astype(float)
    for beat in body.beats(1.0, 16.0):
        around = signal[round(beat.at_s * 125) - 4 : round(beat.at_s * 125) + 5]
        assert around.max() * 0.005 > 0.8


def test_beats_follow_each_other_without_a_gap():
    beats = person("atrial_fibrillation").beats(0, 25)
    for before, beat in pairwise(beats):
        assert beat.at_s == pytest.approx(before.at_s + beat.rr_s)
