"""What the model scores on recorded people, and the figures of its card: windows, alerts, intervals over people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Figure
from models.evaluation import (
    Judged,
    Measure,
    auprc,
    auroc,
    estimate,
    over_windows,
    per_patient_day,
    positive_predictive_value,
    sensitivity,
    specificity,
)
from models.runner import Runner
from models.vital_anomaly.features import STEP_MS, enough, vector
from models.vital_anomaly.recordings import Recorded
from models.vital_anomaly.verdict import CALM, Thresholds, step

BOOTSTRAP_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """One person as the model saw them, in time order. scores: shape (n,). truth: for each, None where nobody knows.

    alerts: the truth at each moment an alert was raised.
    """

    id: str
    scores: NDArray[np.float64]
    truth: tuple[bool | None, ...]
    alerts: tuple[bool | None, ...]

    @property
    def known(self) -> Judged:
        """Return the windows of known truth."""
        known = np.array([truth is not None for truth in self.truth], dtype=np.bool_)
        return Judged(self.scores[known], np.array([bool(truth) for truth in self.truth], dtype=np.bool_)[known])


def windows_of(person: Recorded) -> tuple[NDArray[np.float32], tuple[bool | None, ...]]:
    """Return the vectors, shape (n, FEATURES), and the truth of the minutes that have beats enough."""
    judged = [labelled for labelled in person.minutes if enough(labelled.minute)]
    return np.stack([vector(labelled.minute) for labelled in judged]), tuple(labelled.abnormal for labelled in judged)


def watch(person: Recorded, runner: Runner, thresholds: Thresholds) -> Watched:
    """Score a person's minutes and run the verdict over them, as a gateway does."""
    features, truth = windows_of(person)
    scores = runner.run(features)[:, 0].astype(np.float64)
    verdict, alerts = CALM, list[bool | None]()
    for score, true in zip(scores.tolist(), truth, strict=True):
        verdict, raised = step(verdict, score, thresholds)
        if raised:
            alerts.append(true)
    return Watched(person.id, scores, truth, tuple(alerts))


def _alerts_a_day(people: Sequence[Watched]) -> float:
    return per_patient_day(sum(len(p.alerts) for p in people), sum(len(p.scores) for p in people), STEP_MS)


def _false_alerts_a_day(people: Sequence[Watched]) -> float:
    """Return alerts raised in ordinary minutes, per patient-day of ordinary minutes."""
    ordinary = sum(sum(truth is False for truth in p.truth) for p in people)
    return per_patient_day(sum(sum(alert is False for alert in p.alerts) for p in people), ordinary, STEP_MS)


def figures(people: Sequence[Watched], raise_at: float, on: str, draws: int = 1000) -> list[Figure]:
    """Return the card's figures for these people, intervals from `draws` draws of them."""
    measures: dict[str, Measure] = {
        "AUROC": auroc,
        "AUPRC": auprc,
        "sensitivity": sensitivity(raise_at),
        "specificity": specificity(raise_at),
        "positive predictive value": positive_predictive_value(raise_at),
    }
    known = [person.known for person in people]
    found = {name: estimate(over_windows(measure), known, BOOTSTRAP_SEED, draws) for name, measure in measures.items()}
    found["alerts per patient-day"] = estimate(_alerts_a_day, people, BOOTSTRAP_SEED, draws)
    found["false alerts per ordinary patient-day"] = estimate(_false_alerts_a_day, people, BOOTSTRAP_SEED, draws)
    return [Figure(name, round(e.value, 4), round(e.low, 4), round(e.high, 4), on) for name, e in found.items()]
