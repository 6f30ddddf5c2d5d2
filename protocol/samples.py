"""Readings and waveform pieces: one value, or evenly spaced samples, of one wearable, with the time evidence.

Times are integers, milliseconds since 1970-01-01 UTC. A `record` is the wearable's own number of the record that carried
the value, (session << 32) | sequence, or NO_RECORD from a wearable that numbers nothing; it is what lets a reader count
losses and repeats from sensor to row.
"""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from protocol.metrics import Absence

NO_RECORD = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one metric.

    metric: code of `protocol.metrics`. at: ms UTC. value: in the metric's unit; NaN exactly when `absence` says why.
    """

    wearable: UUID
    metric: int
    at: int
    value: float
    record: int = NO_RECORD
    absence: Absence = Absence.PRESENT


@dataclass(frozen=True, slots=True, eq=False)
class WaveformPiece:
    """Evenly sampled values of one metric of form waveform.

    at: ms UTC of the first sample. rate_hz: samples a second, > 0. gain: metric units per step.
    first_sample: (session << 32) | number of the first sample since the wearable started. samples: int16, shape (n,).
    """

    wearable: UUID
    metric: int
    at: int
    rate_hz: float
    gain: float
    first_sample: int
    samples: NDArray[np.int16]
    record: int = NO_RECORD


@dataclass(frozen=True, slots=True)
class ClockEvidence:
    """How a wearable's own clock was mapped to UTC: UTC = ticks + offset, known to +- uncertainty.

    at: ms UTC of the estimate. offset_ms: may be any size (ticks start at the wearable's boot). drift_ppm: wearable fast > 0.
    uncertainty_ms: half-width, >= 0.
    """

    wearable: UUID
    at: int
    offset_ms: float
    drift_ppm: float
    uncertainty_ms: float
