"""A minute of one patient -> the vector the network sees; the same code trains and serves.

The vector holds VALUES first, then a presence (1 or 0) for each of them. A value that cannot be computed is 0 with presence 0:
the network is told that it is missing, it is never told a normal number in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, RR_INTERVAL, SPO2
from protocol.samples import Reading

SPAN_MS = 60_000
"""Readings of this long before the judged moment are looked at."""
STEP_MS = 5_000
"""One judgement every."""
LEAST_BEATS = 12
LEAST_BEATING_MS = 20_000
"""Below these there is no judgement: too few intervals to call a rhythm."""
TEMPERATURE_SPAN_MS = 30 * 60_000
"""A temperature is looked for this far back."""

RHYTHM = (
    "rate (/min)",
    "coefficient of variation",
    "log10 of root mean square of successive differences over the mean",
    "share of successive differences above 50 ms",
    "share of intervals over 20 % from the running median",
    "longest over median",
    "shortest over median",
    "share of turning points",
    "autocorrelation at lag 1",
    "autocorrelation at lag 2",
    "coefficient of sample entropy",
    "share of short-long pairs",
    "median absolute successive difference over the median",
)
VITALS = (
    "heart rate, median (/min)",
    "heart rate, slope (/min per min)",
    "SpO2, median (%)",
    "SpO2, least (%)",
    "SpO2, slope (% per min)",
    "respiratory rate, median (/min)",
    "respiratory rate, slope (/min per min)",
    "body temperature, newest (Cel)",
)
VALUES = RHYTHM + VITALS
FEATURES = 2 * len(VALUES)
"""Length of the vector."""

INPUTS = (RR_INTERVAL.code, HEART_RATE.code, PULSE_RATE.code, SPO2.code, RESPIRATORY_RATE.code, BODY_TEMPERATURE.code)
"""Metrics that the vector is computed from."""

_RR_LOW_MS, _RR_HIGH_MS = 200.0, 5_000.0
_RUNNING = 9
"""The running median is of the neighbours, four on each side: a beat that alternates would hide in a median it is part of."""
_TOLERANCE_MS = 30.0
_GAP_MS = 2_000.0
_LEAST_POINTS = 3
_LEAST_SLOPE_SPAN_MS = 10_000.0

Track = NDArray[np.float64]
"""Shape (n, 2): ms UTC and value, by time."""


def _empty() -> Track:
    return np.empty((0, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Minute:
    """What was measured of one patient until the judged moment.

    beats: Track of intervals between beats, ms, each at the beat that ended it. The others in /min, %, /min, Cel.
    """

    beats: Track
    heart_rate: Track = field(default_factory=_empty)
    spo2: Track = field(default_factory=_empty)
    respiratory_rate: Track = field(default_factory=_empty)
    temperature: Track = field(default_factory=_empty)


def minute_of(readings: Sequence[Reading]) -> Minute:
    """Sort readings into a `Minute`. Readings without a value are left out; pulse rate stands in where there is no heart rate."""
    tracks = {code: _track(readings, code) for code in INPUTS}
    heart_rate = tracks[HEART_RATE.code]
    return Minute(
        beats=tracks[RR_INTERVAL.code],
        heart_rate=heart_rate if len(heart_rate) else tracks[PULSE_RATE.code],
        spo2=tracks[SPO2.code],
        respiratory_rate=tracks[RESPIRATORY_RATE.code],
        temperature=tracks[BODY_TEMPERATURE.code],
    )


def _track(readings: Sequence[Reading], metric: int) -> Track:
    points = sorted(((r.at, r.value) for r in readings if r.metric == metric and not r.absence), key=lambda point: point[0])
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def enough(minute: Minute) -> bool:
    """Say whether there are beats enough to judge (LEAST_BEATS, LEAST_BEATING_MS)."""
    return len(minute.beats) >= LEAST_BEATS and float(minute.beats[:, 1].sum()) >= LEAST_BEATING_MS


def vector(minute: Minute) -> NDArray[np.float32]:
    """Return the network's input, float32, shape (FEATURES,), finite everywhere."""
    values = np.full(len(VALUES), np.nan)
    if enough(minute):
        values[: len(RHYTHM)] = _rhythm(minute.beats)
    heart_rate, spo2, breathing, temperature = minute.heart_rate, minute.spo2, minute.respiratory_rate, minute.temperature
    if len(heart_rate):
        values[13:15] = np.median(heart_rate[:, 1]), _slope(heart_rate)
    if len(spo2):
        values[15:18] = np.median(spo2[:, 1]), _second_least(spo2[:, 1]), _slope(spo2)
    if len(breathing):
        values[18:20] = np.median(breathing[:, 1]), _slope(breathing)
    if len(temperature):
        values[20] = temperature[-1, 1]
    present = np.isfinite(values)
    return np.concatenate([np.where(present, values, 0.0), present]).astype(np.float32)


