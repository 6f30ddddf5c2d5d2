"""One pulse wave made ready, and the pulses in it. Pure.

Pulses are the summits of the energy of rising slopes. The likeliest period comes from the autocorrelation of that energy: a lag nearly as good as the best
that is shorter than it is taken, since twice the period repeats as well as the period.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Places = NDArray[np.int64]

RATE = 125.0
"""Samples a second inside."""
SLOWEST, FASTEST = 25.0, 1000.0
"""Samples a second that a wave may come with."""
SHORTEST_S = 8.0
_PERIODS_S = (0.27, 1.8)
"""222 to 33 pulses a minute."""
_NEARLY = 0.55
_APART, _APART_S = 0.6, 0.48
"""Two pulses are farther apart than this part of the period, or than this."""
_SMALLEST = 0.2
"""A pulse rises at least with this part of the greatest energy of the six seconds around it."""
_AROUND_S = 3.0
_FOOT_S, _SUMMIT_S = 0.3, 0.25
_SKIPPED = 0.4
"""An interval this much longer than one and a half ... of the usual holds a pulse that was not seen."""
_FLOOR = 1e-9


class UnusableWave(Exception):
    """Nothing can be told from this: the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """trace: shape (n,), RATE samples a second, spread 1. pulses: samples of the steepest rise of each, shape (k,). summits, feet: of each pulse.

    regular: 0..1, the autocorrelation of the energy at the period.
    """

    trace: Samples
    pulses: Places
    summits: Places
    feet: Places
    regular: float


def ready(signal: NDArray[np.generic], rate_hz: float) -> Wave:
    """Make a wave ready: shape (n,), any unit, rate_hz samples a second, NaN where nothing was measured.

    Raises:
        UnusableWave: of another shape or rate, too short, without a living signal, or too much of it missing.
    """
    trace = _at_rate(signal, rate_hz)
    energy = mean_about(np.maximum(np.gradient(_without_drift(mean_about(mean_about(trace, 0.09), 0.07), 1.2)), 0.0), 0.20)
    period, regular = _period(energy)
    if not period:
        none = np.zeros(0, dtype=np.int64)
        return Wave(trace, none, none, none, 0.0)
    pulses = _pulses(energy, period)
    smooth = mean_about(mean_about(trace, 0.05), 0.05)
    ahead, behind = round(_SUMMIT_S * RATE), round(_FOOT_S * RATE)
    summits = [each + int(np.argmax(smooth[each : each + ahead])) for each in pulses.tolist()]
    feet = [max(0, each - behind) + int(np.argmin(smooth[max(0, each - behind) : each + 1])) for each in pulses.tolist()]
    return Wave(trace, pulses, np.array(summits, dtype=np.int64), np.array(feet, dtype=np.int64), regular)


def pulse_rate(wave: Wave) -> float:
    """Return pulses a minute: all between the first and the last, those counted that were not seen where an interval has room for them; NaN of fewer than three."""
    if len(wave.pulses) < 3:
        return float("nan")
    intervals = np.diff(wave.pulses) / RATE
    number = np.maximum(1.0, np.floor(intervals / np.median(intervals) + _SKIPPED))
    return float(60 * number.sum() / intervals.sum())


def mean_about(samples: Samples, seconds: float) -> Samples:
    """Return the mean of so many seconds about each sample; beyond the ends lie the first and the last."""
    half = max(1, int(seconds * RATE) | 1) // 2
    total = np.concatenate([[0.0], np.cumsum(np.pad(samples, half, mode="edge"))])
    width = 2 * half + 1
    return (total[width:] - total[:-width]) / width


def _without_drift(samples: Samples, seconds: float) -> Samples:
    return samples - mean_about(mean_about(samples, seconds), seconds)


def _at_rate(signal: NDArray[np.generic], rate_hz: float) -> Samples:
    values = np.asarray(signal, dtype=np.float64)
    if values.ndim != 1:
        raise UnusableWave(f"a pulse wave has one dimension, not {values.ndim}")
    if not SLOWEST <= rate_hz <= FASTEST:
        raise UnusableWave(f"{rate_hz:g} samples a second: pulses are read at {SLOWEST:g} to {FASTEST:g}")
    if len(values) < SHORTEST_S * rate_hz:
        raise UnusableWave(f"{len(values) / rate_hz:.1f} s are fewer than {SHORTEST_S:g}")
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 0.8 * len(values):
        raise UnusableWave(f"{1 - len(known) / len(values):.0%} of it was not measured")
    at = np.arange(int(len(values) * RATE / rate_hz)) * (rate_hz / RATE)
    trace = np.interp(at, known, values[known])
    moved = np.abs(np.diff(trace)) > _FLOOR * max(1.0, float(np.abs(trace).max()))
    if moved.mean() < 0.3:
        raise UnusableWave("it does not move: the sensor is off, or the amplifier at its end")
    trace = trace - np.median(trace)
    return trace / (trace.std() + _FLOOR)


def _period(energy: Samples) -> tuple[int, float]:
    """Return the period in samples, and how well the energy repeats itself after it; (0, 0.0): it does not."""
    level = energy - energy.mean()
    count = len(level)
    spectrum = np.abs(np.fft.rfft(level, 2 * count)) ** 2
    again = np.fft.irfft(spectrum)[:count] / np.arange(count, 0, -1)
    again = again / (again[0] + _FLOOR)
    first, last = (round(seconds * RATE) for seconds in _PERIODS_S)
    inside = again[first - 1 : last + 1]
    summits = np.flatnonzero((inside[1:-1] >= inside[:-2]) & (inside[1:-1] > inside[2:])) + first
    if not len(summits) or again[summits].max() <= 0:
        return 0, 0.0
    good = summits[again[summits] > _NEARLY * again[summits].max()]
    return int(good[0]), float(np.clip(again[good[0]], 0.0, 1.0))


def _pulses(energy: Samples, period: int) -> Places:
    """Take summits of the energy, the greatest first, none too near to one that was taken."""
    summits = np.flatnonzero((energy[1:-1] >= energy[:-2]) & (energy[1:-1] > energy[2:])) + 1
    around, apart = round(_AROUND_S * RATE), min(_APART * period, _APART_S * RATE)
    high = [each for each in summits.tolist() if energy[each] >= _SMALLEST * energy[max(0, each - around) : each + around].max()]
    taken: list[int] = []
    for each in sorted(high, key=lambda place: -energy[place]):
        if all(abs(each - other) > apart for other in taken):
            taken.append(each)
    return np.array(sorted(taken), dtype=np.int64)
