"""What is seen of a beat: its time among others, and its shape beside the shape that is usual for this person. Pure.

The usual shape is learnt as the beats come: of the last MEMORY beats those that are like the one that most are like. Nothing is said in
millivolts, and the sign is that of the usual shape, so that an inverted lead, or a small one, gives the same answer. What is said of a beat depends
on MEMORY beats before it and AHEAD after it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Features, Places
from models.heart_rhythm.lead import RATE, Lead, Samples, mean_about, median

MEMORY, AHEAD = 60, 3
ALIKE, UNLIKE = 0.9, 0.8
"""Likeness (-1 to 1) from which on two shapes are one, and up to which they are two."""
QRS = np.arange(-18, 23)
"""Samples about the peak, -90 to +110 ms."""
WHOLE = np.arange(-50, 80, 2)
"""-250 to +390 ms, by 10 ms."""
P_WAVE, T_WAVE = slice(0, 18), slice(38, 65)
"""Of WHOLE: -250 to -80 ms, +130 to +390 ms."""
DRAWN = slice(15, 47)
"""Of WHOLE, what the network sees itself: -100 to +210 ms."""
EDGE = 100
AT_ONCE = 256
LONGEST_S = 3.0
"""An interval is cut to this: longer ones are gaps."""
_FLOOR = 1e-9

NAMES = (
    *("before", "after", "before to after", "before to the one before", "interval 1 before", "interval 2 before", "interval 2 after"),
    *("irregular", "spread", "interval", "before to the last ten", "both", "early among the last ten", "rank among the last twenty"),
    *("before to the greatest of three", "irregular ahead"),
    *("likeness", "size", "width at half", "width at a quarter", "width to usual", "width at a quarter to usual", "area to usual"),
    *("P likeness", "T likeness", "P difference", "P size", "T size", "highest", "lowest"),
    *("likeness to another", "share alike", "share usual", "part of the usual", "part of another", "rest", "likeness to the one before"),
    *(f"at {1000 * offset // RATE} ms" for offset in WHOLE[DRAWN].tolist()),
    *(f"from usual at {1000 * offset // RATE} ms" for offset in WHOLE[DRAWN].tolist()),
    *(f"{what} of the one {side}" for what in ("likeness", "size", "width") for side in ("before", "after")),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Beats cut out of a lead, shape (n, ...). unit: QRS of length 1. norm: its length, mV. whole: mV about its middle. widths: s."""

    unit: Samples
    norm: Samples
    whole: Samples
    half: Samples
    quarter: Samples


def described(lead: Lead, at: Places) -> Features:
    """Describe beats at samples of RATE, ascending, at least EDGE from both ends, shape (n,) -> (n, len(NAMES))."""
    if not len(at):
        return np.zeros((0, len(NAMES)), dtype=np.float32)
    cut = _cut(lead, at)
    shapes = [_shapes(cut, first, min(first + AT_ONCE, len(at))) for first in range(0, len(at), AT_ONCE)]
    return np.column_stack([*_times(at), *np.concatenate(shapes, axis=1), *_beside(cut, np.concatenate(shapes, axis=1))]).astype(np.float32)


def _cut(lead: Lead, at: Places) -> _Cut:
    smooth = mean_about(lead.trace, 3) - mean_about(mean_about(lead.trace, 161), 101)
    qrs = smooth[at[:, None] + QRS]
    qrs = qrs - qrs.mean(axis=1)[:, None]
    norm = np.linalg.norm(qrs, axis=1) + _FLOOR
    whole = smooth[at[:, None] + WHOLE]
    whole = whole - np.median(whole, axis=1)[:, None]
    hill = lead.envelope[at[:, None] + np.arange(-25, 26)]
    return _Cut(qrs / norm[:, None], norm, whole, _width(hill, 0.5), _width(hill, 0.25))


def _width(hill: Samples, part: float) -> Samples:
    """Return for how long each is above a part of its height, s."""
    return np.maximum((hill > part * hill.max(axis=1)[:, None]).sum(axis=1), 1) / RATE


