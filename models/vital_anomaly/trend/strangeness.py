"""How strange is a course of vitals? Two parts, added: how far the last two minutes are from what is usual, and how ill the network can say the course again. Pure.

The first part adapts to the person without any training: what is usual is their own median where it is known, moved from people's by at most
the spread between people, so that nobody is so used to being ill that it goes unsaid. The second knows how vitals go together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum, isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from models.vital_anomaly.trend.course import CODES, STEPS, VITALS, Course

NEWEST = 12
"""How far vitals are from the usual is judged by the mean of so many steps, the last two minutes."""
LEAST = 6
"""Of those so many must have been measured."""
KNOWN_SPREAD = 0.35
"""Of the variance between people so much is left for a person whose usual value is known: days differ."""
CLIP = 8.0
"""Standardised values are cut to this before they are compared."""


@dataclass(frozen=True, slots=True)
class People:
    """What is usual for people, one number a vital (VITALS): mean, spread between people, spread within one."""

    mean: tuple[float, ...]
    between: tuple[float, ...]
    within: tuple[float, ...]

    def as_numbers(self) -> dict[str, float]:
        """Return name -> value, as the card holds them."""
        parts = (("mean", self.mean), ("between", self.between), ("within", self.within))
        return {f"{metric.name}_{part}": value for part, values in parts for metric, value in zip(VITALS, values, strict=True)}

    def spread(self) -> tuple[float, ...]:
        """Return the spread of a vital over all people and moments, which the network's inputs are divided by."""
        return tuple(sqrt(a * a + b * b) for a, b in zip(self.between, self.within, strict=True))


def people_of(numbers: Mapping[str, float]) -> People:
    """Read what `as_numbers` gave.

    Raises:
        KeyError: one is missing.
    """
    mean, between, within = (tuple(numbers[f"{metric.name}_{part}"] for metric in VITALS) for part in ("mean", "between", "within"))
    return People(mean, between, within)


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for one person, one number a vital: centre and spread."""

    centre: tuple[float, ...]
    spread: tuple[float, ...]


def usual_for(people: People, medians: Mapping[int, float]) -> Usual:
    """Return what is usual for a person. medians: of their own values, by metric (code), those that are known."""
    centres: list[float] = []
    spreads: list[float] = []
    for code, mean, between, within in zip(CODES, people.mean, people.between, people.within, strict=True):
        own = medians.get(code, float("nan"))
        moved = 0.0 if isnan(own) else max(-between, min(between, own - mean))
        centres.append(mean + moved)
        spreads.append(sqrt(between * between * (1.0 if isnan(own) else KNOWN_SPREAD) + within * within))
    return Usual(tuple(centres), tuple(spreads))


@dataclass(frozen=True, slots=True)
class Strangeness:
    """departures: of each vital's last two minutes from the usual, in spreads, NaN where it was measured too seldom. residual: of the network, >= 0."""

    departures: tuple[float, ...]
    residual: float

    @property
    def score(self) -> float:
        """Return the greatest departure plus the residual."""
        return max((abs(each) for each in self.departures if not isnan(each)), default=0.0) + self.residual


def strangeness(course: Course, said: NDArray[np.float32], people: People, usual: Usual) -> Strangeness | None:
    """Return how strange a course is; None where no vital was measured for half of the last two minutes: nothing is known, which is no calm.

    Args:
        course: as `course_of` gave it.
        said: the network's answer to it, shape (STEPS * len(VITALS),), standardised.
        people: what the network's inputs are standardised by.
        usual: what is usual for the person.
    """
    departures = tuple(_departure(course[-NEWEST:, v].tolist(), usual.centre[v], usual.spread[v]) for v in range(len(VITALS)))
    if all(isnan(each) for each in departures):
        return None
    again, spreads = said.reshape(STEPS, len(VITALS)), people.spread()
    squares: list[float] = []
    for v in range(len(VITALS)):
        pairs = zip(course[:, v].tolist(), again[:, v].tolist(), strict=True)
        off = [(_cut((value - people.mean[v]) / spreads[v]) - other) ** 2 for value, other in pairs if not isnan(value)]
        if off:
            squares.append(fsum(off) / len(off))
    return Strangeness(departures, sqrt(fsum(squares)))


def _departure(values: list[float], centre: float, spread: float) -> float:
    standard = [_cut((value - centre) / spread) for value in values if not isnan(value)]
    return fsum(standard) / len(standard) if len(standard) >= LEAST else float("nan")


def _cut(value: float) -> float:
    return max(-CLIP, min(CLIP, value))
