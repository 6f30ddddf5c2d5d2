"""How well are photographs graded? Figures with intervals that draw photographs (no people are named in these data). Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Estimate, auroc, estimate

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Answer:
    """One photograph: what it is, and what was said. risk: None where it is not known. unusable: it was not graded, which counts as wrong."""

    name: str
    grade: int
    risk: int | None
    told: int
    told_risk: int
    referable: float
    unusable: str = ""


def accuracy(answers: Sequence[Answer]) -> float:
    """Return the share whose grade is right."""
    return sum(each.told == each.grade and not each.unusable for each in answers) / max(1, len(answers))


def risk_accuracy(answers: Sequence[Answer]) -> float:
    """Return the share whose risk is right, of those that have one; NaN without any."""
    known = [each for each in answers if each.risk is not None]
    return sum(each.told_risk == each.risk and not each.unusable for each in known) / len(known) if known else float("nan")


def joint_accuracy(answers: Sequence[Answer]) -> float:
    """Return the share whose grade and risk are both right (IDRiD's challenge); NaN without risks."""
    known = [each for each in answers if each.risk is not None]
    right = sum((each.told, each.told_risk) == (each.grade, each.risk) and not each.unusable for each in known)
    return right / len(known) if known else float("nan")


def weighted_kappa(answers: Sequence[Answer]) -> float:
    """Return Cohen's kappa of the grades with quadratic weights; NaN where there is one grade only. An ungraded one counts as the farthest grade."""
    truth = np.array([each.grade for each in answers])
    told = np.array([each.told if not each.unusable else (4 if each.grade < 2 else 0) for each in answers])
    counts = np.zeros((5, 5))
    np.add.at(counts, (truth, told), 1)
    places = np.arange(5)
    weights = (places[:, None] - places[None, :]) ** 2
    chance = float((weights * np.outer(counts.sum(axis=1), counts.sum(axis=0))).sum()) / max(1.0, float(counts.sum()))
    return 1 - float((weights * counts).sum()) / chance if chance else float("nan")


def referable_auroc(answers: Sequence[Answer]) -> float:
    """Return how well the score of referral tells grade 2 and more from less, an ungraded one being a referral."""
    scores = np.array([1.0 if each.unusable else each.referable for each in answers])
    return auroc(scores, np.array([each.grade >= 2 for each in answers]))


def at_half(answers: Sequence[Answer], *, referred: bool) -> float:
    """Return the sensitivity (referred) or the specificity of a referral at a score of a half; NaN without any."""
    of = [each for each in answers if (each.grade >= 2) == referred]
    right = sum(((each.referable >= 0.5) or bool(each.unusable)) == referred for each in of)
    return right / len(of) if of else float("nan")


def calibration_error(answers: Sequence[Answer], bins: int = 10) -> float:
    """Return the expected calibration error of the score of referral: how far, on the mean, "p" is from the share that it is true of."""
    graded = [each for each in answers if not each.unusable]
    score, truth = np.array([each.referable for each in graded]), np.array([each.grade >= 2 for each in graded])
    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    gaps = [
        abs(float(score[place == each].mean()) - float(truth[place == each].mean())) * int((place == each).sum())
        for each in np.unique(place)
    ]
    return sum(gaps) / max(1, len(graded))


def reliability(answers: Sequence[Answer], bins: int = 5) -> list[tuple[float, float, int]]:
    """Return (mean score, share that is referable, how many) of photographs by their score of referral, in `bins` equal steps; empty ones left out."""
    graded = [each for each in answers if not each.unusable]
    rows: list[tuple[float, float, int]] = []
    for each in range(bins):
        inside = [one for one in graded if each / bins <= one.referable < (each + 1) / bins or (each == bins - 1 and one.referable == 1)]
        if inside:
            mean = sum(one.referable for one in inside) / len(inside)
            rows.append((mean, sum(one.grade >= 2 for one in inside) / len(inside), len(inside)))
    return rows


MEASURES: dict[str, Callable[[Sequence[Answer]], float]] = {
    "quadratic weighted kappa": weighted_kappa,
    "accuracy": accuracy,
    "risk accuracy": risk_accuracy,
    "joint accuracy": joint_accuracy,
    "referable AUROC": referable_auroc,
    "referable sensitivity": lambda answers: at_half(answers, referred=True),
    "referable specificity": lambda answers: at_half(answers, referred=False),
    "referable calibration error": calibration_error,
}


def estimates(answers: Sequence[Answer], seed: int = 0) -> dict[str, Estimate]:
    """Return each measure that is defined here, with its 95 % interval."""
    found = {name: estimate(measure, answers, seed) for name, measure in MEASURES.items()}
    return {name: each for name, each in found.items() if not isnan(each.value)}
