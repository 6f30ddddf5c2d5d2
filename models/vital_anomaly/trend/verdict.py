"""The trend model that ships, opened: a course and what is usual for the person in, how strange it is out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.catalogue import HERE, open_model
from models.perceptron_runner import PerceptronRunner
from models.runner import Runner
from models.vital_anomaly.trend.course import CODES, VITALS, Course, vector
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


def explain(found: Strangeness, course: Course, usual: Usual) -> str:
    """Say in one line which vitals are away from what is usual, and by how much; no name, no id."""
    said: list[str] = []
    for v, metric in enumerate(VITALS):
        values = course[:, v][np.isfinite(course[:, v])]
        if len(values) and np.isfinite(found.departures[v]):
            now, centre = float(np.median(values[-NEWEST:])), usual.centre[v]
            said.append(
                f"{metric.name} {now:.{metric.decimals}f} {metric.unit} (usually {centre:.{metric.decimals}f}, {found.departures[v]:+.1f} spreads)"
            )
    missing = [metric.name for v, metric in enumerate(VITALS) if not np.isfinite(found.departures[v])]
    return f"vital signs are moving together, strangeness {found.score:.1f}: {', '.join(said)}; not measured: {', '.join(missing) or 'nothing'}"


def usual_numbers(usual: Usual) -> dict[str, float]:
    """Return what is usual by name, as a finding keeps it."""
    parts = (("centre", usual.centre), ("spread", usual.spread))
    return {f"{part} {code}": value for part, values in parts for code, value in zip(CODES, values, strict=True)}


def usual_of(numbers: Mapping[str, float]) -> Usual:
    """Return what is usual from what a finding keeps.

    Raises:
        KeyError: one is missing.
    """
    centre, spread = (tuple(numbers[f"{part} {code}"] for code in CODES) for part in ("centre", "spread"))
    return Usual(centre, spread)
