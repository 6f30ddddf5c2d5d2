"""A body that lives a recording again, round and round, with time going on."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.metrics import HEART_RATE, RR_INTERVAL
from simulators.body import Beat, Channel

_BEATS_OF_A_RATE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One waveform of a recording. samples: int16, shape (n,), n >= 1."""

    channel: Channel
    samples: NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A recording, as a body.

    length_s: > 0; after it the recording begins again. beats_s: float64, shape (n,), rising, 0 <= s < length_s.
    traces: waveforms that last length_s. monitor: what a monitor said each second, by metric code, float64, shape (n,),
    NaN where it said nothing. Without a monitor's heart rate it is the mean of the last eight beats.
    """

    length_s: float
    beats_s: NDArray[np.float64]
    traces: tuple[Trace, ...]
    monitor: dict[int, NDArray[np.float64]]

    @property
    def metrics(self) -> frozenset[int]:
        """Codes of all that was recorded."""
        of_beats = {HEART_RATE.code, RR_INTERVAL.code} if len(self.beats_s) > 1 else set[int]()
        return frozenset({*of_beats, *self.monitor, *(trace.channel.metric for trace in self.traces)})

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The waveforms that were recorded."""
        return tuple(trace.channel for trace in self.traces)

    def beats(self, since_s: float, until_s: float) -> list[Beat]:
        """Return the beats with since_s <= at_s < until_s; the very first one follows none and is left out."""
        if len(self.beats_s) < 2:
            return []
        return [
            beat
            for lap in range(max(0, math.floor(since_s / self.length_s)), math.floor(until_s / self.length_s) + 1)
            for beat in self._beats_of(lap, since_s, until_s)
        ]

    def _beats_of(self, lap: int, since_s: float, until_s: float) -> list[Beat]:
        began = lap * self.length_s
        first = int(np.searchsorted(self.beats_s, since_s - began, side="left"))
        end = int(np.searchsorted(self.beats_s, until_s - began, side="left"))
        beats: list[Beat] = []
        for i in range(max(first, 1 if lap == 0 else 0), end):
            before = self.beats_s[i - 1] if i > 0 else self.beats_s[-1] - self.length_s
            beats.append(Beat(began + float(self.beats_s[i]), float(self.beats_s[i] - before)))
        return beats

    def value(self, metric: int, at_s: float) -> float | None:
        """Return what the monitor said last before `at_s`, or the rate of the last beats."""
        said = self.monitor.get(metric)
        if said is not None:
            return float(said[int(at_s % self.length_s) % len(said)])
        lately = self.beats(at_s - 15.0, at_s)[-_BEATS_OF_A_RATE:]
        return 60.0 * len(lately) / sum(beat.rr_s for beat in lately) if lately else None

    def samples(self, metric: int, first: int, count: int) -> NDArray[np.int16]:
        """Return `count` samples from number `first`, going on at the recording's start after its end."""
        trace = next(trace for trace in self.traces if trace.channel.metric == metric)
        return trace.samples[np.arange(first, first + count) % len(trace.samples)]
