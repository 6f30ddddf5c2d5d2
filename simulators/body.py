"""What a wearable's sensors can feel: a port, filled by the physiology simulator or by a recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Beat:
    """One heart beat. at_s: seconds since the body's time began. rr_s: since the beat before, > 0."""

    at_s: float
    rr_s: float


@dataclass(frozen=True, slots=True)
class Channel:
    """One waveform. metric: code of `protocol.metrics`. rate_hz: samples a second. gain: metric units per step."""

    metric: int
    rate_hz: float
    gain: float


class Body(Protocol):
    """A person's signals over seconds since the body's time began; asked at rising times."""

    @property
    def metrics(self) -> frozenset[int]:
        """Codes of all that can be felt; nothing else is ever asked for."""
        ...

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The waveforms that an ECG patch streams."""
        ...

    def beats(self, since_s: float, until_s: float) -> Sequence[Beat]:
        """Return the beats with since_s <= at_s < until_s that follow another one."""
        ...

    def value(self, metric: int, at_s: float) -> float | None:
        """Return a value in the metric's unit; NaN where the monitor gave none, None where there is nothing to say yet."""
        ...

    def samples(self, metric: int, first: int, count: int) -> NDArray[np.int16]:
        """Return `count` samples of a channel from number `first`, int16, shape (count,)."""
        ...
