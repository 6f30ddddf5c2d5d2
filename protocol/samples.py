"""Readings and waveform pieces: one value, or evenly spaced samples, of one wearable, with the time evidence.

Times are integers, milliseconds since 1970-01-01 UTC. A `record` is the wearable's own number of the record that carried
the value, (session << 32) | sequence, or NO_RECORD from a wearable that numbers nothing; it is what lets a reader count
losses and repeats from sensor to row.
"""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True, eq=False)
class SampleBatch:
    """Readings as columns, all of shape (n,): what one message carries.

    wearables: the distinct wearables; `wearable` holds each row's place among them (uint8).
    metric: uint16 codes. at: int64 ms UTC. value: float64. absence: uint8. record: int64.
    clocks: how these wearables' clocks were mapped when the batch was made.
    """

    wearables: tuple[UUID, ...]
    wearable: NDArray[np.uint8]
    metric: NDArray[np.uint16]
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    absence: NDArray[np.uint8]
    record: NDArray[np.int64]
    clocks: tuple[ClockEvidence, ...] = ()

    def __len__(self) -> int:
        return len(self.at)

    def readings(self) -> list[Reading]:
        """Return the rows one by one."""
        return [
            Reading(self.wearables[int(w)], int(metric), int(at), float(value), int(record), Absence(int(absence)))
            for w, metric, at, value, record, absence in zip(
                self.wearable.tolist(), self.metric, self.at, self.value, self.record, self.absence, strict=True
            )
        ]


def batch_of(readings: Sequence[Reading], clocks: Sequence[ClockEvidence] = ()) -> SampleBatch:
    """Turn readings (of at most 256 wearables) into columns, in the order given."""
    places: dict[UUID, int] = {}
    for reading in readings:
        places.setdefault(reading.wearable, len(places))
    return SampleBatch(
        wearables=tuple(places),
        wearable=np.array([places[r.wearable] for r in readings], dtype=np.uint8),
        metric=np.array([r.metric for r in readings], dtype=np.uint16),
        at=np.array([r.at for r in readings], dtype=np.int64),
        value=np.array([r.value for r in readings], dtype=np.float64),
        absence=np.array([r.absence for r in readings], dtype=np.uint8),
        record=np.array([r.record for r in readings], dtype=np.int64),
        clocks=tuple(clocks),
    )


def joined(pieces: Sequence[WaveformPiece]) -> list[WaveformPiece]:
    """Join pieces that continue each other (same wearable, metric, rate, gain; the next sample) into longer ones.

    The time of a joined piece is that of its first sample; pieces come out ordered by wearable, metric and sample.
    """
    ordered = sorted(pieces, key=lambda p: (p.wearable, p.metric, p.first_sample))
    runs: list[list[WaveformPiece]] = []
    for piece in ordered:
        last = runs[-1][-1] if runs else None
        continues = last is not None and (
            (last.wearable, last.metric, last.rate_hz, last.gain) == (piece.wearable, piece.metric, piece.rate_hz, piece.gain)
            and last.first_sample + len(last.samples) == piece.first_sample
        )
        if continues:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return [
        run[0]
        if len(run) == 1
        else WaveformPiece(
            wearable=run[0].wearable,
            metric=run[0].metric,
            at=run[0].at,
            rate_hz=run[0].rate_hz,
            gain=run[0].gain,
            first_sample=run[0].first_sample,
            samples=np.concatenate([piece.samples for piece in run]),
            record=run[0].record,
        )
        for run in runs
    ]
