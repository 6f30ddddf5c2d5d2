"""Our detector as a plug-in of scripts that compare detectors: numpy in, numpy out."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Places
from models.heart_rhythm.finder import find, shipped
from models.runner import Runner


def detect(signal_mv: NDArray[np.generic], rate_hz: float) -> Places:
    """Return the samples of the R peaks.

    Raises:
        UnusableLead: not one lead, or of a rate outside 100 to 2,000 samples a second.
    """
    return find(signal_mv, rate_hz, _network()).at


@cache
def _network() -> Runner:
    return shipped()