def _times(at: Places) -> list[Samples]:
    count = len(at)
    steps = np.minimum(np.diff(at) / RATE, LONGEST_S)
    start = float(np.median(steps[:10])) if len(steps) else 0.8
    before = np.concatenate([[start], steps])
    place = np.arange(count)

    def of(shift: int) -> Samples:
        """Return the interval before the beat `shift` later."""
        moved = place + shift
        return np.where((moved > 0) & (moved < count), before[np.clip(moved, 0, count - 1)], usual)

    def last(number: int) -> tuple[Samples, NDArray[np.bool_]]:
        recent = place[:, None] + np.arange(-number, 0)
        return before[np.maximum(recent, 0)], recent >= 1

    forty, given = last(40)
    usual = np.where(given.sum(axis=1) >= 3, median(forty, given), start)
    ten, given = last(10)
    near = np.where(given.sum(axis=1) >= 3, median(ten, given), start)
    turns = np.abs(np.diff(ten, axis=1))
    irregular = median(turns, given[:, 1:] & given[:, :-1]) / near
    number = np.maximum(given.sum(axis=1), 1)
    mean = (ten * given).sum(axis=1) / number
    spread = np.sqrt((((ten - mean[:, None]) ** 2) * given).sum(axis=1) / number) / near
    early = ((ten < 0.85 * usual[:, None]) & given).sum(axis=1) / number
    twenty, had = last(20)
    rank = ((twenty < before[:, None]) & had).sum(axis=1) / np.maximum(had.sum(axis=1), 1)
    three, _ = last(3)
    ahead = np.stack([of(shift) for shift in range(1, AHEAD + 1)], axis=1)
    after = of(1)
    return [
        np.log(before / usual),
        np.log(after / usual),
        np.log(before / after),
        np.log(before / of(-1)),
        np.log(of(-1) / usual),
        np.log(of(-2) / usual),
        np.log(of(2) / usual),
        irregular,
        spread,
        usual,
        np.log(before / near),
        np.log((before + after) / (2 * usual)),
        early,
        rank,
        np.log(before / three.max(axis=1)),
        np.abs(np.diff(ahead, axis=1)).mean(axis=1) / usual,
    ]


def _shapes(cut: _Cut, first: int, last: int) -> NDArray[np.float64]:
    """Describe the shapes of the beats from `first` to before `last`, shape (values, beats)."""
    start = max(0, first - MEMORY)
    known = slice(start, last)
    unit, norm, whole = cut.unit[known], cut.norm[known], cut.whole[known]
    me = np.arange(first - start, last - start)
    past = me[:, None] + np.arange(-MEMORY, 0)
    there = past >= 0
    past = np.maximum(past, 0)
    likeness = unit @ unit.T
    alike = likeness[me[:, None], past]
    centre = _centre(likeness, me, past, there)
    to_centre = likeness[centre[:, None], past]
    usual = there & ((to_centre > ALIKE) | (past == centre[:, None]))
    usual[:, -1] |= ~there.any(axis=1)  # the first beat of all is its own measure: `past` says 0 there
    share = np.zeros((len(me), len(unit)))
    np.add.at(share, (np.arange(len(me))[:, None], past), usual / usual.sum(axis=1)[:, None])
    template = share @ (unit * norm[:, None])
    size = np.linalg.norm(template, axis=1) + _FLOOR
    typical = share @ whole
    place = np.abs(typical[:, DRAWN]).argmax(axis=1) + DRAWN.start
    scale = (np.sign(typical[np.arange(len(me)), place]) / (np.abs(typical[:, DRAWN]).max(axis=1) + _FLOOR))[:, None]
    beat, typical = whole[me] * scale, typical * scale
    grown = np.log(norm[me] / size)
    half, quarter = cut.half[known], cut.quarter[known]
    other = there & (to_centre < UNLIKE)
    part, another, rest = _parts(unit[me] * norm[me][:, None], template, unit * norm[:, None], past, np.where(other, alike, -2.0))
    p_now, p_usual = _level(beat[:, P_WAVE]), _level(typical[:, P_WAVE])
    t_now, t_usual = _level(beat[:, T_WAVE]), _level(typical[:, T_WAVE])
    number = np.maximum(there.sum(axis=1), 1)
    return np.stack(
        [
            (unit[me] * template).sum(axis=1) / size,
            grown,
            half[me],
            quarter[me],
            np.log(half[me] / (share @ half)),
            np.log(quarter[me] / (share @ quarter)),
            np.log(np.abs(beat[:, DRAWN]).mean(axis=1) / (np.abs(typical[:, DRAWN]).mean(axis=1) + _FLOOR) + 0.01),
            _alike(p_now, p_usual),
            _alike(t_now, t_usual),
            np.linalg.norm(p_now - p_usual, axis=1),
            np.log((np.linalg.norm(p_now, axis=1) + 0.05) / (np.linalg.norm(p_usual, axis=1) + 0.05)),
            np.log((np.linalg.norm(t_now, axis=1) + 0.05) / (np.linalg.norm(t_usual, axis=1) + 0.05)),
            beat[:, DRAWN].max(axis=1),
            beat[:, DRAWN].min(axis=1),
            np.where(other.any(axis=1), np.where(other, alike, -1.0).max(axis=1), 0.0),
            ((alike > ALIKE) & there).sum(axis=1) / number,
            (usual & there).sum(axis=1) / number,
            part,
            another,
            rest,
            np.where(there.any(axis=1), alike[:, -1], 1.0),
            *beat[:, DRAWN].T,
            *(beat - typical)[:, DRAWN].T,
        ]
    )