def _second_least(values: NDArray[np.float64]) -> float:
    """Return the least value that is not a single slip: the second smallest, or the smallest of fewer than three."""
    return float(np.sort(values)[1 if len(values) >= _LEAST_POINTS else 0])


def _slope(track: Track) -> float:
    """Return the least-squares slope per minute; NaN over less than ten seconds."""
    if len(track) < _LEAST_POINTS or track[-1, 0] - track[0, 0] < _LEAST_SLOPE_SPAN_MS:
        return float("nan")
    minutes = (track[:, 0] - track[0, 0]) / 60_000.0
    minutes -= minutes.mean()
    return float((minutes * (track[:, 1] - track[:, 1].mean())).sum() / (minutes * minutes).sum())


def _rhythm(beats: Track) -> list[float]:
    """Return the RHYTHM values of at least LEAST_BEATS intervals."""
    rr = np.clip(beats[:, 1], _RR_LOW_MS, _RR_HIGH_MS)
    joined = np.diff(beats[:, 0]) <= rr[1:] + _GAP_MS
    median, mean = float(np.median(rr)), float(rr.mean())
    steps = np.diff(rr)[joined]
    if not len(steps):
        return [float("nan")] * len(RHYTHM)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rr, _RUNNING // 2, mode="edge"), _RUNNING)
    running = np.median(np.delete(around, _RUNNING // 2, axis=1), axis=1)
    relative = rr / running
    pairs = (relative[:-1] < 0.85) & (relative[1:] > 1.1) & joined
    return [
        60_000.0 / mean,
        float(rr.std()) / mean,
        float(np.log10(max(float(np.sqrt((steps * steps).mean())) / mean, 1e-3))),
        float((np.abs(steps) > 50.0).mean()),
        float((np.abs(relative - 1.0) > 0.2).mean()),
        float(rr.max()) / median,
        float(rr.min()) / median,
        float((steps[:-1] * steps[1:] < 0).mean()) if len(steps) > 1 else 0.0,
        _autocorrelation(rr, 1),
        _autocorrelation(rr, 2),
        _sample_entropy_coefficient(rr),
        float(pairs.mean()),
        float(np.median(np.abs(steps))) / median,
    ]


def _autocorrelation(rr: NDArray[np.float64], lag: int) -> float:
    centred = rr - rr.mean()
    power = float((centred * centred).sum())
    return float((centred[lag:] * centred[:-lag]).sum()) / power if power > 0 else 0.0


def _sample_entropy_coefficient(rr: NDArray[np.float64]) -> float:
    """Return the coefficient of sample entropy, m = 1, r = 30 ms (Lake and Moorman, Am J Physiol 300:H319, 2011)."""
    near = np.abs(rr[:, None] - rr[None, :]) <= _TOLERANCE_MS
    singles = (int(near[:-1, :-1].sum()) - len(rr) + 1) / 2
    pairs = (int((near[:-1, :-1] & near[1:, 1:]).sum()) - len(rr) + 1) / 2
    return float(np.log(max(singles, 0.5) / max(pairs, 0.5)) + np.log(2 * _TOLERANCE_MS / rr.mean()))
