"""Where a lead may have a beat, and what is seen of each place: the same code trains and serves. Pure.

A candidate is a summit of the envelope. What is said of it is how it stands out from the last half minute, its shape, how like the shapes of
the strong ones around it that is, and how far and how strong its neighbours are: never its size in millivolts, nor its sign, so that an
inverted lead, or one of a tenth of the size, gives the same answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.lead import RATE, Lead, Samples, mean_about, median

Places = NDArray[np.int64]
Features = NDArray[np.float32]

BLOCK = 240
"""Samples. The level that a candidate stands out from is the median of the highest summits of blocks: windows begin at a multiple of it."""
BEFORE, LONG_BEFORE, AFTER = 8, 25, 2
"""So many blocks before a candidate's own, and after, make the level, and the long one."""
BESIDE = 18
"""A summit is the highest of so many samples on either side."""
LEAST = 0.08
"""What is lower than this part of the level is no candidate."""
STRONG, RATHER_STRONG = 0.5, 0.3
FAINTEST = 1e-5
"""mV a sample: slopes below this are the converter's, not a heart's."""
PEAK = 14
"""The peak of a candidate lies within so many samples of its summit."""
SHAPE = np.arange(-20, 31)
"""Samples about the peak that are its shape, -100 to +150 ms."""
EDGE = 60
"""Candidates lie at least this far from both ends."""
NEIGHBOURS = 4
STRONG_BEFORE, STRONG_AFTER = 12, 4
FAR_S = 3.0
"""Neighbours are looked at as far as this."""
_FLOOR = 1e-9
_SQUEEZE = 4.0

