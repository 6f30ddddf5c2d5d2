"""Figures are what their definitions say, and their intervals draw people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation import (
    Judged,
    auprc,
    auroc,
    compare,
    estimate,
    over_windows,
    per_patient_day,
    positive_predictive_value,
    sensitivity,
    specificity,
)

SCORES = np.array([0.1, 0.4, 0.35, 0.8])
TRUTH = np.array([False, False, True, True])
windows = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


def test_known_values() -> None:
    assert auroc(SCORES, TRUTH) == 0.75
    assert auprc(SCORES, TRUTH) == pytest.approx(0.8333, abs=1e-4)
    assert sensitivity(0.5)(SCORES, TRUTH) == 0.5
    assert specificity(0.4)(SCORES, TRUTH) == 0.5
    assert positive_predictive_value(0.35)(SCORES, TRUTH) == pytest.approx(2 / 3)


@given(windows)
def test_auroc_is_the_chance_of_a_right_order(drawn: list[tuple[int, bool]]) -> None:
    scores, truth = np.array([s for s, _ in drawn], dtype=np.float64), np.array([t for _, t in drawn])
    pairs = [(p > n) + (p == n) / 2 for p in scores[truth] for n in scores[~truth]]
    expected = float(np.mean(pairs)) if pairs else float("nan")
    assert auroc(scores, truth) == pytest.approx(expected, nan_ok=True)


@given(windows)
def test_auprc_is_the_mean_precision_where_recall_grows(drawn: list[tuple[int, bool]]) -> None:
    scores, truth = np.array([s for s, _ in drawn], dtype=np.float64), np.array([t for _, t in drawn])
    expected = float("nan")
    if truth.any():
        cuts = sorted(set(scores.tolist()), reverse=True)
        gained = np.diff([0.0] + [float(truth[scores >= cut].sum() / truth.sum()) for cut in cuts])
        expected = float(sum(gain * truth[scores >= cut].mean() for gain, cut in zip(gained, cuts, strict=True)))
    assert auprc(scores, truth) == pytest.approx(expected, nan_ok=True)


def test_what_cannot_be_said_is_not_a_number() -> None:
    none, every = np.zeros(4, dtype=np.bool_), np.ones(4, dtype=np.bool_)
    assert np.isnan([auroc(SCORES, none), auroc(SCORES, every), auprc(SCORES, none)]).all()
    assert np.isnan([sensitivity(0.5)(SCORES, none), specificity(0.5)(SCORES, every), positive_predictive_value(2.0)(SCORES, TRUTH)]).all()
    assert np.isnan(per_patient_day(3, 0, 5000))
    assert np.isnan(estimate(over_windows(auroc), [Judged(SCORES, none)], seed=0).low)


def test_intervals_draw_people_and_repeat() -> None:
    dice = np.random.default_rng(1)
    people = [Judged(np.full(100, dice.random()), np.ones(100, dtype=np.bool_)) for _ in range(20)]
    once, again = (estimate(over_windows(sensitivity(0.5)), people, seed=3) for _ in range(2))
    assert once == again
    assert once.low < once.value < once.high
    # 2,000 windows, but twenty people: about 0.22 either way, not 0.02.
    assert once.high - once.low > 0.25


def test_alerts_are_counted_per_patient_day() -> None:
    assert per_patient_day(2, 17_280, 5_000) == 2.0


class Shifted:
    """A runner that says the mean of its input, a little more or less."""

    def __init__(self, by: float) -> None:
        self.by = by

    def run(self, features: np.ndarray) -> np.ndarray:
        return features.mean(axis=1, keepdims=True) + np.float32(self.by)


def test_two_networks_are_compared_window_by_window() -> None:
    features = np.array([[0.0, 0.2], [0.4, 0.5], [0.8, 1.0]], dtype=np.float32)
    same, shifted = (compare(Shifted(0.0), Shifted(by), features, 0.5) for by in (0.0, 0.125))
    assert (same.greatest_difference, same.mean_difference, same.same_side) == (0.0, 0.0, 1.0)
    assert shifted.greatest_difference == pytest.approx(0.125)
    assert shifted.same_side == pytest.approx(2 / 3)