def _beside(cut: _Cut, shapes: NDArray[np.float64]) -> list[Samples]:
    """Return likeness, size and width of the beats before and after each."""
    return [_shifted(values, by) for values in (shapes[0], shapes[1], cut.half) for by in (-1, 1)]


def _centre(likeness: Samples, me: Places, past: Places, there: NDArray[np.bool_]) -> Places:
    """Return, for each beat, which of its past most of its past is like; itself where it has none."""
    near = np.concatenate([np.zeros((len(likeness), 1)), np.cumsum(likeness > ALIKE, axis=1)], axis=1)
    votes = near[past, me[:, None]] - near[past, np.maximum(me - MEMORY, 0)[:, None]]
    best = np.where(there, votes, -1.0).argmax(axis=1)
    return np.where(there.any(axis=1), past[np.arange(len(me)), best], me)


def _parts(beat: Samples, usual: Samples, known: Samples, past: Places, other: Samples) -> tuple[Samples, Samples, Samples]:
    """Return how much of the usual shape and of another one of this person's a beat is made of, and what neither explains, 0..1.

    other: how like the beat each of its past is that has another shape, -2 for all else.
    """
    nearest = other.argmax(axis=1)
    has = other.max(axis=1) > -2
    second = known[past[np.arange(len(past)), nearest]]
    a, b, c = (usual * usual).sum(axis=1), (usual * second).sum(axis=1), (second * second).sum(axis=1)
    x, y = (beat * usual).sum(axis=1), (beat * second).sum(axis=1)
    determinant = a * c - b * b
    solved = has & (determinant > 1e-3 * a * c)
    safe = np.where(solved, determinant, 1.0)
    first = np.asarray(np.where(solved, (x * c - y * b) / safe, x / (a + _FLOOR)), dtype=np.float64)
    another = np.asarray(np.where(solved, (y * a - x * b) / safe, 0.0), dtype=np.float64)
    left = beat - first[:, None] * usual - another[:, None] * second
    return np.clip(first, -2, 2), np.clip(another, -2, 2), np.linalg.norm(left, axis=1) / (np.linalg.norm(beat, axis=1) + _FLOOR)


def _level(part: Samples) -> Samples:
    return part - part.mean(axis=1)[:, None]


def _alike(one: Samples, other: Samples) -> Samples:
    return (one * other).sum(axis=1) / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1) + 1e-3)


def _shifted(values: Samples, by: int) -> Samples:
    return values[np.clip(np.arange(len(values)) + by, 0, len(values) - 1)]
