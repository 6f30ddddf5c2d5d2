"""Sample batches and waveform strips as CBOR maps, columns as typed arrays; and back, with every number checked.

`batch_from` reads one body; `protocol.joined_batches` reads hundreds at once.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import cast

import cbor2
import numpy as np

from protocol.cbor import field, load_map, maps, uuid_of
from protocol.errors import Malformed
from protocol.metrics import METRICS, Absence, Form, metric_of
from protocol.samples import ClockEvidence, SampleBatch, WaveformPiece
from protocol.typed_arrays import column_of, typed_array
from protocol.waveform import ENCODING, decode_samples, encode_samples

VALUE_CODES = np.array(sorted(code for code, metric in METRICS.items() if metric.form is Form.VALUE), dtype=np.uint16)
LATEST = 1 << 46  # ms UTC; the year 4199
LAST_ABSENCE = max(Absence)


def batch_map(batch: SampleBatch) -> dict[str, object]:
    """Return a batch as a map of columns."""
    return {
        "wearables": [wearable.bytes for wearable in batch.wearables],
        "wearable": typed_array(batch.wearable),
        "metric": typed_array(batch.metric),
        "at": typed_array(batch.at),
        "value": typed_array(batch.value),
        "absence": typed_array(batch.absence),
        "record": typed_array(batch.record),
        "clocks": [_clock_map(clock) for clock in batch.clocks],
    }


def batch_from(body: Mapping[str, object]) -> SampleBatch:
    """Read a map of columns.

    Raises:
        Malformed: a column is missing or of another length, a wearable, metric, time, value or absence is out of range.
    """
    at = column_of(body.get("at"), np.int64)
    n = len(at)
    batch = SampleBatch(
        wearables=tuple(uuid_of(value, "wearables") for value in cast("list[object]", field(body, "wearables", list))),
        wearable=column_of(body.get("wearable"), np.uint8, n),
        metric=column_of(body.get("metric"), np.uint16, n),
        at=at,
        value=column_of(body.get("value"), np.float64, n),
        absence=column_of(body.get("absence"), np.uint8, n),
        record=column_of(body.get("record"), np.int64, n),
        clocks=tuple(_clock_from(item) for item in maps(body, "clocks")),
    )
    _check(batch)
    return batch


def _check(batch: SampleBatch) -> None:
    if len(batch) and int(batch.wearable.max()) >= len(batch.wearables):
        raise Malformed("a reading names a wearable that the batch does not list")
    if not np.isin(batch.metric, VALUE_CODES).all():
        raise Malformed("a reading's metric is not in the catalogue, or is a waveform")
    if not ((batch.at >= 0) & (batch.at < LATEST)).all():
        raise Malformed("a reading's time is outside 1970..4199")
    if not (batch.absence <= LAST_ABSENCE).all():
        raise Malformed("a reading's absence has no such reason")
    present = batch.absence == Absence.PRESENT
    if (np.isnan(batch.value) == present).any():
        raise Malformed("a reading has neither a value nor a reason for its absence, or both")
    for code in np.unique(batch.metric[present]):
        metric = METRICS[int(code)]
        of_it = batch.value[present & (batch.metric == code)]
        if not ((of_it >= metric.low) & (of_it <= metric.high)).all():
            raise Malformed(f"a {metric.name} is outside {metric.low:g}..{metric.high:g} {metric.unit}")


def _clock_map(clock: ClockEvidence) -> dict[str, object]:
    return {
        "wearable": clock.wearable.bytes,
        "at": clock.at,
        "offset_ms": float(clock.offset_ms),
        "drift_ppm": float(clock.drift_ppm),
        "uncertainty_ms": float(clock.uncertainty_ms),
    }


def _clock_from(item: Mapping[str, object]) -> ClockEvidence:
    numbers = (field(item, "offset_ms", float), field(item, "drift_ppm", float), field(item, "uncertainty_ms", float))
    if not all(map(isfinite, numbers)) or numbers[2] < 0:
        raise Malformed("a clock's evidence is not finite, or its uncertainty is negative")
    at = field(item, "at", int)
    if not 0 <= at < LATEST:
        raise Malformed("a clock's time is outside 1970..4199")
    return ClockEvidence(uuid_of(item.get("wearable"), "wearable"), at, *numbers)


def strip_map(piece: WaveformPiece) -> dict[str, object]:
    """Return a waveform piece as a map, its samples packed."""
    return {
        "wearable": piece.wearable.bytes,
        "metric": piece.metric,
        "at": piece.at,
        "rate_hz": float(piece.rate_hz),
        "gain": float(piece.gain),
        "first_sample": piece.first_sample,
        "count": len(piece.samples),
        "encoding": ENCODING,
        "samples": encode_samples(piece.samples),
    }


def strip_from(item: Mapping[str, object]) -> WaveformPiece:
    """Read a waveform piece.

    Raises:
        Malformed: a field is missing or out of range, or the samples do not unpack.
    """
    metric = metric_of(field(item, "metric", int))
    at, rate_hz, gain = field(item, "at", int), field(item, "rate_hz", float), field(item, "gain", float)
    first = field(item, "first_sample", int)
    if metric.form is not Form.WAVEFORM:
        raise Malformed(f"{metric.name} is not a waveform")
    if not (0 < rate_hz <= 100_000 and np.isfinite(gain) and 0 <= at < LATEST and 0 <= first < 1 << 63):
        raise Malformed("a waveform's rate, gain, time or sample number is out of range")
    samples = decode_samples(field(item, "encoding", str), field(item, "samples", bytes), field(item, "count", int))
    return WaveformPiece(uuid_of(item.get("wearable"), "wearable"), metric.code, at, rate_hz, gain, first, samples)


def encode_batch(batch: SampleBatch, strips: Sequence[WaveformPiece] = ()) -> bytes:
    """Return a batch, and the waveform strips beside it, as bytes: the form in which evidence is kept."""
    return cbor2.dumps({**batch_map(batch), "strips": [strip_map(strip) for strip in strips]}, canonical=True)


def decode_batch(data: bytes) -> tuple[SampleBatch, list[WaveformPiece]]:
    """Read what `encode_batch` wrote.

    Raises:
        Malformed: it did not.
    """
    body = load_map(data)
    return batch_from(body), [strip_from(item) for item in maps(body, "strips")]
