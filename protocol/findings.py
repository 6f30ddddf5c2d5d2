"""What a watch on the gateway found: the finding, and the evidence that lets anyone compute it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from uuid import UUID

import numpy as np

from protocol.batches import decode_batch, encode_batch
from protocol.cbor import field, uuid_of
from protocol.errors import Malformed
from protocol.samples import Reading, SampleBatch, WaveformPiece, batch_of


class Priority(StrEnum):
    """How soon a person must act; the words have the meaning that IEC 60601-1-8 gives them."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Detector:
    """Which rule or model spoke: name, version and SHA-256 (hex) of the table or artefact it ran."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a watch found in one patient's readings.

    at, window_from, window_to: ms UTC. score: the detector's own scale. thresholds, coverage: by name; coverage in 0..1.
    trigger_wearable, trigger_record: the record whose arrival raised it. evidence: `encode_evidence` of the raw window.
    """

    id: UUID
    patient: UUID
    kind: str
    priority: Priority
    at: int
    window_from: int
    window_to: int
    score: float
    explanation: str
    detector: Detector
    thresholds: Mapping[str, float]
    coverage: Mapping[str, float]
    trigger_wearable: UUID
    trigger_record: int
    evidence: bytes


def encode_evidence(readings: Sequence[Reading], strips: Sequence[WaveformPiece] = ()) -> bytes:
    """Return a raw window as bytes."""
    return encode_batch(batch_of(readings), strips)


def decode_evidence(data: bytes) -> SampleBatch:
    """Return the readings of a raw window.

    Raises:
        Malformed: not written by `encode_evidence`.
    """
    return decode_batch(data)[0]


def decode_strips(data: bytes) -> list[WaveformPiece]:
    """Return the waveforms of a raw window.

    Raises:
        Malformed: not written by `encode_evidence`.
    """
    return decode_batch(data)[1]


def finding_map(finding: Finding) -> dict[str, object]:
    """Return a finding as a map for CBOR."""
    return {
        "id": finding.id.bytes,
        "patient": finding.patient.bytes,
        "kind": finding.kind,
        "priority": str(finding.priority),
        "at": finding.at,
        "from": finding.window_from,
        "to": finding.window_to,
        "score": float(finding.score),
        "explanation": finding.explanation,
        "detector": finding.detector.name,
        "version": finding.detector.version,
        "sha256": finding.detector.sha256,
        "thresholds": dict(finding.thresholds),
        "coverage": dict(finding.coverage),
        "trigger_wearable": finding.trigger_wearable.bytes,
        "trigger_record": finding.trigger_record,
        "evidence": finding.evidence,
    }


def finding_from(body: Mapping[str, object]) -> Finding:
    """Read a finding.

    Raises:
        Malformed: a field is missing, of another type or out of range, or the evidence cannot be read.
    """
    try:
        priority = Priority(field(body, "priority", str))
    except ValueError as error:
        raise Malformed(str(error)) from error
    finding = Finding(
        id=uuid_of(body.get("id"), "id"),
        patient=uuid_of(body.get("patient"), "patient"),
        kind=field(body, "kind", str),
        priority=priority,
        at=field(body, "at", int),
        window_from=field(body, "from", int),
        window_to=field(body, "to", int),
        score=field(body, "score", float),
        explanation=field(body, "explanation", str),
        detector=Detector(field(body, "detector", str), field(body, "version", str), field(body, "sha256", str)),
        thresholds=_numbers(body, "thresholds"),
        coverage=_numbers(body, "coverage"),
        trigger_wearable=uuid_of(body.get("trigger_wearable"), "trigger_wearable"),
        trigger_record=field(body, "trigger_record", int),
        evidence=field(body, "evidence", bytes),
    )
    if not (np.isfinite(finding.score) and 0 <= finding.window_from <= finding.window_to < 1 << 46 and 0 <= finding.at < 1 << 46):
        raise Malformed("a finding's score or window is out of range")
    decode_evidence(finding.evidence)
    return finding


def _numbers(body: Mapping[str, object], name: str) -> dict[str, float]:
    table = cast("dict[object, object]", field(body, name, dict))
    numbers: dict[str, float] = {}
    for key, value in table.items():
        if not isinstance(key, str) or isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise Malformed(f"field {name!r} is not a table of finite numbers by name")
        numbers[key] = float(value)
    return numbers
