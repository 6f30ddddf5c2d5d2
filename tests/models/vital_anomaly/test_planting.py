"""Planted abnormalities are abnormal by the rule, and variations keep the truth of what is left."""

import numpy as np
import pytest

from models.vital_anomaly.features import SPAN_MS, Minute
from models.vital_anomaly.planting import PLANTS, varied
from models.vital_anomaly.recordings import Labelled, beats_at, vitals_abnormal


def said(value: float) -> np.ndarray:
    return np.column_stack([np.arange(60) * 1000.0, np.full(60, value)])


CALM = Minute(beats=beats_at(np.arange(75) * 800.0), heart_rate=said(75), spo2=said(97), respiratory_rate=said(16))


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_what_is_planted_is_abnormal(plant) -> None:
    dice = np.random.default_rng(0)
    assert not vitals_abnormal(CALM)
    planted = [plant(CALM, dice) for _ in range(50)]
    assert sum(vitals_abnormal(minute) for minute in planted) >= 48, "rounding may put one on the line"
    assert all(minute.beats[-1, 0] <= SPAN_MS for minute in planted)


def test_a_variation_of_abnormal_rhythm_stays_abnormal_whatever_is_missing() -> None:
    dice = np.random.default_rng(0)
    assert all(varied(Labelled(CALM, rhythm=True, abnormal=True), [CALM], dice)[1] for _ in range(100))


def test_missing_does_not_tell_the_truth_and_planting_makes_some_abnormal() -> None:
    dice = np.random.default_rng(0)
    bare = Minute(beats=CALM.beats)
    for labelled in (Labelled(CALM, rhythm=False, abnormal=False), Labelled(bare, rhythm=False, abnormal=False)):
        variations = [varied(labelled, [CALM], dice) for _ in range(400)]
        assert 0.5 < np.mean([len(minute.spo2) > 0 for minute, _ in variations]) < 0.8
        assert 0.05 < np.mean([abnormal for _, abnormal in variations]) < 0.13
        assert all(abnormal == vitals_abnormal(minute) for minute, abnormal in variations)
