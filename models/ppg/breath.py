"""How breathing shows in a pulse wave: six ways, and what each says of every rate that a breath may have. Pure.

Breathing moves the wave's baseline, its height, the time between pulses, and the level of its summits and feet (Charlton et al., IEEE Rev Biomed Eng 11:2, 2018).
None is right always. So every rate of a grid is described by how strongly each way repeats at it, and a network that has seen many people says how likely it
is; the answer is the median of that distribution, which is near what is usual where nothing is clear.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.ppg.wave import RATE, Samples, Wave, mean_about

GRID = np.arange(4.0, 42.01, 0.5)
"""Breaths a minute that are described."""
SECONDS = 32.0
"""What is described: so much of a wave."""
_RATE = 4.0
"""Samples a second of a modulation."""
_DRIFT_S = 10.0
_POINTS = 2048
_FLOOR = 1e-9
_FEWEST = 6

WAYS = ("baseline", "height", "interval", "summit", "foot", "rise")
_OF_EACH = ("power", "power to greatest", "power to near", "power at half", "power at double", "again", "again at double", "again at half")
NAMES = (
    *(f"{name} of {way}" for way in WAYS for name in _OF_EACH),
    *("mean power", "common power", "rate", "rate squared", "rate to pulse"),
    *("regular", "pulse", "irregular"),
    *(f"{name} of {way}" for way in WAYS for name in ("greatest power", "mean rate")),
)
Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Breath:
    """rate: breaths a minute. low, high: the middle half of the distribution. sure: 0..1, how much of it lies within 2 of the rate."""

    rate: float
    low: float
    high: float
    sure: float


def described(wave: Wave) -> Features:
    """Describe every rate of GRID, (len(GRID), len(NAMES))."""
    columns: list[Samples] = []
    whole: list[float] = []
    powers: list[Samples] = []
    for way in modulations(wave):
        power, again = _power(way), _again(way)
        near, by = np.convolve(power, np.ones(7) / 7, "same"), np.convolve(power, np.ones(3) / 3, "same")
        half, double = np.interp(GRID / 2, GRID, power, left=0.0), np.interp(GRID * 2, GRID, power, right=0.0)
        columns += [np.log(power + 1e-4), np.log(power / (power.max() + _FLOOR) + 1e-3), np.log((by + 1e-5) / (near + 1e-5))]
        columns += [np.log(half + 1e-3), np.log(double + 1e-3), *again]
        whole += [float(power.max()), float((power * GRID).sum()) / 20]
        powers.append(power)
    common = np.exp(np.log(np.array(powers) + 1e-4).mean(axis=0))
    intervals = np.diff(wave.pulses) / RATE
    pulse = 60 / float(np.median(intervals)) if len(intervals) >= _FEWEST - 1 else 0.0
    spread = float(intervals.std() / intervals.mean()) if len(intervals) >= _FEWEST - 1 else float(len(wave.pulses))
    columns += [np.log(np.mean(powers, axis=0) + 1e-4), np.log(common / common.max() + 1e-3)]
    columns += [GRID / 20, (GRID / 20) ** 2, 2 * GRID / (pulse + 1)]
    columns += [np.full(len(GRID), value) for value in (wave.regular, pulse / 100, spread, *whole)]
    return np.stack(columns, axis=1).astype(np.float32)


def answer(likely: Samples) -> Breath:
    """Return what a distribution over GRID says, shape (len(GRID),), adding up to 1."""
    total = np.cumsum(likely)
    rate, low, high = (_quantile(likely, total, part) for part in (0.5, 0.25, 0.75))
    return Breath(rate, low, high, float(likely[np.abs(GRID - rate) <= 2].sum()))


def _quantile(likely: Samples, total: Samples, part: float) -> float:
    place = min(int(np.searchsorted(total, part)), len(GRID) - 1)
    before = float(total[place - 1]) if place else 0.0
    step = float(GRID[1] - GRID[0])
    return float(GRID[place]) - step / 2 + step * (part - before) / max(float(likely[place]), _FLOOR)


def modulations(wave: Wave) -> list[Samples]:
    """Return each of WAYS, _RATE samples a second; zeros where there are too few pulses."""
    count = len(wave.trace)
    at = np.arange(0, count / RATE - _FLOOR, 1 / _RATE)
    baseline = np.interp(at, np.arange(count) / RATE, mean_about(mean_about(wave.trace, 0.5), 0.4))
    if len(wave.pulses) < _FEWEST:
        return [baseline, *(np.zeros(len(at)) for _ in WAYS[1:])]
    smooth = mean_about(mean_about(wave.trace, 0.05), 0.05)
    summit, foot = smooth[wave.summits], smooth[wave.feet]
    intervals = np.diff(wave.pulses) / RATE
    height = summit - foot

    def between(places: NDArray[np.int64], values: Samples) -> Samples:
        return np.interp(at, places / RATE, _without_outliers(values))

    return [
        baseline,
        between(wave.summits, height / (height.mean() + _FLOOR)),
        between(wave.pulses[1:], intervals / intervals.mean()),
        between(wave.summits, summit),
        between(wave.feet, foot),
        between(wave.summits, (wave.summits - wave.feet).astype(np.float64)),
    ]


def _without_outliers(values: Samples) -> Samples:
    """Return values of which those far from the median of three are that median."""
    middle = np.array([np.median(values[max(0, place - 1) : place + 2]) for place in range(len(values))])
    apart = np.abs(values - middle)
    return np.where(apart > 3 * np.median(apart) + _FLOOR, middle, values)


def _without_drift(way: Samples) -> Samples:
    half = (int(_DRIFT_S * _RATE) | 1) // 2
    width = 2 * half + 1
    drift = way
    for _ in range(2):
        total = np.concatenate([[0.0], np.cumsum(np.pad(drift, half, mode="edge"))])
        drift = (total[width:] - total[:-width]) / width
    level = way - drift
    return level - level.mean()


def _power(way: Samples) -> Samples:
    """Return the share of the power at each rate of GRID; the same everywhere where there is none."""
    level = _without_drift(way)
    if level.std() < _FLOOR:
        return np.full(len(GRID), 1 / len(GRID))
    spectrum = np.abs(np.fft.rfft(level * np.hanning(len(level)), _POINTS)) ** 2
    power = np.interp(GRID, np.fft.rfftfreq(_POINTS, 1 / _RATE) * 60, spectrum)
    return power / power.sum()


def _again(way: Samples) -> list[Samples]:
    """Return how well it repeats after one breath of each rate of GRID, after half of one and after two."""
    level = _without_drift(way)
    count = len(level)
    spectrum = np.abs(np.fft.rfft(level, 2 * count)) ** 2
    again = np.fft.irfft(spectrum)[:count] / ((level * level).sum() + _FLOOR) * count / np.maximum(count - np.arange(count), count // 3)
    return [np.interp(breath / GRID * _RATE, np.arange(count), again) for breath in (60.0, 30.0, 120.0)]
