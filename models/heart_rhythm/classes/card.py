"""The text of the card of the classes, written by training with what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.card_text import beginning, figures
from models.heart_rhythm.classes.assess import MEASURES, Table, estimate
from models.heart_rhythm.classes.classifier import CLASSES
from models.heart_rhythm.classes.shapes import NAMES
from models.heart_rhythm.recordings import DS1

INTENDED_USE = (
    "Names the kind of each heartbeat of one ECG lead of an adult, for counting ectopic beats and as the ground of rhythm rules. It diagnoses nothing and "
    "replaces no monitor."
)
LIMITS = (
    "Version 0. Supraventricular beats are its weak side: about half of what it calls S is not, and it finds about half of them where an irregular rhythm hides them.",
    "Fusion beats are nearly never found: DS1 has 415, of which 372 are one person's.",
    "Fitted to 22 half-hours of MIT-BIH (DS1), adults, of one hospital group in Boston; no wearable's lead has been measured. 201, learnt from, and 202 are one person.",
    "The first beats of a recording have no usual shape beside them yet.",
    "It has no class for paced beats: what a pacemaker makes is called V or N.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """All that a card tells about one training. factors: of the classes. alike: share of beats that float and int8 class alike."""

    sha256: str
    seed: int
    factors: Mapping[str, float]
    out_of_fold: tuple[Table, ...]
    unseen: tuple[Table, ...]
    alike: float


def written(trained: Trained) -> str:
    """Return the card as TOML."""
    lines = [
        *beginning("heart_rhythm_classes", "models.heart_rhythm.classes.train", trained.sha256, INTENDED_USE, LIMITS),
        "[[input]]",
        'name = "features"',
        'dtype = "float32"',
        f"shape = [-1, {len(NAMES)}]",
        "# of one beat; intervals and sizes in the logarithm beside what is usual, likenesses -1 to 1, widths in s, shapes in parts of the usual beat",
        "meaning = [",
        *(f'    "{name}",' for name in NAMES),
        "]",
        "",
        "[[output]]",
        'name = "score"',
        'dtype = "float32"',
        f"shape = [-1, {len(CLASSES)}]",
        f"meaning = [{', '.join(f'{letter!r}' for letter in CLASSES)}]".replace("'", '"'),
        "",
        "[training]",
        f'command = "python -m models.heart_rhythm.classes.train --data ../shared/data --seed {trained.seed}"',
        f"seed = {trained.seed}",
        'data = "MIT-BIH Arrhythmia Database 1.0.0 (doi:10.13026/C2F305), ODC-BY 1.0"',
        f'train = "MIT-BIH {" ".join(DS1)}: beats as found in the first lead, as marked in the second and in four between them, slower and faster"',
        f'test = "MIT-BIH {" ".join(table.name for table in trained.unseen)}, read once; DS1 by six folds of recordings"',
        'intervals = "95 %, 1000 draws of recordings with replacement"',
        'protocol = "each beat by its own detector; a mark within 150 ms; a beat that was not found is a mistake of its class; class Q left out"',
        f'int8_against_float = "{trained.alike:.3%} of the beats classed alike"',
        "",
        "[thresholds]",
        "# how much likelier than in training each class is",
        *(f"{letter} = {factor:g}" for letter, factor in trained.factors.items()),
        "",
        "[recordings]",
        "# beats that are N, S, V, F by what they were called: N, S, V, F, not found; DS1 by a network that had not seen the recording",
        *(f'"{table.name}" = "{table.counts.tolist()}"' for table in (*trained.out_of_fold, *trained.unseen)),
    ]
    without = tuple(table for table in trained.unseen if table.name != "222")
    for tables, on in (
        (trained.out_of_fold, "MIT-BIH DS1, out of fold"),
        (trained.unseen, "MIT-BIH DS2 here, unseen"),
        (without, "MIT-BIH DS2 here without 222, unseen"),
    ):
        lines += _figures(tables, on)
    return "\n".join(lines) + "\n"


def _figures(tables: Sequence[Table], on: str) -> list[str]:
    return figures({name: estimate(measure, tables) for name, measure in MEASURES.items()}, on)
