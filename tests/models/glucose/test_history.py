"""Readings lie on a grid; what is seen of two hours does not depend on anything else."""

import numpy as np
import pytest

from models.glucose.history import HIGHEST, LAGS, LOWEST, NAMES, described, gridded, history_of
from tests.models.glucose.courses import course


def test_each_history_is_described_by_itself() -> None:
    values = course(1)
    histories = np.stack([values[place : place + LAGS] for place in (0, 50, 100)])
    found = described(histories)
    assert found.shape == (3, len(NAMES))
    assert found[1].tolist() == described(histories[1:2])[0].tolist()
    assert np.isfinite(found).all()


def test_values_on_a_line_are_told_from_those_that_are_not() -> None:
    straight = described(np.linspace(100, 169, LAGS)[np.newaxis])[0]
    crooked = described((100 + 5.0 * (np.arange(LAGS) % 2))[np.newaxis])[0]
    place = NAMES.index("straight 0 minutes ago")
    assert (straight[place], crooked[place]) == (1, 0)
    assert straight[NAMES.index("slope 0 minutes ago")] == pytest.approx(3 / 8)


def test_readings_come_onto_a_grid() -> None:
    grid = gridded(np.array([0.0, 5.4, 20, 9.8]), np.array([100.0, 110, 130, 115]))
    assert grid.tolist()[:3] == [100, 110, 115]
    assert np.isnan(grid[3])
    assert grid[4] == 130


def test_months_without_a_reading_are_shortened_to_a_week() -> None:
    grid = gridded(np.array([0.0, 5, 500_000]), np.array([100.0, 101, 102]))
    assert len(grid) == 2 + 7 * 288
    assert grid[-1] == 102


def test_a_history_ends_with_the_newest_reading_and_short_gaps_are_filled() -> None:
    track = [(300_000 * place, 100.0 + place) for place in range(LAGS)]
    assert history_of(track) is not None
    assert np.array_equal(history_of(track), 100.0 + np.arange(LAGS))
    assert np.array_equal(history_of(track[:5] + track[7:]), 100.0 + np.arange(LAGS))
    assert history_of(track[:5] + track[8:]) is None
    assert history_of(track[1:]) is None
    assert history_of([]) is None


def test_what_a_sensor_could_not_measure_stands_at_the_ends() -> None:
    track = [(60_000 * minute, 0.0 if minute > 100 else 1000.0) for minute in range(LAGS * 5)]
    history = history_of(track)
    assert history is not None
    assert (history.min(), history.max()) == (LOWEST, HIGHEST)
