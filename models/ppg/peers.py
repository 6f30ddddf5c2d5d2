"""Ours as plug-ins of scripts that compare: numpy in, numbers out."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.ppg import quality
from models.ppg.monitor import breath_of, shipped
from models.ppg.wave import pulse_rate, ready
from models.runner import Runner


def breaths(window: NDArray[np.generic], rate_hz: float) -> float:
    """Return breaths a minute of half a minute; NaN: too short.

    Raises:
        UnusableWave: nothing can be told from it.
    """
    found = breath_of(ready(window, rate_hz), _network())
    return found.rate if found else float("nan")


def pulse(window: NDArray[np.generic], rate_hz: float) -> float:
    """Return pulses a minute; NaN of fewer than three.

    Raises:
        UnusableWave: nothing can be told from it.
    """
    return pulse_rate(ready(window, rate_hz))


def index(window: NDArray[np.generic], rate_hz: float) -> float:
    """Return the quality, 0..1.

    Raises:
        UnusableWave: nothing can be told from it.
    """
    return quality.index(ready(window, rate_hz))


@cache
def _network() -> Runner:
    return shipped()
