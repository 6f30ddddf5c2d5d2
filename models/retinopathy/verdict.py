"""What the network's answer means: the grade, the risk of macular oedema, how sure, and whether to refer. Pure.

Grades are the International Clinical Diabetic Retinopathy scale, 0 none to 4 proliferative; risks those of IDRiD: hard exudates none, outside, and within one
disc diameter of the macula's centre. Referable: grade 2 and more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRADES = ("no retinopathy", "mild", "moderate", "severe", "proliferative")
RISKS = ("no hard exudates", "hard exudates away from the macula", "hard exudates near the macula")
LESIONS = ("microaneurysm", "haemorrhage", "hard exudate", "soft exudate", "optic disc")
STEPS = ("grade 1", "grade 2", "grade 3", "grade 4", "risk 1", "risk 2")
"""The network's logits, each of a step that is reached."""
REFERABLE_STEP = 1
Row = NDArray[np.float64]
_PLACES = np.arange(len(GRADES))
COST = (_PLACES[:, None] - _PLACES[None, :]) ** 2 + (_PLACES[:, None] != _PLACES[None, :])
"""What a grade costs beside the one that is so: the square of how far it is, as the weighted kappa has it, and one for being wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a photograph. grade: of the least expected COST, risk: the likeliest; places in GRADES, RISKS.

    grades, risks: how likely each is, adding up to 1. referable: 0..1, how likely grade 2 and more is.
    """

    grade: int
    risk: int
    grades: tuple[float, ...]
    risks: tuple[float, ...]
    referable: float


def verdict_of(logits: Row, temperatures: Mapping[str, float]) -> Verdict:
    """Return what logits of STEPS mean, each divided by its temperature first, which makes "90 %" right nine times in ten."""
    reached = 1 / (1 + np.exp(-logits / np.array([temperatures[step] for step in STEPS])))
    grades, risks = shares(reached[:4]), shares(reached[4:])
    return Verdict(
        int(np.argmin(grades @ COST)),
        int(np.argmax(risks)),
        tuple(grades.tolist()),
        tuple(risks.tolist()),
        float(reached[REFERABLE_STEP]),
    )


def shares(reached: Row) -> Row:
    """Return how likely each place on a scale is, from how likely each of its steps is reached; a step is never likelier than the one before."""
    falling = np.minimum.accumulate(reached)
    return np.concatenate([[1.0], falling]) - np.concatenate([falling, [0.0]])
