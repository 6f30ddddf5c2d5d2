"""The text of the model's card, written by training with what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from models.card_text import beginning, figures, inputs
from models.evaluation import Agreement, estimate
from models.vital_anomaly.trend.course import STEPS, VITALS
from models.vital_anomaly.trend.figures import (
    AS_MUCH_ABOVE,
    CLEAR_AFTER,
    RAISE_AFTER,
    Watched,
    alerts_a_day,
    at_equal_sensitivity,
    hours_of,
    sensitivity,
    told_of_real,
)
from models.vital_anomaly.trend.planting import EPISODES
from models.vital_anomaly.trend.strangeness import People
from models.vital_anomaly.verdict import Thresholds

INTENDED_USE = (
    "Points a nurse to minutes in which an adult's vitals, one of them or several together, move away from what is usual for people and for this "
    "person, before or without any single one leaving its limits. It names no diagnosis and replaces no limits."
)
LIMITS = (
    "Missed: of the eight recorded stretches in which a vital really was out of order it told four; a vital that lies at its limit for a minute is what limits and NEWS2 are for.",
    "Version 0: developed on 40 people in intensive care (8 minutes each) and 28 healthy ones with a wristband (55 minutes each); no home, no night, no exercise.",
    "What else it must find was planted into those recordings; the real stretches were not annotated by anyone.",
    "No shared recording has a body temperature: every one was made. Breathing of the wristbands is the wristband authors' estimate.",
    "Alerts a patient-day are extrapolated from hours: one alert more is two a day more.",
    "What is usual for a person was taken from the minutes before; a gateway has it from days.",
    "Most of what it tells, the greatest departure from the usual tells without a network; what the network adds lies within the intervals.",
)

ALONE = "only "
"""Begins the name of what ships where it sees one vital alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What training ends with. seen: by rival, each person by networks that have not seen them. ships: the rival that ships. courses: learnt from."""

    sha256: str
    seed: int
    people: People
    raise_at: float
    ships: str
    seen: Mapping[str, Sequence[Watched]]
    agreement: Agreement
    courses: int

    @property
    def thresholds(self) -> Thresholds:
        """Return the verdict's numbers."""
        return Thresholds(self.raise_at, round(AS_MUCH_ABOVE * self.raise_at, 2), RAISE_AFTER, CLEAR_AFTER)


def text_of(trained: Trained) -> str:
    """Write the card."""
    columns = [f"{metric.name} ({metric.unit}), {10 * (STEPS - step - 1)} s ago" for step in range(STEPS) for metric in VITALS]
    shipped = trained.seen[trained.ships]
    episodes = sum(len(person.episodes) for person in shipped)
    real = sum(len(person.real) for person in shipped)
    lines = [
        *beginning("vital_trend", "models.vital_anomaly.trend.train", trained.sha256, INTENDED_USE, LIMITS),
        *inputs(
            "features",
            [*columns, *(f"present: {column}" for column in columns)],
            "medians of ten seconds, 0 where missing, then 1 where present",
        ),
        "[[output]]",
        'name = "score"',
        'dtype = "float32"',
        f"shape = [-1, {STEPS * len(VITALS)}]",
        'meaning = ["the course again, standardised by mean and spread of people, step by step"]',
        "",
        "[training]",
        f'command = "python -m models.vital_anomaly.trend.train --data ../shared/data --seed {trained.seed}"',
        f"seed = {trained.seed}",
        'data = "BIDMC PPG and Respiration (doi:10.13026/C2208R, ODC-BY 1.0), Stress-Predict (doi:10.3390/s22218135, MIT)"',
        f'courses = "{trained.courses} ordinary ones, four minutes each"',
        f'protocol = "four folds by person; {hours_of(shipped):.1f} hours of ordinary streams, {episodes} planted episodes, {real} real stretches; int8, as it ships"',
        'intervals = "95 %, 1000 draws of people with replacement"',
        f'int8_against_float = "greatest difference {trained.agreement.greatest_difference:.3f} spreads, mean {trained.agreement.mean_difference:.4f}"',
        "",
        "[thresholds]",
        *(f"{name} = {value:g}" for name, value in {**trained.thresholds.as_numbers(), **trained.people.as_numbers()}.items()),
    ]
    at = trained.raise_at
    used = {"alerts a patient-day": estimate(partial(alerts_a_day, raise_at=at), shipped, 0)}
    used["sensitivity, planted"] = estimate(partial(sensitivity, raise_at=at), shipped, 0)
    used["sensitivity, real stretches out of order"] = estimate(partial(told_of_real, raise_at=at), shipped, 0)
    used |= {f"sensitivity, {name}": estimate(partial(sensitivity, raise_at=at, of=name), shipped, 0) for name in EPISODES}
    lines += figures(used, "people not seen, as used", 4)
    for v, metric in enumerate(VITALS):
        alone = trained.seen[f"{ALONE}{metric.name}"]
        of = [name for name, changes in EPISODES.items() if list(changes) == [v]]
        found = {f"sensitivity, {name}": estimate(partial(sensitivity, raise_at=at, of=name), alone, 0) for name in of}
        lines += figures(found, f"people not seen, as used, {metric.name} alone measured", 4)
    for name, seen in trained.seen.items():
        if not name.startswith(ALONE):
            lines += figures(at_equal_sensitivity(seen), f"people not seen, {name}", 3)
    return "\n".join(lines) + "\n"
