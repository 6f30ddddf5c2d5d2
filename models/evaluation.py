"""How good is a detector? Figures over judged windows, with 95 % intervals that draw people, not windows.

Windows of one person are alike: an interval that drew windows would be far too narrow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.runner import Runner

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]
Measure = Callable[[Scores, Truth], float]
DAY_MS = 86_400_000
Person = TypeVar("Person")


class Unreadable(Exception):
    """There is nothing here to judge a detector by: the message says what was looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """All windows of one person in time order. scores: shape (n,), 0..1. truth: shape (n,), True where abnormal."""

    scores: Scores
    truth: Truth


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def said(name: str, found: Estimate, say: Callable[[str], None]) -> dict[str, float]:
    """Say a figure with its interval, and return all three under the name that a report has; nothing where it is not defined."""
    if isnan(found.value):
        return {}
    say(f"{name}: {found.value:.4f} [{found.low:.4f}, {found.high:.4f}]")
    key = name.replace(",", "").replace(" ", "_").replace("-", "_").lower()
    return {key: found.value, f"{key}_low": found.low, f"{key}_high": found.high}


def auroc(scores: Scores, truth: Truth) -> float:
    """Return the chance that an abnormal window scores above an ordinary one (ties count half); NaN without one of each."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def auprc(scores: Scores, truth: Truth) -> float:
    """Return the average precision; NaN without an abnormal window."""
    if not truth.any():
        return float("nan")
    values, inverse = np.unique(-scores, return_inverse=True)
    found = np.bincount(inverse, weights=truth, minlength=len(values))
    hits, called = np.cumsum(found), np.cumsum(np.bincount(inverse, minlength=len(values)))
    return float((hits / called * found).sum() / truth.sum())


def sensitivity(threshold: float) -> Measure:
    """Return the measure: share of abnormal windows at or above `threshold`."""

    def measure(scores: Scores, truth: Truth) -> float:
        return float((scores[truth] >= threshold).mean()) if truth.any() else float("nan")

    return measure


def specificity(threshold: float) -> Measure:
    """Return the measure: share of ordinary windows below `threshold`."""

    def measure(scores: Scores, truth: Truth) -> float:
        return float((scores[~truth] < threshold).mean()) if not truth.all() else float("nan")

    return measure


def positive_predictive_value(threshold: float) -> Measure:
    """Return the measure: share of windows at or above `threshold` that are abnormal."""

    def measure(scores: Scores, truth: Truth) -> float:
        called = scores >= threshold
        return float(truth[called].mean()) if called.any() else float("nan")

    return measure


def over_windows(measure: Measure) -> Callable[[Sequence[Judged]], float]:
    """Return a figure over people: `measure` of all their windows thrown together."""

    def figure(people: Sequence[Judged]) -> float:
        return measure(np.concatenate([person.scores for person in people]), np.concatenate([person.truth for person in people]))

    return figure


def estimate(figure: Callable[[Sequence[Person]], float], people: Sequence[Person], seed: int, draws: int = 1000) -> Estimate:
    """Return a figure over people with its 95 % interval: people drawn with replacement, draws without an answer left out."""
    dice = np.random.default_rng(seed)
    draws_of: list[list[int]] = dice.integers(len(people), size=(draws, len(people))).tolist()
    drawn = (figure([people[i] for i in chosen]) for chosen in draws_of)
    answers = [answer for answer in drawn if not isnan(answer)]
    if not answers:
        return Estimate(figure(people), float("nan"), float("nan"))
    return Estimate(figure(people), float(np.quantile(answers, 0.025)), float(np.quantile(answers, 0.975)))


def per_patient_day(alerts: int, windows: int, step_ms: int) -> float:
    """Return alerts a patient-day, from `windows` judged every `step_ms`."""
    return alerts / (windows * step_ms / DAY_MS) if windows else float("nan")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Int8 against float on the same windows. same_side: share of windows that both put on one side of the threshold."""

    greatest_difference: float
    mean_difference: float
    same_side: float


def compare(exact: Runner, quantized: Runner, features: NDArray[np.float32], threshold: float) -> Agreement:
    """Run both on the same windows, shape (n, f); scores are their first output."""
    one, other = exact.run(features)[:, 0].astype(np.float64), quantized.run(features)[:, 0].astype(np.float64)
    difference = np.abs(one - other)
    return Agreement(float(difference.max()), float(difference.mean()), float(((one >= threshold) == (other >= threshold)).mean()))
