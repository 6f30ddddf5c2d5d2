"""Errors are those of people; a warning counts only in time, and one that nothing followed is false."""

import numpy as np
import pytest

from models.glucose import assess
from models.glucose.assess import Told, warnings
from models.glucose.forecaster import ANSWERS, MINUTES


def grid(low_at: int, length: int = 6, count: int = 100) -> np.ndarray:
    values = np.full(count, 110.0)
    values[low_at : low_at + length] = 60
    return values


def spoken(*places: int, count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(23, count - 3)
    return at, np.isin(at, places)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ((56,), (1, 1, 0)),
        ((59,), (1, 0, 0)),
        ((47,), (1, 0, 1)),
        ((30,), (1, 0, 1)),
        ((), (1, 0, 0)),
        ((30, 31, 40, 56), (1, 1, 1)),
        ((52, 56), (1, 1, 0)),
    ],
)
def test_warnings_in_time_late_and_of_nothing(places: tuple[int, ...], expected: tuple[int, int, int]) -> None:
    assert warnings(grid(60), *spoken(*places)) == expected


def test_a_single_dip_is_no_episode_and_one_that_was_not_watched_does_not_count() -> None:
    assert warnings(grid(60, 2), *spoken()) == (0, 0, 0)
    assert warnings(grid(24), *spoken()) == (0, 0, 0)
    assert warnings(grid(60), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)) == (0, 0, 0)


def told(name: str, error: float, count: int) -> Told:
    target = np.full((count, len(MINUTES)), 100.0)
    said = np.full((count, len(MINUTES), len(ANSWERS)), 100.0 + error)
    said[:, :, 1], said[:, :, -1] = 90, 110
    return Told(name, said, np.full(count, 120.0), target, np.arange(count) % 2 == 0, 2, 1, 3, 1.5)


def test_each_person_counts_alike_and_bounds_are_counted() -> None:
    figures = assess.figures()
    people = [told("a", 2, 4), told("b", 6, 400)]
    assert figures["30 min, mean absolute error"](people) == 4
    assert figures["60 min, root mean square error"](people) == 4
    assert figures["30 min, as now, mean absolute error"](people) == 20
    assert figures["30 min from real readings, mean absolute error"](people) == 4
    assert figures["30 min, share between the bounds"](people) == 1
    assert figures["low, warned of 10 minutes before and more"](people) == 0.5
    assert figures["low, false warnings a day"](people) == 2
