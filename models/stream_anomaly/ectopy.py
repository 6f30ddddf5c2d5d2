"""How strange is this sample of an ECG lead? A beat is judged while it rises, by how early it comes, and a tenth of a second later by its shape. Pure.

`models.heart_rhythm` finds beats better and classes them, seconds later; this is for what must be said at once. A beat begins where the
slope of the lead is a good part of what is usual at the person's beats; it is early by the part of the usual interval that it lacks, and strange
by how far its shape is from the usual one, learnt as the beats come. A sample has the score of the beat it belongs to, which falls
when the beat is over.
"""

from collections import deque
from collections.abc import Sequence
from math import isfinite
from statistics import median

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.lead import FASTEST, SLOWEST, UnusableLead

SMOOTH_S, RISE_S = 0.016, 0.024
"""The slope is that over RISE_S of means of SMOOTH_S."""
BEGINS, BEGINS_SOON = 0.4, 0.75
"""A beat begins at this part of the usual slope; within SOON_S of another, where a T wave is, at the second."""
DEAD_S, SOON_S = 0.22, 0.36
JUDGED_S, SHAPE_S = 0.1, 0.16
"""So long after it began a beat's shape is looked at, the last SHAPE_S of it."""
OVER_S, AFTER = 0.6, 0.6
"""A beat is over after OVER_S; its score then falls to this part."""
LOST_S, LONGEST_S, FADE_PER_S = 3.0, 3.0, 0.7
"""After LOST_S without a beat the usual slope falls, by this part a second; a longer interval than LONGEST_S is none."""
ODD, SHAPE_WEIGHT = 0.5, 0.4
"""A shape is odd beyond this and the usual distance; what is beyond counts so much."""
LEARNT, LEARNT_ODD, LEAST = 0.1, 0.02, 8
"""Of a usual and an odd shape so much goes into the usual one; a distance is usual after so many."""
LEAST_INTERVALS = 4


class Ectopy:
    """One lead, sample by sample."""

    def __init__(self, lead: Sequence[float] | NDArray[np.generic], rate_hz: float) -> None:
        """Follow a lead of `rate_hz` samples a second, 100 to 2,000.

        Args:
            lead: some seconds of it, any unit: how steep its beats are.
            rate_hz: samples a second.

        Raises:
            UnusableLead: of another rate, or not a second of it.
        """
        if not SLOWEST <= rate_hz <= FASTEST:
            raise UnusableLead(f"{rate_hz:g} samples a second: beats are found at {SLOWEST:g} to {FASTEST:g}")
        self._rate_hz = rate_hz
        self._rise = max(1, round(RISE_S * rate_hz))
        self._newest = deque[float](maxlen=max(1, round(SMOOTH_S * rate_hz)))
        self._smooth = deque[float](maxlen=round(SHAPE_S * rate_hz))
        self._slopes = deque[float]([self._first_slope(lead)], maxlen=8)
        self._usual_slope = self._slopes[0]
        self._intervals, self._distances = deque[float](maxlen=16), deque[float](maxlen=60)
        self._usual_shape = np.zeros(0)
        self._now, self._began, self._judged_at = 0, -round(LONGEST_S * rate_hz), round(JUDGED_S * rate_hz)
        self._steepest = self._score = 0.0

    def _first_slope(self, lead: Sequence[float] | NDArray[np.generic]) -> float:
        values = np.asarray(lead, dtype=np.float64)
        values = values[np.isfinite(values)]
        second, width = int(self._rate_hz), max(1, round(SMOOTH_S * self._rate_hz))
        if len(values) < second + width + self._rise:
            raise UnusableLead(f"{len(values) / self._rate_hz:.1f} s of the lead: how steep its beats are needs more than a second")
        smooth = np.convolve(values, np.full(width, 1.0 / width), "valid")
        slope = np.abs(smooth[self._rise :] - smooth[: -self._rise])
        return float(np.median(slope[: len(slope) // second * second].reshape(-1, second).max(axis=1)))

    def step(self, value: float) -> float:
        """Take a sample, NaN where nothing was measured; return how strange it is, 0 (as ever) to 1.4; of what is missing 0."""
        self._now += 1
        if not isfinite(value):
            self._newest.clear()
            self._smooth.clear()
            return 0.0
        self._newest.append(value)
        self._smooth.append(sum(self._newest) / len(self._newest))
        if len(self._smooth) <= self._rise:
            return 0.0
        slope = abs(self._smooth[-1] - self._smooth[-1 - self._rise])
        since = self._now - self._began
        if since > LOST_S * self._rate_hz:
            self._usual_slope *= 1 - FADE_PER_S / self._rate_hz
        soon = since < SOON_S * self._rate_hz
        if since > DEAD_S * self._rate_hz and slope > (BEGINS_SOON if soon else BEGINS) * self._usual_slope > 0.0:
            self._begin(since / self._rate_hz)
            since = 0
        if since <= self._judged_at:
            self._steepest = max(self._steepest, slope)
            if since == self._judged_at:
                self._judge()
        return self._score if since <= OVER_S * self._rate_hz else self._score * AFTER

    def _begin(self, interval_s: float) -> None:
        usual = median(self._intervals) if len(self._intervals) >= LEAST_INTERVALS else 0.0
        self._score = max(0.0, 1.0 - interval_s / usual) if usual else 0.0
        if interval_s < LONGEST_S:
            self._intervals.append(interval_s)
        self._began, self._steepest = self._now, 0.0

    def _judge(self) -> None:
        """Look at the shape of the beat that began JUDGED_S ago, and learn from it."""
        self._slopes.append(min(self._steepest, 2 * self._usual_slope))
        self._usual_slope = median(self._slopes)
        shape = np.array(self._smooth)
        if len(shape) < (self._smooth.maxlen or 0):
            return
        shape -= shape.mean()
        usual = self._usual_shape if len(self._usual_shape) else shape
        height = float(np.linalg.norm(usual))
        distance = float(np.linalg.norm(shape - usual)) / height if height else 0.0
        known = len(self._distances) >= LEAST
        if known:
            self._score += SHAPE_WEIGHT * min(1.0, max(0.0, distance - ODD - median(self._distances)))
        self._distances.append(distance)
        self._usual_shape = usual + (LEARNT_ODD if known and distance > ODD else LEARNT) * (shape - usual)
