"""The text of the card of retinopathy, written by training with what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.card_text import beginning, figures
from models.retinopathy.figures import Answer, estimates, reliability
from models.retinopathy.fitting import Plan
from models.retinopathy.photograph import SIDE
from models.retinopathy.verdict import LESIONS, STEPS

INTENDED_USE = (
    "Grades a macula-centred colour photograph of the retina of an adult with diabetes, for a clinic that decides with it whom an ophthalmologist should see. "
    "It diagnoses nothing by itself."
)
LIMITS = (
    "Version 0. Missed: the published joint accuracy of grade and risk, 0.631 on IDRiD's test half, is not reached out of fold here.",
    "Severe and proliferative retinopathy are often taken for each other; mild retinopathy is often not seen (20 of 413 photographs are mild).",
    "Fitted to 413 photographs of one camera (Kowa VX-10 alpha, 50 degrees) of one clinic in India: it says little about other cameras until it is measured there.",
    "No people are named in these data: folds are not people-disjoint, and intervals draw photographs.",
    "It looks for diabetic retinopathy alone.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """All that a card tells about one training. exact, int8: answers out of fold, by the float networks and as they would ship."""

    sha256: str
    plan: Plan
    temperatures: Mapping[str, float]
    exact: tuple[Answer, ...]
    int8: tuple[Answer, ...]


def written(trained: Trained) -> str:
    """Return the card as TOML."""
    plan = trained.plan
    alike = sum(a.told == b.told for a, b in zip(trained.exact, trained.int8, strict=True)) / len(trained.int8)
    grid = SIDE // 8
    lines = [
        *beginning("retinopathy", "models.retinopathy.train", trained.sha256, INTENDED_USE, LIMITS),
        "[[input]]",
        'name = "photograph"',
        'dtype = "float32"',
        f"shape = [1, 3, {SIDE}, {SIDE}]",
        'meaning = ["red", "green", "blue"]',
        "",
        "[[output]]",
        'name = "answer"',
        'dtype = "float32"',
        f"shape = [1, {len(STEPS) + len(LESIONS) * grid * grid}]",
        f"# logits of steps that are reached, then of {', '.join(LESIONS)}, each on a grid of {grid} x {grid}",
        "meaning = [",
        *(f'    "{step}",' for step in STEPS),
        "]",
        "",
        "[training]",
        f'command = "python -m models.retinopathy.train --data ../shared/data/fundus/idrid --size {plan.size} --side {plan.side} --epochs {plan.epochs}"',
        f"seed = {plan.seed}",
        'data = "IDRiD, disease grading, training half (doi:10.3390/data3030025), CC BY 4.0; first weights: EfficientNet-Lite of ImageNet"',
        'protocol = "five folds of the table; each photograph by a network that has not seen it, int8, as it would ship; the artefact itself has seen all"',
        'intervals = "95 %, 1000 draws of photographs with replacement"',
        f'int8_against_float = "{alike:.1%} of the photographs graded alike"',
        "",
        "[thresholds]",
        "# temperatures: what each step's logit is divided by",
        *(f'"{step}" = {temperature:g}' for step, temperature in trained.temperatures.items()),
        "",
        "[grades]",
        "# photographs of each grade by the grade that was told, 0 to 4; then the score of referral: mean, share that is referable, number",
        *(f'"{grade}" = "{[sum((a.grade, a.told) == (grade, told) for a in trained.int8) for told in range(5)]}"' for grade in range(5)),
        *(f'"about {mean:.2f}" = "{share:.3f} of {number}"' for mean, share, number in reliability(trained.int8)),
    ]
    for answers, on in (
        (trained.int8, "IDRiD training half, out of fold, int8"),
        (trained.exact, "IDRiD training half, out of fold, float"),
    ):
        lines += figures(estimates(answers), on)
    return "\n".join(lines) + "\n"
