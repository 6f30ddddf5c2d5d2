"""The text of the card of glucose, written by training with what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.card_text import beginning, figures, inputs
from models.glucose.assess import Told, estimates
from models.glucose.forecaster import ANSWERS, LOW, MINUTES, WARNS_AT
from models.glucose.history import NAMES

INTENDED_USE = (
    "Says where the glucose of a person who wears a sensor is likely to be in 15 to 60 minutes, and warns of what will be low. It doses nothing and replaces no "
    "alarm of the sensor's."
)
LIMITS = (
    "Version 0. Missed: an hour ahead the root mean square error of 23.97 mg/dL that is published for people like AZT1D's, by a method that knows meals and insulin.",
    "It knows glucose alone: no meal, no insulin, no hour of the day.",
    "Missed: half an hour ahead from HUPA-UCM's real readings a mean error below 11.2 mg/dL; most of its values were filled in between readings 15 minutes apart.",
    "It needs two hours of readings without a gap.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """All that a card tells about one training. seen: by table, the later part of people whose earlier part was learnt from.

    unknown, known: of every fifth person, by a network that has seen nothing of them, and by the one that ships.
    """

    sha256: str
    seed: int
    seen: Mapping[str, tuple[Told, ...]]
    unknown: tuple[Told, ...]
    known: tuple[Told, ...]


def text_of(trained: Trained) -> str:
    """Return the card as TOML."""
    lines = [
        *beginning("glucose", "models.glucose.train", trained.sha256, INTENDED_USE, LIMITS),
        *inputs("features", NAMES, "mg/dL: differences by 40, now less 140 by 60, slopes by 8, turns by 6; straight: 0 or 1"),
        "[[output]]",
        'name = "score"',
        'dtype = "float32"',
        f"shape = [-1, {len(MINUTES) * len(ANSWERS)}]",
        "# changes from now by 40 mg/dL",
        "meaning = [",
        *(f'    "{answer} in {minutes} min",' for minutes in MINUTES for answer in ANSWERS),
        "]",
        "",
        "[training]",
        f'command = "python -m models.glucose.train --data ../shared/data --seed {trained.seed}"',
        f"seed = {trained.seed}",
        'data = "BIGIDEAs, HUPA-UCM, Hall 2018, AZT1D, PhysioCGM, as the Glucose-ML project holds them (ODC-BY 1.0, CC BY 4.0, CC0 1.0)"',
        'protocol = "the last 24 h of HUPA-UCM, the last fifth of the others, from what was before; rows whose 24 past values are there; int8, as it ships"',
        'intervals = "95 %, 1000 draws of people with replacement"',
        "",
        "[thresholds]",
        f"low = {LOW}",
        f"warns_at_minutes = {WARNS_AT}",
    ]
    for table, people in trained.seen.items():
        lines += figures(estimates(people), f"{table}, later part", 4)
    lines += figures(estimates(trained.unknown), "every fifth person, later part, by a network that has not seen them", 4)
    lines += figures(estimates(trained.known), "every fifth person, later part, by the one that ships", 4)
    return "\n".join(lines) + "\n"
