"""How well are beats found? Against a recording's marks, as ANSI/AAMI EC57 has it: at most 150 ms away, each mark and each beat once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Estimate
from models.heart_rhythm.candidates import Places
from models.heart_rhythm.recordings import Recording

TOLERANCE_S = 0.15
DRAWS = 1000
Detect = Callable[[NDArray[np.generic], float], Places]


@dataclass(frozen=True, slots=True)
class Count:
    """Of one recording. beats: marks. found: of them. extra: beats without a mark."""

    name: str
    beats: int
    found: int
    extra: int

    @property
    def f1(self) -> float:
        """Return the harmonic mean of sensitivity and positive predictive value, 0..1."""
        return 2 * self.found / max(1, self.beats + self.found + self.extra)


def count(recording: Recording, at: Places) -> Count:
    """Compare beats with a recording's marks; what lies in flutter counts for neither side."""
    marks, beats = np.sort(recording.beats), np.unique(at)
    reach = TOLERANCE_S * recording.rate_hz
    for first, last in recording.flutter:
        marks = marks[(marks < first) | (marks > last)]
        beats = beats[(beats < first - reach) | (beats > last + reach)]
    found = len(pairs(marks, beats, recording.rate_hz))
    return Count(recording.name, len(marks), found, len(beats) - found)


def pairs(marks: Places, beats: Places, rate_hz: float) -> list[tuple[int, int]]:
    """Return which mark and which beat (places in both, ascending) are one, in time order: at most TOLERANCE_S apart, each once."""
    reach, this, other, found = TOLERANCE_S * rate_hz, 0, 0, list[tuple[int, int]]()
    known, came = marks.tolist(), beats.tolist()
    while this < len(known) and other < len(came):
        apart = came[other] - known[this]
        if abs(apart) <= reach:
            found.append((this, other))
        this, other = this + (apart >= -reach), other + (apart <= reach)
    return found


def sensitivity(counts: Sequence[Count]) -> float:
    """Return the share of marks that were found."""
    return sum(each.found for each in counts) / max(1, sum(each.beats for each in counts))


def predictive_value(counts: Sequence[Count]) -> float:
    """Return the share of beats that have a mark."""
    found = sum(each.found for each in counts)
    return found / max(1, found + sum(each.extra for each in counts))


def f1(counts: Sequence[Count]) -> float:
    """Return the harmonic mean of both."""
    both = sensitivity(counts), predictive_value(counts)
    return 2 * both[0] * both[1] / max(1e-12, sum(both))


def estimate(measure: Callable[[Sequence[Count]], float], counts: Sequence[Count], seed: int = 0) -> Estimate:
    """Return a measure with its 95 % interval: DRAWS draws of recordings with replacement."""
    dice = np.random.default_rng(seed)
    draws: list[list[int]] = dice.integers(0, len(counts), (DRAWS, len(counts))).tolist()
    drawn = [measure([counts[place] for place in draw]) for draw in draws]
    return Estimate(measure(counts), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)))