NAMES = (
    "level",
    "long level",
    "width at half",
    "width at 0.7",
    "peakedness",
    "best likeness",
    "usual likeness",
    "size beside the strong",
    *(
        f"{what} {side} {number}"
        for side in ("before", "after")
        for number in range(1, NEIGHBOURS + 1)
        for what in ("time", "size", "likeness")
    ),
    *(f"time to a {how} one {side}" for how in ("strong", "rather strong") for side in ("before", "after")),
    "interval of the strong",
    "time before in intervals",
    "time after in intervals",
    "noise",
    "envelope around",
    "candidates around",
    "slow waves",
    *(f"shape at {1000 * offset // RATE} ms" for offset in SHAPE[::2].tolist()),
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """at: samples, ascending, shape (n,). features: shape (n, len(NAMES))."""

    at: Places
    features: Features


def candidates_of(lead: Lead) -> Candidates:
    """Find and describe the candidates of a window that begins at a multiple of BLOCK."""
    summits = _summits(lead)
    level, long_level = _levels(lead.envelope, summits)
    high = lead.envelope[summits] > LEAST * level
    return _described(lead, summits[high], level[high], long_level[high])


def _summits(lead: Lead) -> Places:
    highest = lead.envelope
    reach = 1
    while reach < 2 * BESIDE + 1:  # the highest of `reach` samples from each on, doubled until it is of 2 * BESIDE + 1
        step = min(reach, 2 * BESIDE + 1 - reach)
        highest = np.maximum(highest, np.concatenate([highest[step:], np.zeros(min(step, len(highest)))]))
        reach += step
    about = np.concatenate([np.zeros(BESIDE), highest])[: len(highest)]
    found = np.flatnonzero((lead.envelope == about) & (lead.envelope > FAINTEST) & lead.measured)
    return found[(found >= EDGE) & (found < len(about) - EDGE)]


def _levels(envelope: Samples, summits: Places) -> tuple[Samples, Samples]:
    """Return, for each summit, the median of the highest summits of the blocks about it, of the nearer and of the long past."""
    blocks = len(envelope) // BLOCK + 1
    highest = np.zeros(blocks)
    np.maximum.at(highest, summits // BLOCK, envelope[summits])
    levels: list[Samples] = []
    for before in (BEFORE, LONG_BEFORE):
        near = np.arange(blocks)[:, None] + np.arange(-before, AFTER + 1)
        there = (near >= 0) & (near < blocks)
        levels.append(median(highest[np.clip(near, 0, blocks - 1)], there)[summits // BLOCK] + _FLOOR)
    return levels[0], levels[1]


def _described(lead: Lead, summits: Places, level: Samples, long_level: Samples) -> Candidates:
    count = len(summits)
    if not count:
        return Candidates(summits, np.zeros((0, len(NAMES)), dtype=np.float32))
    size = lead.envelope[summits]
    about = np.arange(-PEAK, PEAK + 1)
    at = np.clip(summits + about[np.abs(lead.band[summits[:, None] + about]).argmax(axis=1)], EDGE // 2, len(lead.band) - EDGE // 2 - 1)
    shape = lead.band[at[:, None] + SHAPE]
    shape = shape * np.sign(lead.band[at])[:, None]
    greatest = np.abs(shape).max(axis=1) + _FLOOR
    unit = shape / (np.linalg.norm(shape, axis=1)[:, None] + _FLOOR)
    hill = lead.envelope[summits[:, None] + np.arange(-30, 31)]
    seconds = summits / RATE
    strong = size > STRONG * level
    best, usual, beside, interval = _beside_the_strong(seconds, size, unit, strong)
    to_strong = _distances(seconds, strong)
    columns: list[NDArray[np.generic]] = [
        np.log(size / level),
        np.log(size / (long_level + _FLOOR)),
        (hill > 0.5 * size[:, None]).sum(axis=1),
        (hill > 0.7 * size[:, None]).sum(axis=1),
        np.log(greatest / size),
        best,
        usual,
        beside,
        *_neighbours(seconds, np.log(size), unit),
        *to_strong,
        *_distances(seconds, size > RATHER_STRONG * level),
        interval,
        to_strong[0] / interval,
        to_strong[1] / interval,
        np.log((mean_about(np.abs(lead.trace - mean_about(lead.trace, 5)), 201)[summits] + _FLOOR) / size),
        np.log(mean_about(lead.envelope, 401)[summits] / size + _FLOOR),
        np.searchsorted(summits, summits + RATE) - np.searchsorted(summits, summits - RATE),
        np.log((_slow(lead.trace, summits) + _FLOOR) / greatest),
        *(unit[:, ::2] * np.sqrt(len(SHAPE))).T,
    ]
    return Candidates(at, np.column_stack(columns).astype(np.float32))


def _slow(trace: Samples, summits: Places) -> Samples:
    """Return the size of waves slower than the QRS about each summit, mV."""
    slow = np.abs(mean_about(mean_about(trace, 21), 21) - mean_about(mean_about(trace, 81), 81))
    return slow[summits[:, None] + np.arange(-20, 21, 4)].max(axis=1)


def _beside_the_strong(
    seconds: Samples, size: Samples, unit: Samples, strong: NDArray[np.bool_]
) -> tuple[Samples, Samples, Samples, Samples]:
    """Return best and usual likeness to the strong ones around each candidate, its size beside theirs, and the median interval before it."""
    known = np.flatnonzero(strong)
    count = len(seconds)
    if not len(known):
        return np.zeros(count), np.zeros(count), np.zeros(count), np.full(count, 0.8)
    rank = np.searchsorted(known, np.arange(count))
    picked = rank[:, None] + np.arange(-STRONG_BEFORE, STRONG_AFTER + 1)
    there = (picked >= 0) & (picked < len(known))
    others = known[np.clip(picked, 0, len(known) - 1)]
    away = seconds[others] - seconds[:, None]
    there &= (others != np.arange(count)[:, None]) & (away <= FAR_S) & (away >= -LONG_BEFORE)
    alike = np.einsum("ns,nks->nk", unit, unit[others])
    some = there.any(axis=1)
    best = np.where(some, np.where(there, alike, -2.0).max(axis=1), 0.0)
    usual = median(alike, there)
    beside = np.where(some, np.log(size / np.exp(median(np.log(size[others]), there))), 0.0)
    steps = np.diff(seconds[known])
    recent = rank[:, None] + np.arange(-9, -1)
    given = (recent >= 0) & (recent < len(steps))
    given &= seconds[known[np.clip(recent, 0, len(known) - 1)]] >= seconds[:, None] - LONG_BEFORE
    enough = given.sum(axis=1) >= 2
    interval = np.where(enough, median(steps[np.clip(recent, 0, max(0, len(steps) - 1))], given) if len(steps) else 0.8, 0.8)
    return best, usual, beside, np.clip(interval, 0.2, FAR_S)


def _neighbours(seconds: Samples, size: Samples, unit: Samples) -> list[Samples]:
    """Return time, size and likeness of the candidates before and after each."""
    before: list[Samples] = []
    after: list[Samples] = []
    for step in range(1, NEIGHBOURS + 1):
        away, alike = seconds[step:] - seconds[:-step], (unit[step:] * unit[:-step]).sum(axis=1)
        near = away < FAR_S
        gain = np.where(near, np.clip(size[step:] - size[:-step], -_SQUEEZE, _SQUEEZE), 0.0)
        away, alike = np.minimum(away, FAR_S), np.where(near, alike, 0.0)
        edge = min(step, len(seconds))
        far, none = np.full(edge, FAR_S), np.zeros(edge)
        before += [np.concatenate([far, away]), np.concatenate([none, -gain]), np.concatenate([none, alike])]
        after += [np.concatenate([away, far]), np.concatenate([gain, none]), np.concatenate([alike, none])]
    return [*before, *after]


def _distances(seconds: Samples, chosen: NDArray[np.bool_]) -> tuple[Samples, Samples]:
    """Return the time to the chosen candidate before each, and to the one after, s, at most FAR_S."""
    known = seconds[chosen]
    if not len(known):
        far = np.full(len(seconds), FAR_S)
        return far, far.copy()
    left, right = np.searchsorted(known, seconds, "left"), np.searchsorted(known, seconds, "right")
    before = np.where(left > 0, seconds - known[np.maximum(left - 1, 0)], FAR_S)
    after = np.where(right < len(known), known[np.minimum(right, len(known) - 1)] - seconds, FAR_S)
    return np.minimum(before, FAR_S), np.minimum(after, FAR_S)
