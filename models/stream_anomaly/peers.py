"""Ours as plug-ins of scripts that compare: a factory that is shown the first part, and a step for each value."""

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from models.stream_anomaly.course import Course, widened
from models.stream_anomaly.ectopy import Ectopy

Values = Sequence[float] | NDArray[np.float64]


def course(first_values: Values, low: float, high: float) -> Callable[[float, datetime], float]:
    """Return the step of a course whose range is known; its answer is the surprise in bits where an alarm is raised, else 0."""
    watched = Course(low, high, len(first_values))
    return lambda value, _: watched.alarm(value)


def course_of_unknown_range(first_values: Values, _low: float, _high: float) -> Callable[[float, datetime], float]:
    """Return the step of a course whose range is learnt from its first part."""
    return course(first_values, *widened(float(np.min(first_values)), float(np.max(first_values))))


def ectopy(lead: Values, rate_hz: float) -> Callable[[float], float]:
    """Return the step of an ECG lead; its answer is how strange the sample is.

    Raises:
        UnusableLead: of a rate at which no beats are found, or too short.
    """
    return Ectopy(lead, rate_hz).step
