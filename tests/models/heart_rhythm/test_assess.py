"""Beats are counted as the standard counts them."""

import numpy as np
import pytest

from models.heart_rhythm.assess import Count, count, estimate, f1, predictive_value, sensitivity
from models.heart_rhythm.recordings import Recording


def recording(*beats: int, flutter: tuple[tuple[int, int], ...] = ()) -> Recording:
    return Recording("r", np.zeros(10_000), 100.0, np.array(beats, dtype=np.int64), flutter)


@pytest.mark.parametrize(
    ("beats", "found", "expected"),
    [
        ((100, 200, 300), (100, 200, 300), (3, 3, 0)),
        ((100, 200, 300), (85, 215, 316), (3, 2, 1)),
        ((100, 200), (), (2, 0, 0)),
        ((), (100,), (0, 0, 1)),
        ((100,), (95, 105), (1, 1, 1)),
        ((100, 110), (105,), (2, 1, 0)),
        ((100, 110), (105, 115), (2, 2, 0)),
        ((100,), (100, 100), (1, 1, 0)),
    ],
)
def test_each_mark_and_each_beat_counts_once(beats: tuple[int, ...], found: tuple[int, ...], expected: tuple[int, int, int]) -> None:
    said = count(recording(*beats), np.array(found, dtype=np.int64))
    assert (said.beats, said.found, said.extra) == expected


def test_flutter_counts_for_neither_side() -> None:
    said = count(recording(100, 500, 900, flutter=((400, 600),)), np.array([100, 390, 500, 610, 650, 900]))
    assert (said.beats, said.found, said.extra) == (2, 2, 1)


def test_figures_and_their_intervals() -> None:
    counts = [Count("a", 100, 99, 1), Count("b", 300, 300, 0)]
    assert sensitivity(counts) == 399 / 400
    assert predictive_value(counts) == 399 / 400
    assert f1(counts) == pytest.approx(399 / 400)
    assert counts[0].f1 == 0.99
    found = estimate(sensitivity, counts)
    assert (found.low, found.value, found.high) == (0.99, 399 / 400, 1.0)
