"""The text of the card of ppg, written by training with what was measured."""

from dataclasses import dataclass

from models.card_text import beginning, figures, inputs
from models.ppg.assess import Told, estimates
from models.ppg.breath import NAMES

INTENDED_USE = (
    "Counts the breaths of an adult at rest from half a minute of a pulse wave, with the pulse and how far both are to be believed, for trends between visits. "
    "It replaces no monitor."
)
LIMITS = (
    "Version 0. Fitted to 40 adults in intensive care, lying, most of them at 10 to 25 breaths a minute; a wrist in motion was not measured.",
    "Very slow breathing (below 8) is taken for faster: of such people there is one here, and it is the worst of all.",
    "Where breathing does not show in the wave the answer is what is usual, about 17; its middle half is wide then.",
    "In an irregular rhythm the pulse is less than what an ECG counts, since some beats make no pulse.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """All that a card tells about one training. int8, exact: out of fold, by people, as it would ship and by the float networks."""

    sha256: str
    seed: int
    int8: tuple[Told, ...]
    exact: tuple[Told, ...]


def text_of(trained: Trained) -> str:
    """Return the card as TOML."""
    lines = [
        *beginning("ppg", "models.ppg.train", trained.sha256, INTENDED_USE, LIMITS),
        *inputs(
            "features",
            NAMES,
            "of one rate of the grid; powers in the logarithm, repetition -1 to 1, rates by 20 a minute, pulse by 100 a minute",
        ),
        "[[output]]",
        'name = "score"',
        'dtype = "float32"',
        "shape = [-1, 1]",
        'meaning = ["how likely this rate is, 0..1: odds are in proportion"]',
        "",
        "[training]",
        f'command = "python -m models.ppg.train --data ../shared/data --seed {trained.seed}"',
        f"seed = {trained.seed}",
        'data = "BIDMC PPG and Respiration Dataset 1.0.0 (doi:10.13026/C2208R), ODC-BY 1.0, 40 people"',
        'protocol = "windows of 32 s every 16 s; ten folds of people; the error of each person, then the mean of people; annotators where they agree within 2"',
        'intervals = "95 %, 1000 draws of people with replacement"',
        "",
        "[thresholds]",
    ]
    for people, on in ((trained.int8, "BIDMC, out of fold, int8"), (trained.exact, "BIDMC, out of fold, float")):
        lines += figures(estimates(people), on)
    return "\n".join(lines) + "\n"
