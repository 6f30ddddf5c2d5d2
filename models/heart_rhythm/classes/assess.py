"""How well are beats classed? Beat by beat against a recording's marks, as ANSI/AAMI EC57 has it; a beat that was not found is a mistake of its class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Estimate
from models.heart_rhythm.assess import DRAWS, pairs
from models.heart_rhythm.candidates import Places
from models.heart_rhythm.classes.classifier import CLASSES
from models.heart_rhythm.recordings import Recording


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Of one recording, or of several. counts: shape (4, 5), what a beat is by what it was called, last: not found, or not classed."""

    name: str
    counts: NDArray[np.int64]


def table(recording: Recording, at: Places, letters: str) -> Table:
    """Compare classed beats with a recording's marks; marks of class Q are in no row."""
    counts = np.zeros((len(CLASSES), len(CLASSES) + 1), dtype=np.int64)
    called = dict(pairs(recording.beats, at, recording.rate_hz))
    for mark, truth in enumerate(recording.classes):
        row = CLASSES.find(truth)
        if row >= 0:
            column = CLASSES.find(letters[called[mark]]) if mark in called else -1
            counts[row, column] += 1  # -1: the last
    return Table(recording.name, counts)


def together(tables: Sequence[Table]) -> NDArray[np.int64]:
    """Return the counts of all."""
    return np.sum([each.counts for each in tables], axis=0)


def accuracy(counts: NDArray[np.int64]) -> float:
    """Return the share of beats that were called what they are."""
    return float(np.trace(counts[:, :-1]) / max(1, counts.sum()))


def sensitivities(counts: NDArray[np.int64]) -> list[float]:
    """Return, of each class, the share that was called it; NaN of a class that is not there."""
    return [float(counts[row, row] / counts[row].sum()) if counts[row].any() else float("nan") for row in range(len(CLASSES))]


def predictive_values(counts: NDArray[np.int64]) -> list[float]:
    """Return, of each class, the share of what was called it that is it; NaN where nothing was."""
    return [float(counts[row, row] / counts[:, row].sum()) if counts[:, row].any() else float("nan") for row in range(len(CLASSES))]


def mean_sensitivity(counts: NDArray[np.int64]) -> float:
    """Return the mean of the classes' sensitivities."""
    return float(np.nanmean(sensitivities(counts)))


def kappa(counts: NDArray[np.int64]) -> float:
    """Return Cohen's kappa; NaN where all beats are of one class and called so."""
    total = counts.sum()
    chance = float((counts[:, :-1].sum(axis=0) * counts.sum(axis=1)).sum() / total**2)
    return (accuracy(counts) - chance) / (1 - chance) if chance < 1 else float("nan")


def j_kappa(counts: NDArray[np.int64]) -> float:
    """Return the j-kappa index: half of kappa, and an eighth each of both figures of S and of V (Mar et al., IEEE TBME 58(8), 2011)."""
    found, right = np.nan_to_num(sensitivities(counts)), np.nan_to_num(predictive_values(counts))
    return kappa(counts) / 2 + float(found[1] + found[2] + right[1] + right[2]) / 8


def estimate(measure: Callable[[NDArray[np.int64]], float], tables: Sequence[Table], seed: int = 0) -> Estimate:
    """Return a measure with its 95 % interval: DRAWS draws of recordings with replacement; those in which it is not defined are left out."""
    dice = np.random.default_rng(seed)
    draws: list[list[int]] = dice.integers(0, len(tables), (DRAWS, len(tables))).tolist()
    drawn = [measure(together([tables[place] for place in draw])) for draw in draws]
    defined = [value for value in drawn if not isnan(value)] or [float("nan")]
    return Estimate(measure(together(tables)), float(np.quantile(defined, 0.025)), float(np.quantile(defined, 0.975)))


MEASURES: dict[str, Callable[[NDArray[np.int64]], float]] = {
    "accuracy": accuracy,
    "mean sensitivity": mean_sensitivity,
    "j-kappa": j_kappa,
    **{
        f"{name} {letter}": lambda counts, of=of, row=row: of(counts)[row]
        for row, letter in enumerate(CLASSES)
        for name, of in (("sensitivity", sensitivities), ("positive predictive value", predictive_values))
    },
}
