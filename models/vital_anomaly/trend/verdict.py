"""The trend model that ships, opened: a course and what is usual for the person in, how strange it is out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.catalogue import HERE, open_model
from models.perceptron_runner import PerceptronRunner
from models.runner import Runner
from models.vital_anomaly.trend.course import VITALS, Course, vector
from models.vital_anomaly.trend.strangeness import NEWEST, People, Strangeness, Usual, people_of, strangeness
from models.vital_anomaly.verdict import Thresholds, thresholds_of

NAME, VERSION = "vital_trend", "0"


@dataclass(frozen=True, slots=True)
class Trend:
    """The opened network with its card's numbers. sha256: of the artefact."""

    runner: Runner
    people: People
    thresholds: Thresholds
    sha256: str

    def judge(self, course: Course, usual: Usual) -> Strangeness | None:
        """Return how strange a course is for this person; None where no vital was measured for half of the last two minutes."""
        return strangeness(course, self.runner.run(vector(course)[np.newaxis])[0], self.people, usual)


def opened() -> Trend:
    """Open the model that ships.

    Raises:
        ModelRefused: it is not the one that its card describes.
    """
    model = open_model(HERE / "vital_anomaly" / "trend")
    numbers = model.card.thresholds
    return Trend(PerceptronRunner(model.artefact), people_of(numbers), thresholds_of(numbers), model.card.sha256)


AWAY = 1.0
"""A vital is named where it is so many spreads from the usual."""


def explain(found: Strangeness, course: Course, usual: Usual) -> str:
    """Say in one line which vitals are away from what is usual, the farthest first, and which are missing; no name, no id."""
    away: list[tuple[float, str]] = []
    for v, metric in enumerate(VITALS):
        if abs(found.departures[v]) >= AWAY:
            now = float(np.nanmedian(course[-NEWEST:, v]))
            said = f"{metric.name} {now:.{metric.decimals}f} {_UNITS.get(metric.unit, metric.unit)}"
            away.append((abs(found.departures[v]), f"{said} (usually {usual.centre[v]:.{metric.decimals}f})"))
    missing = [metric.name for v, metric in enumerate(VITALS) if not np.isfinite(found.departures[v])]
    which = ", ".join(said for _, said in sorted(away, reverse=True)) or "none by itself, all together"
    return (
        f"vital signs are away from what is usual: {which}; not measured: {', '.join(missing) or 'nothing'}; strangeness {found.score:.1f}"
    )


_UNITS = {"Cel": "°C"}


def usual_numbers(usual: Usual) -> dict[str, float]:
    """Return what is usual by name, as a finding keeps it."""
    parts = (("usual", usual.centre), ("spread", usual.spread))
    return {f"{metric.name}_{part}": value for part, values in parts for metric, value in zip(VITALS, values, strict=True)}


def usual_of(numbers: Mapping[str, float]) -> Usual:
    """Return what is usual from what a finding keeps.

    Raises:
        KeyError: one is missing.
    """
    centre, spread = (tuple(numbers[f"{metric.name}_{part}"] for metric in VITALS) for part in ("usual", "spread"))
    return Usual(centre, spread)
