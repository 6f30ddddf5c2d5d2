"""One ECG lead made ready for finding beats: 200 samples a second, the band of the QRS, an envelope of its slopes, and what was measured. Pure.

All filters are differences and means of neighbours: symmetric, so that nothing is shifted, and no longer than REACH.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE = 200
"""Samples a second inside."""
SLOWEST, FASTEST = 100.0, 2000.0
"""Samples a second that a lead may come with."""
REACH = 90
"""No output depends on samples farther away than this."""
STILL = 100
"""A run of so many equal samples is no living signal: the lead is off, or the amplifier at its end."""
RIM = 30
"""So many samples beside what was not measured are not judged: the step there looks like a beat."""


class UnusableLead(Exception):
    """No beats can be looked for in this: the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """One lead, all of shape (n,), RATE samples a second.

    trace: mV, wandering and all. band: mV, about 5 to 35 Hz. envelope: mV a sample, >= 0, large where slopes are. measured: False where
    nothing was, or close to it.
    """

    trace: Samples
    band: Samples
    envelope: Samples
    measured: NDArray[np.bool_]


def at_rate(signal: NDArray[np.generic], rate_hz: float) -> Samples:
    """Return a signal at RATE samples a second, by straight lines between its samples; NaN where either neighbour is.

    Raises:
        UnusableLead: not of one dimension, or its rate is outside SLOWEST..FASTEST.
    """
    values = np.asarray(signal, dtype=np.float64)
    if values.ndim != 1:
        raise UnusableLead(f"a lead has one dimension, not {values.ndim}")
    if not SLOWEST <= rate_hz <= FASTEST:
        raise UnusableLead(f"{rate_hz:g} samples a second: beats are found at {SLOWEST:g} to {FASTEST:g}")
    if rate_hz == RATE or not len(values):
        return values
    return between(values, np.arange(int(len(values) * RATE / rate_hz), dtype=np.float64) * (rate_hz / RATE))


def between(values: Samples, at: NDArray[np.floating[Any]]) -> Samples:
    """Return what straight lines between samples give at places `at`, 0 to len(values) - 1; beyond the last sample lies the last."""
    before = np.minimum(at.astype(np.int64), len(values) - 1)
    part = at - before
    return values[before] * (1 - part) + values[np.minimum(before + 1, len(values) - 1)] * part


def ready(trace: Samples) -> Lead:
    """Make a trace of RATE samples a second ready; mV, NaN or infinite where nothing was measured."""
    missing = ~np.isfinite(trace)
    filled = trace
    if missing.any():
        known = np.flatnonzero(~missing)
        filled = np.interp(np.arange(len(trace)), known, trace[known]) if len(known) else np.zeros(len(trace))
    band = _smooth(filled, 3) - _smooth(filled, 29)
    slope = np.gradient(band) if len(band) > 1 else np.zeros(len(band))
    envelope = np.sqrt(mean_about(mean_about(slope * slope, 11), 9).clip(0.0))
    return Lead(filled, band, envelope, ~_widened(missing | _still(filled), RIM))


def mean_about(samples: Samples, width: int) -> Samples:
    """Return the mean of `width` (odd) samples about each; beyond the ends lie the first and the last."""
    if not len(samples):
        return samples
    half = width // 2
    total = np.concatenate([[0.0], np.cumsum(np.pad(samples, half, mode="edge"))])
    return (total[width:] - total[:-width]) / width


def median(values: Samples, there: NDArray[np.bool_]) -> Samples:
    """Return the (lower) median of each row's values that are there; 0 where none is."""
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    number = there.sum(axis=1)
    middle = ordered[np.arange(len(values)), np.maximum(number - 1, 0) // 2]
    return np.where(number > 0, middle, 0.0)


def _smooth(samples: Samples, width: int) -> Samples:
    return mean_about(mean_about(samples, width), width)


def _still(samples: Samples) -> NDArray[np.bool_]:
    """Say which samples belong to a run of STILL equal ones."""
    still = np.zeros(len(samples), dtype=np.bool_)
    if not len(samples):
        return still
    edges = np.flatnonzero(np.concatenate([[True], samples[1:] != samples[:-1], [True]]))
    long = np.flatnonzero(np.diff(edges) >= STILL)
    for run in long:
        still[edges[run] : edges[run + 1]] = True
    return still


def _widened(where: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    return mean_about(where.astype(np.float64), 2 * by + 1) > 0.5 / (2 * by + 1) if where.any() else where
