"""Rhythms of a heart, from its beats and their classes, by rules alone. Pure.

Runs of beats are read beat by beat; what takes a while to tell (fibrillation, a slow or a fast heart) is judged in windows of WINDOW_S every STEP_S, and
a step is of a rhythm when most of the windows that hold it are. So what is said of a moment depends on WINDOW_S before and after it.

Irregularity is judged after ectopic beats are set aside: a ventricular beat and the pause after it make any heart look irregular, so such beats are put
where a beat of the heart's own would have come, evenly between their neighbours. The measure is the coefficient of sample entropy (Lake and Moorman,
Am J Physiol Heart Circ Physiol 300:H319, 2011), plus half the logarithm of how well the intervals repeat themselves one to four beats later: a pattern
of two to four beats is irregular, and yet no fibrillation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]

WINDOW_S, STEP_S = 30.0, 10.0
FEWEST = 9
"""Intervals without which a window is not judged."""
FIBRILLATION = -1.6
"""The irregularity from which on a window is called fibrillation: chosen on DS1."""
SLOW, FAST = 50.0, 100.0
"""Beats a minute below and above which a heart is called slow or fast (2018 ACC/AHA/HRS guideline on bradycardia; the usual limit of tachycardia)."""
PAUSE_S = 3.0
"""An interval from which on it is called a pause (the same guideline)."""
RUN = 3
"""Ectopic beats in a row that are more than a couplet."""
PATTERN = 3
"""Times that a pattern of beats comes before it is named."""
_RADIUS_S, _WIDER_S, _WIDEST_S, _MATCHES = 0.03, 0.005, 1.0, 5
_LONGEST_PERIOD = 4
_VENTRICULAR, _SUPRAVENTRICULAR = "V", "S"
_SET_ASIDE = frozenset("VF")


class Rhythm(StrEnum):
    """What a stretch of beats is called."""

    ATRIAL_FIBRILLATION = "atrial fibrillation"
    VENTRICULAR_TACHYCARDIA = "ventricular tachycardia"
    IDIOVENTRICULAR = "idioventricular rhythm"
    SUPRAVENTRICULAR_TACHYCARDIA = "supraventricular tachycardia"
    BIGEMINY = "ventricular bigeminy"
    TRIGEMINY = "ventricular trigeminy"
    COUPLET = "ventricular couplet"
    PAUSE = "pause"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of one rhythm. first, last: s. rate: beats a minute; of a pause 60 by its length."""

    rhythm: Rhythm
    first: float
    last: float
    rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beats of one lead. at: s, ascending, shape (n,). letters: their classes, one a beat. unseen: (first, last) s in which no beat could have been seen."""

    at: Seconds
    letters: str
    unseen: tuple[tuple[float, float], ...] = ()


def episodes(beats: Beats) -> tuple[Episode, ...]:
    """Return the rhythms of some beats, by when they begin; stretches of different rhythms may overlap (a fast heart that fibrillates is both).

    Raises:
        ValueError: not one letter a beat, or not ascending.
    """
    if len(beats.at) != len(beats.letters):
        raise ValueError(f"{len(beats.letters)} letters for {len(beats.at)} beats: one a beat is needed")
    if len(beats.at) > 1 and not (np.diff(beats.at) > 0).all():
        raise ValueError("beats must be ascending and apart")
    found = [*_runs(beats), *_patterns(beats), *_pauses(beats), *_by_windows(beats)]
    return tuple(sorted(found, key=lambda each: (each.first, each.last, each.rhythm)))


def irregularity(at: Seconds, letters: str) -> float:
    """Return how irregular the heart's own beats are, about -5 (a clock) to 0 (fibrillation); NaN of fewer than FEWEST intervals."""
    intervals = np.diff(_without_ectopy(at, letters))
    intervals = intervals[intervals < PAUSE_S]
    if len(intervals) < FEWEST:
        return float("nan")
    middle = float(np.median(intervals))
    again = min(float(np.median(np.abs(intervals[shift:] - intervals[:-shift]))) for shift in range(1, _LONGEST_PERIOD + 1))
    return _entropy(intervals) + float(np.log(again / middle + _WIDER_S)) / 2


def _entropy(intervals: Seconds) -> float:
    """Return the coefficient of sample entropy of templates of one interval, the radius grown until _MATCHES matches go on."""
    apart = np.abs(intervals[:, None] - intervals[None, :])
    count = len(intervals) - 1
    radius = _RADIUS_S
    while True:
        near = apart <= radius
        alike = (int(near[:-1, :-1].sum()) - count) / 2
        on = (int((near[:-1, :-1] & near[1:, 1:]).sum()) - count) / 2
        if on >= _MATCHES or radius > _WIDEST_S:
            break
        radius += _WIDER_S
    return float(np.log(max(alike, 0.5) / max(on, 0.5)) + np.log(2 * radius) - np.log(intervals.mean()))


def _without_ectopy(at: Seconds, letters: str) -> Seconds:
    """Return the beats with those of ventricular origin put evenly between their neighbours; at the ends they stay."""
    moved = at.copy()
    place = 0
    for aside, group in groupby(letters, key=_SET_ASIDE.__contains__):
        count = len(list(group))
        if aside and place and place + count < len(at):
            moved[place - 1 : place + count + 1] = np.linspace(at[place - 1], at[place + count], count + 2)
        place += count
    return moved


