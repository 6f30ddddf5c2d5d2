"""What alarms are worth by the rules of the Numenta Anomaly Benchmark (Ahmad et al., Neurocomputing 262:134, 2017). Pure.

Of a window in which something happens only the best alarm counts, more the earlier it comes; a window without an alarm and each alarm
outside windows cost. 100: the earliest moment of every window and nothing else. 0: as if nothing had ever been said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Alarms = NDArray[np.bool_]
Windows = tuple[tuple[int, int], ...]
LEARNING_SHARE, LEARNING_MOST = 0.15, 750
_FAR = 3.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What an alarm in a window is worth at most, what a missed window and a false alarm cost."""

    told: float
    missed: float
    false: float


PROFILES = {"standard": Profile(1.0, 1.0, 0.11), "reward low FP": Profile(1.0, 1.0, 0.22), "reward low FN": Profile(1.0, 2.0, 0.11)}


@dataclass(frozen=True, slots=True, eq=False)
class Alarmed:
    """What was said of one course of values. alarms: shape (n,). windows: (first, last) rows in which something happens, ascending, apart."""

    alarms: Alarms
    windows: Windows


def learning(count: int) -> int:
    """Return how many of `count` rows are not judged: LEARNING_SHARE, at most LEARNING_MOST."""
    return int(min(LEARNING_SHARE * count, LEARNING_MOST))


def worth(course: Alarmed, profile: Profile) -> float:
    """Return what the alarms of one course are worth beyond saying nothing, in windows told at once."""
    alarms = course.alarms.copy()
    alarms[: learning(len(alarms))] = False
    found = 0.0
    for first, last in course.windows:
        within = np.flatnonzero(alarms[first : last + 1])
        if len(within):
            found += profile.missed + profile.told * _worth_within(int(within[0]), last - first + 1)
        alarms[first : last + 1] = False
    ends = [last for _, last in course.windows]
    for row in np.flatnonzero(alarms).tolist():
        before = int(np.searchsorted(ends, row))
        width = course.windows[before - 1][1] - course.windows[before - 1][0] if before else 0
        found += profile.false * _worth_outside((row - ends[before - 1]) / max(1, width) if before else np.inf)
    return found


def _worth_within(row: int, width: int) -> float:
    return float(_scaled(-(width - row) / width) / _scaled(-1.0))


def _worth_outside(distance: float) -> float:
    """Return -1..0, less far behind the last window's end, in its widths."""
    return -1.0 if distance > _FAR else float(_scaled(distance))


def _scaled(position: float) -> float:
    return float(2.0 / (1.0 + np.exp(5.0 * position)) - 1.0)


def score(courses: Sequence[Alarmed], profile: Profile) -> float:
    """Return the score of all courses together, at most 100; NaN without a window."""
    windows = sum(len(course.windows) for course in courses)
    total = sum(worth(course, profile) for course in courses)
    return 100.0 * total / (windows * (profile.told + profile.missed)) if windows else float("nan")
