"""Two hours of a sensor's readings, and what is seen of them. Pure.

Nothing but glucose is looked at: its course, its turns, and whether the last values lie on straight lines, as those of a sensor do that were filled in between
two readings (such a value has seen the reading after it; a network that could not tell would believe it can see ahead).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
"""mg/dL."""
Features = NDArray[np.float32]

LAGS, STEP_MINUTES = 24, 5
"""Readings that are needed, the newest last, and how far apart they are."""
LOWEST, HIGHEST = 39.0, 401.0
"""What stands for "low" and "high" where a sensor says no number."""
MOST_FILLED = 2
_TURNS, _SLOPES, _STRAIGHT = 6, 8, 6
_LINE = 0.6
"""mg/dL: a second difference below it lies on a line."""

NAMES = (
    *(f"{STEP_MINUTES * (LAGS - 1 - lag)} minutes ago, to now" for lag in range(LAGS - 1)),
    "now",
    *(f"slope {STEP_MINUTES * (_SLOPES - 1 - place)} minutes ago" for place in range(_SLOPES)),
    *(f"turn {STEP_MINUTES * (_TURNS - 1 - place)} minutes ago" for place in range(_TURNS)),
    *(f"straight {STEP_MINUTES * (_STRAIGHT - 1 - place)} minutes ago" for place in range(_STRAIGHT)),
    *("spread", "least, to now", "greatest, to now"),
)


def described(history: Values) -> Features:
    """Describe histories, (n, LAGS) mg/dL, all there -> (n, len(NAMES))."""
    now = history[:, -1:]
    slopes = np.diff(history, axis=1)
    turns = np.diff(slopes, axis=1)
    return np.concatenate(
        [
            (history[:, :-1] - now) / 40,
            (now - 140) / 60,
            slopes[:, -_SLOPES:] / 8,
            turns[:, -_TURNS:] / 6,
            (np.abs(turns[:, -_STRAIGHT:]) < _LINE).astype(np.float64),
            history.std(axis=1, keepdims=True) / 40,
            (history.min(axis=1, keepdims=True) - now) / 40,
            (history.max(axis=1, keepdims=True) - now) / 40,
        ],
        axis=1,
    ).astype(np.float32)


def history_of(track: Sequence[tuple[int, float]]) -> Values | None:
    """Return the history that ends with the newest of some readings, shape (LAGS,); None where it cannot be told.

    Up to MOST_FILLED readings in a row that are missing lie on the line between their neighbours.

    Args:
        track: (ms, mg/dL), ascending; a value beyond LOWEST or HIGHEST stands for it.
    """
    if not track:
        return None
    newest, step = track[-1][0], STEP_MINUTES * 60_000
    history = np.full(LAGS, np.nan)
    for at, value in track:
        place = LAGS - 1 - (newest - at + step // 2) // step
        if place >= 0:
            history[place] = min(max(value, LOWEST), HIGHEST)
    known = np.flatnonzero(np.isfinite(history))
    if known[0] != 0 or int(np.diff(known).max()) > MOST_FILLED + 1:
        return None
    return np.interp(np.arange(LAGS), known, history[known])


def gridded(minutes: Values, glucose: Values) -> Values:
    """Put readings on a grid of STEP_MINUTES from the first on, NaN where none is; of two in one place the later counts.

    minutes: ascending or not, shape (n,). A week without a reading is shortened to a week: what was before is another wearing.
    """
    order = np.argsort(minutes, kind="stable")
    place: NDArray[np.int64] = np.rint((minutes[order] - minutes[order][0]) / STEP_MINUTES).astype(np.int64)
    place = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.minimum(np.diff(place), 7 * 24 * 60 // STEP_MINUTES))])
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = glucose[order]
    return grid
