"""What a watch says when it raises: the conclusion, what it rests on, and enough to compute the score again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from protocol.findings import Detector
from protocol.samples import Reading, WaveformPiece

FindingKind = Literal[
    "early_warning",
    "vital_anomaly",
    "glucose",
    "threshold",
    "baseline",
    "vital_trend",
    "atrial_fibrillation",
    "ventricular_tachycardia",
    "pause",
]
Priority = Literal["high", "medium", "low"]

_FINDINGS = UUID("8d2b0f1d-4b1f-4d6a-9c53-6d6564690001")


@dataclass(frozen=True, slots=True)
class WatchFinding:
    """One conclusion about one patient; ids only, never a name.

    id: follows from patient, kind, trigger and time alone, so that a finding raised again after a crash is the same finding.
    at, window_from, window_to: ms UTC; the window is (window_from, window_to]. at: the moment that was judged.
    score: what was compared with the thresholds (early warning: the low bound; anomaly: 0..1).
    score_low, score_high: the range that missing parameters leave; both equal `score` where there is none.
    thresholds: name -> value, as they stood. coverage: metric name -> received/expected over the window, 0..1.
    trigger: what raised it by arriving. evidence: every reading the score was computed from, by metric, then time; strips: every sample.
    """

    id: UUID
    patient: UUID
    kind: FindingKind
    priority: Priority
    at: int
    window_from: int
    window_to: int
    score: float
    score_low: float
    score_high: float
    explanation: str
    detector: Detector
    thresholds: Mapping[str, float]
    coverage: Mapping[str, float]
    trigger: Reading | WaveformPiece
    evidence: tuple[Reading, ...]
    strips: tuple[WaveformPiece, ...] = ()


def finding_id(patient: UUID, kind: str, trigger: Reading | WaveformPiece, at: int) -> UUID:
    """Name a finding by what caused it: the same cause gives the same id on every machine, before and after a crash."""
    return uuid5(_FINDINGS, f"{patient}/{kind}/{trigger.wearable}/{trigger.record}/{at}")
