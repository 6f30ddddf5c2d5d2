"""Which rhythms of the last minutes of a lead deserve that somebody is told: judged on a strip, by the shipped networks and rules alone.

A strip is the last SPAN_S of a lead, judged every STEP_S; so that whoever has the strip can judge it again and must come to the same. What is short
must be in the settled part of it: the first beats have no usual shape beside them, and the last ones too few after them.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.catalogue import open_model
from models.heart_rhythm.classes import classifier
from models.heart_rhythm.classes.classifier import Classifier, classify
from models.heart_rhythm.rhythm import FAST, FIBRILLATION, PAUSE_S, Beats, Episode, Rhythm, episodes, irregularity
from models.perceptron_runner import PerceptronRunner
from models.runner import Runner

SPAN_S, STEP_S = 150.0, 10.0
LEARNING_S, SETTLING_S = 20.0, 8.0
"""At a strip's beginning and end: what lies in there is not told yet, or not any more."""
LONG_RUN, SUSTAINED_S = 4, 10.0
"""Ventricular beats in a row that are told, and the time from which on they are with high priority: shorter runs are counted, not told."""
STANDSTILL_S = 6.0
"""A pause that is told with high priority."""
_VERSION = "1"
_DECIMALS = 3
"""Of a score: logarithms differ in their last place from processor to processor."""

Priority = Literal["high", "medium"]
Kind = Literal["atrial_fibrillation", "ventricular_tachycardia", "pause"]
KINDS: dict[Rhythm, Kind] = {
    Rhythm.ATRIAL_FIBRILLATION: "atrial_fibrillation",
    Rhythm.VENTRICULAR_TACHYCARDIA: "ventricular_tachycardia",
    Rhythm.PAUSE: "pause",
}
THRESHOLDS: dict[Kind, dict[str, float]] = {
    "atrial_fibrillation": {"irregularity": FIBRILLATION},
    "ventricular_tachycardia": {"beats": LONG_RUN, "rate": FAST},
    "pause": {"seconds": PAUSE_S},
}
"""By kind, what was compared with what."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told. first, last: s of the strip. score: of fibrillation the irregularity, of a run its rate (/min), of a pause its length (s)."""

    kind: Kind
    priority: Priority
    first: float
    last: float
    score: float
    explanation: str


@dataclass(frozen=True, slots=True)
class Networks:
    """What finds beats and what classes them. sha256: hex, of both artefacts and the rules together."""

    finder: Runner
    classifier: Classifier
    sha256: str


def opened() -> Networks:
    """Open the networks that ship.

    Raises:
        ModelRefused: one is not what its card describes.
    """
    finder, classes = open_model("heart_rhythm"), open_model(Path(classifier.__file__).parent)
    numbers = (_VERSION, SPAN_S, STEP_S, LEARNING_S, SETTLING_S, SUSTAINED_S, STANDSTILL_S, _DECIMALS, THRESHOLDS)
    told = f"{finder.card.sha256} {classes.card.sha256} {numbers}"
    return Networks(
        PerceptronRunner(finder.artefact),
        Classifier(PerceptronRunner(classes.artefact), classes.card.thresholds),
        sha256(told.encode()).hexdigest(),
    )


def judge(strip: NDArray[np.generic], rate_hz: float, networks: Networks) -> tuple[Telling, ...]:
    """Judge a strip: shape (n,), mV or any multiple of it, NaN where nothing was measured; rate_hz: 100 to 2,000 samples a second.

    Raises:
        UnusableLead: not of one dimension, or of another rate.
    """
    classed = classify(strip, rate_hz, networks.finder, networks.classifier)
    at = classed.found.at / rate_hz
    settled = int(np.searchsorted(at, len(strip) / rate_hz - SETTLING_S))
    beats = Beats(at[:settled], classed.letters[:settled], classed.found.unseen(rate_hz))
    told = [_told(each, beats) for each in episodes(beats)]
    return tuple(each for each in told if each is not None)


def _told(episode: Episode, beats: Beats) -> Telling | None:
    """Return what is told of an episode; None: nothing."""
    if episode.rhythm not in KINDS:
        return None
    kind, seconds = KINDS[episode.rhythm], episode.last - episode.first
    first, last = np.searchsorted(beats.at, [episode.first, episode.last]).tolist()
    if kind == "atrial_fibrillation":
        score = round(irregularity(beats.at[first:last], beats.letters[first:last]), _DECIMALS)
        said = f"irregular heartbeat like atrial fibrillation for {seconds:.0f} s, {episode.rate:.0f} beats a minute"
        return None if np.isnan(score) else Telling(kind, "medium", episode.first, episode.last, score, said)
    if episode.first < LEARNING_S:
        return None
    if kind == "pause":
        priority: Priority = "high" if seconds >= STANDSTILL_S else "medium"
        return Telling(kind, priority, episode.first, episode.last, round(seconds, _DECIMALS), f"no heartbeat for {seconds:.1f} s")
    count = last - first + 1
    if count < LONG_RUN:
        return None
    said = f"{count} ventricular beats in a row, {episode.rate:.0f} a minute"
    priority = "high" if seconds >= SUSTAINED_S else "medium"
    return Telling(kind, priority, episode.first, episode.last, round(episode.rate, _DECIMALS), said)
