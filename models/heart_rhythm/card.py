"""The text of the model's card, written by training with what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from models.card_text import beginning, figures
from models.evaluation import Agreement, Estimate
from models.heart_rhythm.assess import Count, estimate, f1, predictive_value, sensitivity
from models.heart_rhythm.beats import LEAN
from models.heart_rhythm.candidates import NAMES
from models.heart_rhythm.recordings import DS1

INTENDED_USE = (
    "Says where the heartbeats are in one ECG lead of an adult at rest or about the house, for rates and intervals. It names no rhythm, "
    "classes no beat, and replaces no monitor."
)
LIMITS = (
    "Fitted to 22 half-hours of MIT-BIH (DS1), adults, of one hospital group in Boston, recorded around 1980; no wearable's lead has been measured.",
    "MIT-BIH 201, learnt from, and 202, not learnt from, are one person.",
    "Beats of a tenth of the size that the last minute had are taken for noise: of record 116 it misses those of the seconds in which the lead failed.",
    "Two beats closer than 190 ms are one. Ventricular flutter and fibrillation have no beats: what is said there means nothing.",
    "Where it finds no beat for three seconds it says so; it does not say whether the heart stands still or the lead is off.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """All that a card tells about one training. out_of_fold: DS1. unseen: what was not learnt from, by the artefact."""

    sha256: str
    seed: int
    out_of_fold: tuple[Count, ...]
    unseen: tuple[Count, ...]
    agreement: Agreement


def written(trained: Trained) -> str:
    """Return the card as TOML."""
    agreement = trained.agreement
    lines = [
        *beginning("heart_rhythm", "models.heart_rhythm.train", trained.sha256, INTENDED_USE, LIMITS),
        "[[input]]",
        'name = "features"',
        'dtype = "float32"',
        f"shape = [-1, {len(NAMES)}]",
        "# of one candidate; times in s, sizes in the logarithm, likenesses -1 to 1, widths in samples of 5 ms",
        "meaning = [",
        *(f'    "{name}",' for name in NAMES),
        "]",
        "",
        "[[output]]",
        'name = "score"',
        'dtype = "float32"',
        "shape = [-1, 1]",
        'meaning = ["0 (no beat) to 1 (a beat)"]',
        "",
        "[training]",
        f'command = "python -m models.heart_rhythm.train --data ../shared/data --seed {trained.seed}"',
        f"seed = {trained.seed}",
        'data = "MIT-BIH Arrhythmia Database 1.0.0 (doi:10.13026/C2F305), ODC-BY 1.0; and hiss, hum, wandering and muscle without a heart, made"',
        f'train = "MIT-BIH {" ".join(DS1)}: both leads, and six leads between them: slower and faster, under noise, at 125 samples a second"',
        f'test = "MIT-BIH {" ".join(count.name for count in trained.unseen)}, read once; DS1 by six folds of recordings"',
        'intervals = "95 %, 1000 draws of recordings with replacement"',
        'tolerance = "150 ms, each mark and each beat once; without the flutter of 207"',
        (
            f'int8_against_float = "greatest difference {agreement.greatest_difference:.4f}, mean {agreement.mean_difference:.5f}, '
            f'same side of 0.5 {agreement.same_side:.3%} of the candidates"'
        ),
        "",
        "[thresholds]",
        f"lean = {LEAN:g}",
        "",
        "[recordings]",
        "# beats, missed, extra; DS1 by a network that had not seen the recording",
        *(f'"{each.name}" = "{each.beats}, {each.beats - each.found}, {each.extra}"' for each in (*trained.out_of_fold, *trained.unseen)),
    ]
    for counts, on in ((trained.out_of_fold, "MIT-BIH DS1, out of fold"), (trained.unseen, "MIT-BIH DS2 here, unseen")):
        lines += _figures(counts, on)
    return "\n".join(lines) + "\n"


def _figures(counts: Sequence[Count], on: str) -> list[str]:
    measures = {"sensitivity": sensitivity, "positive predictive value": predictive_value, "F1": f1}
    found = {name: estimate(measure, counts) for name, measure in measures.items()}
    worst = min(counts, key=lambda each: each.f1)
    return figures({**found, "F1 of the worst recording": Estimate(worst.f1, nan, nan)}, on)
