"""What did the detector see? The raw window of a finding as series and waveforms."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from cloud.alerts.repository import WholeFinding
from cloud.traces import Point, Series, WaveformOut, from_ms, to_ms
from cloud.traces import series_of as series_of_points
from protocol.batches import decode_batch
from protocol.errors import Malformed
from protocol.findings import Detector, Finding, Priority
from protocol.metrics import METRICS


@dataclass(frozen=True, slots=True)
class Evidence:
    """The raw window."""

    series: list[Series]
    waveforms: list[WaveformOut]


def finding_of(row: WholeFinding, evidence: bytes) -> Finding:
    """Return a stored finding as its detector said it. evidence: opened."""
    return Finding(
        id=row.id,
        patient=row.patient,
        kind=row.kind,
        priority=Priority(row.priority),
        at=to_ms(row.at),
        window_from=to_ms(row.window_from),
        window_to=to_ms(row.window_to),
        score=row.score,
        explanation=row.explanation,
        detector=Detector(row.detector["name"], row.detector["version"], row.detector["sha256"]),
        thresholds=row.thresholds,
        coverage=row.coverage,
        trigger_wearable=row.trigger_wearable or UUID(int=0),
        trigger_record=row.trigger_record,
        evidence=evidence,
    )


def read_evidence(data: bytes) -> Evidence:
    """Unpack the evidence that a gateway sent with its finding; what cannot be read is empty (it is kept as it came)."""
    try:
        batch, strips = decode_batch(data)
    except Malformed:
        return Evidence([], [])
    points = [
        Point(int(metric), from_ms(int(at)), None if np.isnan(value) else float(value))
        for metric, at, value in zip(batch.metric, batch.at, batch.value, strict=True)
    ]
    waveforms: list[WaveformOut] = []
    for strip in sorted(strips, key=lambda strip: strip.at):
        metric = METRICS[strip.metric]
        values: list[float] = np.round(strip.samples.astype(np.float64) * strip.gain, 6).tolist()
        waveforms.append(WaveformOut(metric.name, metric.unit, strip.at, strip.rate_hz, values))
    return Evidence(series_of_points(points), waveforms)
