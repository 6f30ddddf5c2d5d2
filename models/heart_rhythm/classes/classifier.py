"""Beats of a lead, each with its class."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.catalogue import open_model
from models.heart_rhythm.candidates import Places
from models.heart_rhythm.classes.shapes import EDGE, described
from models.heart_rhythm.finder import Found, find
from models.heart_rhythm.lead import RATE, at_rate, ready
from models.perceptron_runner import PerceptronRunner
from models.runner import Runner

CLASSES = "NSVF"
"""ANSI/AAMI EC57: N any beat that is none of the others, S supraventricular ectopic, V ventricular ectopic, F fusion of a ventricular and a normal one."""
UNTOLD = "Q"
"""Not classed: at a recording's end, or where not all of the beat was measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Classed:
    """Beats and their classes. found: where they are. letters: of CLASSES, or UNTOLD, one a beat. certainty: 0..1, shape (n,), of UNTOLD 0."""

    found: Found
    letters: str
    certainty: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classifier:
    """The network, and how much likelier than in training each class is (a factor on its share)."""

    runner: Runner
    factors: Mapping[str, float]


def shipped() -> Classifier:
    """Open the network that ships.

    Raises:
        ModelRefused: it is not the one that its card describes.
    """
    model = open_model(Path(__file__).parent)
    return Classifier(PerceptronRunner(model.artefact), model.card.thresholds)


def classify(signal: NDArray[np.generic], rate_hz: float, finder: Runner, classifier: Classifier) -> Classed:
    """Find the beats of a lead, and class them.

    Args:
        signal: shape (n,), mV or any multiple of it, NaN or infinite where nothing was measured.
        rate_hz: samples a second, 100 to 2,000.
        finder: the network that finds beats.
        classifier: the network that classes them.

    Raises:
        UnusableLead: not of one dimension, or of another rate.
    """
    found = find(signal, rate_hz, finder)
    lead = ready(at_rate(signal, rate_hz))
    at = np.rint(found.at * (RATE / rate_hz)).astype(np.int64)
    told = whole(at, lead.measured)
    share = shares(classifier, described(lead, at[told]))
    best = share.argmax(axis=1)
    letters = np.full(len(at), UNTOLD)
    letters[told] = np.array(list(CLASSES))[best]
    certainty = np.zeros(len(at), dtype=np.float32)
    certainty[told] = share[np.arange(len(best)), best]
    return Classed(found, "".join(letters.tolist()), certainty)


def shares(classifier: Classifier, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how likely each class is, shape (n, len(CLASSES)), rows add up to 1."""
    if not len(features):
        return np.zeros((0, len(CLASSES)), dtype=np.float32)
    logits = classifier.runner.run(features) + np.log(np.array([classifier.factors[each] for each in CLASSES], dtype=np.float32))
    grown = np.exp(logits - logits.max(axis=1)[:, None])
    return grown / grown.sum(axis=1)[:, None]


def whole(at: Places, measured: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which beats lie EDGE from both ends, and were measured from 100 ms before their peak to 200 ms after it."""
    inside = (at >= EDGE) & (at < len(measured) - EDGE)
    if not inside.any():
        return inside
    return inside & measured[np.where(inside, at, EDGE)[:, None] + np.arange(-RATE // 10, RATE // 5, 4)].all(axis=1)
