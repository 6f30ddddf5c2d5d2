"""A person who is not there: heart beats, ECG and vital signs of a story, from dice that are handed in."""

import math
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.metrics import BODY_TEMPERATURE, ECG, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, RR_INTERVAL, SPO2
from simulators.body import Beat, Channel

ECG_RATE_HZ = 125.0
_STEP_MV = 0.005
_REMEMBERED_S = 30.0
_NOISE_LENGTH = 4096

# (height mV, seconds from the R peak at 60/min, width s): a beat as a sum of Gaussians.
_P = (0.12, -0.17, 0.022)
_QRS = ((-0.12, -0.030, 0.009), (1.10, 0.0, 0.011), (-0.22, 0.030, 0.010))
_T = (0.28, 0.26, 0.045)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a body settles at: beats/min, breaths/min, %, degrees Celsius."""

    heart_rate: float
    breaths: float
    spo2: float
    temperature: float


@dataclass(frozen=True, slots=True)
class Story:
    """How a body departs from its rest: from `onset_s` on, over `ramp_s` seconds, towards `towards`.

    every_s: it does so again and again, so long apart, and is back after `lasts_s`; 0: once, for good.
    """

    onset_s: float = 0.0
    ramp_s: float = 1.0
    towards: Vitals | None = None
    fibrillates: bool = False
    every_s: float = 0.0
    lasts_s: float = 60.0

    def gone(self, at_s: float) -> float:
        """Return how far the body is from its rest at `at_s`, 0..1."""
        since = at_s - self.onset_s
        if since < 0:
            return 0.0
        if not self.every_s:
            return min(1.0, since / self.ramp_s)
        since %= self.every_s
        return max(0.0, min(1.0, since / self.ramp_s, (self.lasts_s - since) / self.ramp_s))


STORIES: dict[str, Story] = {
    "calm_day": Story(),
    "atrial_fibrillation": Story(15, 3, Vitals(132, 19, 95, 36.8), fibrillates=True),
    "desaturation": Story(12, 12, Vitals(112, 27, 83, 37.0)),
    "fever": Story(10, 15, Vitals(118, 24, 94, 39.6)),
    "canary": Story(20, 5, Vitals(72, 15, 75, 36.7), every_s=300.0),
}


class Physiology:
    """A body that lives one story. It remembers its last half minute, so it is to be asked at rising times."""

    metrics = frozenset(metric.code for metric in (HEART_RATE, RR_INTERVAL, SPO2, PULSE_RATE, BODY_TEMPERATURE, RESPIRATORY_RATE, ECG))
    channels = (Channel(ECG.code, ECG_RATE_HZ, _STEP_MV),)

    def __init__(self, story: Story, dice: np.random.Generator) -> None:
        self._story = story
        self._dice = dice
        self._rest = Vitals(dice.uniform(62, 78), dice.uniform(13, 17), dice.uniform(96, 98), dice.uniform(36.4, 36.9))
        self._noise = dice.standard_normal(_NOISE_LENGTH)
        self._beats: deque[Beat] = deque([Beat(-0.4, 0.8), Beat(dice.uniform(0.1, 0.5), 0.8)])

    def beats(self, since_s: float, until_s: float) -> list[Beat]:
        """Return the beats with since_s <= at_s < until_s."""
        self._live_until(until_s)
        return [beat for beat in self._beats if since_s <= beat.at_s < until_s]

    def value(self, metric: int, at_s: float) -> float | None:
        """Return a vital sign at `at_s`."""
        vitals = self._vitals(at_s)
        noise = float(self._noise[(int(at_s) * 7 + metric) % _NOISE_LENGTH])
        if metric in (HEART_RATE.code, PULSE_RATE.code):
            lately = self.beats(at_s - 8.0, at_s)
            return 60.0 * len(lately) / sum(beat.rr_s for beat in lately) if lately else None
        if metric == SPO2.code:
            return min(100.0, vitals.spo2 + 0.4 * noise)
        if metric == BODY_TEMPERATURE.code:
            return vitals.temperature + 0.03 * noise
        return max(0.0, vitals.breaths + 0.6 * noise)

    def samples(self, metric: int, first: int, count: int) -> NDArray[np.int16]:
        """Return the ECG's samples `first` .. `first + count - 1`; there is no other channel, whatever `metric` says."""
        del metric
        at_s = (first + np.arange(count)) / ECG_RATE_HZ
        self._live_until(float(at_s[-1]) + 1.0)
        fibrillating = self._fibrillates(float(at_s[0]))
        breaths_hz = self._vitals(float(at_s[0])).breaths / 60
        signal = 0.05 * np.sin(2 * math.pi * breaths_hz * at_s) + 0.008 * self._noise[(first + np.arange(count)) % _NOISE_LENGTH]
        if fibrillating:
            signal += 0.05 * np.sin(2 * math.pi * 6.3 * at_s) + 0.03 * np.sin(2 * math.pi * 7.7 * at_s + 1.0)
        begin = bisect_left([beat.at_s for beat in self._beats], float(at_s[0]) - 1.0)
        for beat in list(self._beats)[begin:]:
            if beat.at_s > at_s[-1] + 0.5:
                break
            signal += _beat_shape(at_s - beat.at_s, beat.rr_s, with_p=not fibrillating)
        return np.round(signal / _STEP_MV).astype(np.int16)

    def _vitals(self, at_s: float) -> Vitals:
        rest, towards = self._rest, self._story.towards
        if towards is None:
            return rest
        gone = self._story.gone(at_s)
        return Vitals(
            rest.heart_rate + gone * (towards.heart_rate - rest.heart_rate),
            rest.breaths + gone * (towards.breaths - rest.breaths),
            rest.spo2 + gone * (towards.spo2 - rest.spo2),
            rest.temperature + gone * (towards.temperature - rest.temperature),
        )

    def _fibrillates(self, at_s: float) -> bool:
        return self._story.fibrillates and at_s >= self._story.onset_s

    def _live_until(self, until_s: float) -> None:
        while self._beats[-1].at_s < until_s:
            last = self._beats[-1].at_s
            vitals = self._vitals(last)
            dice = float(self._dice.standard_normal())
            if self._fibrillates(last):
                stretch = min(1.7, max(0.5, 1 + 0.22 * dice))
            else:
                stretch = 1 + 0.035 * math.sin(2 * math.pi * vitals.breaths / 60 * last) + 0.01 * dice
            rr_s = stretch * 60 / vitals.heart_rate
            self._beats.append(Beat(last + rr_s, rr_s))
        while len(self._beats) > 2 and self._beats[0].at_s < until_s - _REMEMBERED_S:
            self._beats.popleft()


def _beat_shape(from_peak_s: NDArray[np.float64], rr_s: float, *, with_p: bool) -> NDArray[np.float64]:
    """Return one beat's ECG in mV; from_peak_s: shape (n,). P and T move with the rate, the QRS does not."""
    stretch = math.sqrt(rr_s)
    waves = [*_QRS, (_T[0], _T[1] * stretch, _T[2] * stretch)]
    if with_p:
        waves.append((_P[0], _P[1] * stretch, _P[2]))
    shape = np.zeros_like(from_peak_s)
    for height, at, width in waves:
        shape += height * np.exp(-0.5 * ((from_peak_s - at) / width) ** 2)
    return shape
