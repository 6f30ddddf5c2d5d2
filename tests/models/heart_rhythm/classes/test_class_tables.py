"""Classes are counted as the standard counts them, and the published indices are what their papers say."""

import numpy as np
import pytest

from models.heart_rhythm.classes.assess import MEASURES, Table, accuracy, estimate, j_kappa, kappa, mean_sensitivity, table, together
from models.heart_rhythm.recordings import Recording

COUNTS = np.array([[90, 5, 3, 1, 1], [2, 6, 2, 0, 0], [1, 1, 17, 0, 1], [1, 0, 1, 2, 0]])


def test_a_beat_that_was_not_found_is_a_mistake_and_one_of_class_q_is_no_beat() -> None:
    marks = np.arange(100, 700, 100)
    recording = Recording("r", np.zeros(1000), 100.0, marks, (), "NSVFQN")
    said = table(recording, np.array([100, 200, 300, 500, 600, 650]), "NNVNQS")
    assert said.counts.tolist() == [[1, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]


def test_the_figures_are_those_of_the_table() -> None:
    assert accuracy(COUNTS) == 115 / 134
    assert mean_sensitivity(COUNTS) == pytest.approx((0.9 + 0.6 + 0.85 + 0.5) / 4)
    chance = (94 * 100 + 12 * 10 + 23 * 20 + 3 * 4) / 134**2
    assert kappa(COUNTS) == pytest.approx((115 / 134 - chance) / (1 - chance))
    assert j_kappa(COUNTS) == pytest.approx(kappa(COUNTS) / 2 + (0.6 + 0.85 + 6 / 12 + 17 / 23) / 8)
    assert MEASURES["positive predictive value F"](COUNTS) == pytest.approx(2 / 3)
    without = COUNTS.copy()
    without[3] = 0
    assert mean_sensitivity(without) == pytest.approx((0.9 + 0.6 + 0.85) / 3)


def test_intervals_draw_recordings() -> None:
    tables = [Table("a", COUNTS), Table("b", COUNTS * [[1], [0], [0], [0]])]
    assert together(tables).sum() == COUNTS.sum() + 100
    found = estimate(accuracy, tables)
    assert (found.low, found.high) == (115 / 134, 0.9)
