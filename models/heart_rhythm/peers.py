"""Our detectors as plug-ins of scripts that compare detectors: numpy in, numpy out."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Places
from models.heart_rhythm.classes import classifier
from models.heart_rhythm.finder import find, shipped
from models.heart_rhythm.rhythm import irregularity
from models.runner import Runner


def detect(signal_mv: NDArray[np.generic], rate_hz: float) -> Places:
    """Return the samples of the R peaks.

    Raises:
        UnusableLead: not one lead, or of a rate outside 100 to 2,000 samples a second.
    """
    return find(signal_mv, rate_hz, _network()).at


def classify(signal_mv: NDArray[np.generic], rate_hz: float) -> tuple[Places, list[str]]:
    """Return the samples of the R peaks and the class of each, a letter of NSVFQ.

    Raises:
        UnusableLead: not one lead, or of a rate outside 100 to 2,000 samples a second.
    """
    classed = classifier.classify(signal_mv, rate_hz, _network(), _classes())
    return classed.found.at, list(classed.letters)


def fibrillation(signal_mv: NDArray[np.generic], rate_hz: float) -> float:
    """Return how irregular the heart's own beats are in half a minute or more, about -5 (a clock) to 0 (fibrillation); NaN of too few beats.

    Raises:
        UnusableLead: not one lead, or of a rate outside 100 to 2,000 samples a second.
    """
    classed = classifier.classify(signal_mv, rate_hz, _network(), _classes())
    return irregularity(classed.found.at / rate_hz, classed.letters)


setattr(fibrillation, "signal", True)  # noqa: B010  (the script hands the lead over, not its intervals; a function's type knows no such name)


@cache
def _classes() -> classifier.Classifier:
    return classifier.shipped()


@cache
def _network() -> Runner:
    return shipped()