def _runs(beats: Beats) -> Iterator[Episode]:
    """Yield runs of ectopic beats. A gap in what was seen ends a run."""
    for letter, first, last in _stretches(beats):
        count, at = last - first + 1, beats.at
        if letter == _VENTRICULAR and count == RUN - 1:
            yield _episode(Rhythm.COUPLET, at, first, last)
        elif letter in {_VENTRICULAR, _SUPRAVENTRICULAR} and count >= RUN:
            fast = _rate(at, first, last) >= FAST
            if letter == _VENTRICULAR:
                yield _episode(Rhythm.VENTRICULAR_TACHYCARDIA if fast else Rhythm.IDIOVENTRICULAR, at, first, last)
            elif fast:
                yield _episode(Rhythm.SUPRAVENTRICULAR_TACHYCARDIA, at, first, last)


def _stretches(beats: Beats) -> Iterator[tuple[str, int, int]]:
    """Yield (letter, first, last) of beats of one class in a row, none of them across a gap."""
    first = 0
    for place in range(1, len(beats.letters) + 1):
        if place == len(beats.letters) or beats.letters[place] != beats.letters[first] or beats.at[place] - beats.at[place - 1] >= PAUSE_S:
            yield beats.letters[first], first, place - 1
            first = place


def _patterns(beats: Beats) -> Iterator[Episode]:
    """Yield stretches in which every second, or every third, beat is ventricular, PATTERN times and more."""
    ventricular = np.array([letter == _VENTRICULAR for letter in beats.letters], dtype=np.bool_)
    places = np.flatnonzero(ventricular)
    for period, rhythm in ((2, Rhythm.BIGEMINY), (3, Rhythm.TRIGEMINY)):
        steady = np.diff(places) == period
        start = 0
        for same, group in groupby(steady.tolist()):
            count = len(list(group))
            if same and count + 1 >= PATTERN:
                first, last = max(0, int(places[start]) - period + 1), int(places[start + count])
                if (np.diff(beats.at[first : last + 1]) < PAUSE_S).all():
                    yield _episode(rhythm, beats.at, first, last)
            start += count


def _pauses(beats: Beats) -> Iterator[Episode]:
    for place in np.flatnonzero(np.diff(beats.at) >= PAUSE_S).tolist():
        first, last = float(beats.at[place]), float(beats.at[place + 1])
        if not any(start < last and end > first for start, end in beats.unseen):
            yield Episode(Rhythm.PAUSE, first, last, 60 / (last - first))


def _by_windows(beats: Beats) -> Iterator[Episode]:
    """Yield what is told by windows: fibrillation, a slow and a fast heart."""
    if not len(beats.at) or beats.at[-1] - beats.at[0] < WINDOW_S:
        return
    each = round(WINDOW_S / STEP_S)
    start = float(np.floor(beats.at[0] / STEP_S)) * STEP_S
    edges = np.arange(start, float(beats.at[-1]) - WINDOW_S + STEP_S, STEP_S)
    told: dict[Rhythm, list[bool]] = {Rhythm.ATRIAL_FIBRILLATION: [], Rhythm.BRADYCARDIA: [], Rhythm.TACHYCARDIA: []}
    for edge in edges.tolist():
        first, last = (int(place) for place in np.searchsorted(beats.at, [edge, edge + WINDOW_S]))
        intervals = np.diff(beats.at[first:last])
        seen = intervals[intervals < PAUSE_S]
        enough = len(seen) >= FEWEST
        rate = 60 / float(seen.mean()) if enough else float("nan")
        told[Rhythm.ATRIAL_FIBRILLATION].append(enough and irregularity(beats.at[first:last], beats.letters[first:last]) >= FIBRILLATION)
        told[Rhythm.BRADYCARDIA].append(rate < SLOW)
        told[Rhythm.TACHYCARDIA].append(rate > FAST)
    for rhythm, windows in told.items():
        holding = np.convolve(np.array(windows, dtype=np.float64), np.ones(each))
        number = np.convolve(np.ones(len(windows)), np.ones(each))
        place = 0
        for most, group in groupby((2 * holding > number).tolist()):
            count = len(list(group))
            first, last = start + place * STEP_S, start + (place + count) * STEP_S
            if most and last - first >= WINDOW_S:
                inside = np.searchsorted(beats.at, [first, last])
                yield Episode(rhythm, first, last, _rate(beats.at, int(inside[0]), int(inside[1]) - 1))
            place += count


def _episode(rhythm: Rhythm, at: Seconds, first: int, last: int) -> Episode:
    return Episode(rhythm, float(at[first]), float(at[last]), _rate(at, first, last))


def _rate(at: Seconds, first: int, last: int) -> float:
    """Return beats a minute by the mean interval without pauses; NaN of fewer than two beats."""
    intervals = np.diff(at[first : last + 1])
    seen = intervals[intervals < PAUSE_S]
    return 60 / float(seen.mean()) if len(seen) else float("nan")
