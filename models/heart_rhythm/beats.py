"""Which of the candidates are beats: the likeliest sequence of which no two are impossibly close. Pure.

A candidate's logit speaks for it. Two beats closer than CLOSEST cannot be; closer than CLOSE they cost up to PENALTY, since most such pairs are
a beat and its own P or T wave. Candidates farther apart than CLOSE do not know of each other, so that the answer does not depend on where a
window was cut.
"""

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Places
from models.heart_rhythm.lead import RATE

CLOSEST, CLOSE = 0.19, 0.32
"""s."""
PENALTY = 8.0
LEAN = 0.5
"""Added to each logit: of recordings that were not learnt from, more is found so than is made up."""
SUREST = 6.0
"""Logits are cut to this, either side."""


def chosen(at: Places, score: NDArray[np.float32]) -> Places:
    """Return which candidates are beats, ascending indices.

    at: samples, ascending, shape (n,). score: how likely each is a beat, 0..1, shape (n,).
    """
    share = np.clip(score.astype(np.float64), 1e-9, 1 - 1e-9)
    logit = np.clip(np.log(share / (1 - share)) + LEAN, -SUREST, SUREST)
    kept = np.flatnonzero(logit > 0.5 - SUREST)
    if not len(kept):
        return kept
    apart = np.diff(at[kept]) > CLOSE * RATE
    alone = np.concatenate([[True], apart]) & np.concatenate([apart, [True]])
    found: list[int] = kept[alone & (logit[kept] > 0)].tolist()
    for group in np.split(kept, np.flatnonzero(apart) + 1):
        if len(group) > 1:
            found += _best((at[group] / RATE).tolist(), logit[group].tolist(), group.tolist())
    return np.array(sorted(found), dtype=np.int64)


def _best(seconds: list[float], logit: list[float], names: list[int]) -> list[int]:
    """Return the best sequence of one group."""
    total: list[float] = []
    before: list[int] = []
    for this, (at, gain) in enumerate(zip(seconds, logit, strict=True)):
        best, came = 0.0, -1
        for other in range(this):
            apart = at - seconds[other]
            if apart < CLOSEST:
                continue
            value = total[other] - (PENALTY * (CLOSE - apart) / (CLOSE - CLOSEST) if apart < CLOSE else 0.0)
            if value > best:
                best, came = value, other
        total.append(best + gain)
        before.append(came)
    last = max(range(len(total)), key=total.__getitem__)
    if total[last] <= 0:
        return []
    path: list[int] = []
    while last >= 0:
        path.append(names[last])
        last = before[last]
    return path[::-1]
