"""Readings of a patient -> the course that the network sees: one value of each vital every ten seconds for four minutes. Pure.

A value that was not measured is NaN, and is told to the network as missing; a temperature, measured seldom, holds for half an hour.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, SPO2
from protocol.samples import Reading

VITALS = (HEART_RATE, RESPIRATORY_RATE, SPO2, BODY_TEMPERATURE)
"""The columns of a course, each in its metric's unit."""
CODES = tuple(metric.code for metric in VITALS)
INPUTS = (*CODES, PULSE_RATE.code)
"""Metrics it is made of: a pulse rate stands in where there is no heart rate."""
STEP_MS, STEPS = 10_000, 24
SPAN_MS = STEP_MS * STEPS
TEMPERATURE_SPAN_MS = 30 * 60_000
FEATURES = 2 * STEPS * len(VITALS)
"""The network's input: values, step by step, then for each of them 1 where it is present."""

Course = NDArray[np.float64]
"""Shape (STEPS, len(VITALS)), the newest step last; NaN: not measured."""


def course_of(readings: Sequence[Reading], at: int) -> Course:
    """Return the course up to the moment `at` (ms UTC) from a patient's readings, in any order."""
    found: Mapping[int, list[list[float]]] = {code: [[] for _ in range(STEPS)] for code in INPUTS}
    warmth: list[tuple[int, float]] = []
    for each in readings:
        if each.absence or each.at > at or each.metric not in found:
            continue
        if each.metric == BODY_TEMPERATURE.code:
            warmth.append((each.at, each.value))
        elif each.at > at - SPAN_MS:
            found[each.metric][STEPS - 1 - (at - each.at) // STEP_MS].append(each.value)
    if not any(found[HEART_RATE.code]):
        found = {**found, HEART_RATE.code: found[PULSE_RATE.code]}
    course = np.full((STEPS, len(VITALS)), np.nan)
    for column, code in enumerate(CODES):
        for step, values in enumerate(found[code]):
            if values:
                course[step, column] = np.median(values)
    warmth.sort()
    for moment, value in warmth:
        first = max(0, STEPS - 1 - (at - moment) // STEP_MS)
        last = STEPS - max(0, at - moment - TEMPERATURE_SPAN_MS + STEP_MS - 1) // STEP_MS
        course[first : max(first, last), CODES.index(BODY_TEMPERATURE.code)] = value
    return course


def vector(course: Course) -> NDArray[np.float32]:
    """Return the network's input, float32, shape (FEATURES,), finite everywhere."""
    present = np.isfinite(course)
    return np.concatenate([np.where(present, course, 0.0).ravel(), present.ravel()]).astype(np.float32)
