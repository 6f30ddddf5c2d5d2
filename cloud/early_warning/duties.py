"""The duty of the early-warning score: whose has asked for a response for ten seconds, whatever gateways their wearables speak through."""

from datetime import datetime
from uuid import UUID, uuid5

from cloud.alerts.intake import raise_finding
from cloud.database import Database
from cloud.early_warning import repository
from cloud.traces import to_ms
from models.coverage import coverage_of
from models.early_warning import DETECTOR, METRICS_USED, PERSIST_MS, PRIORITIES, THRESHOLDS, Score, score
from protocol.findings import Finding, encode_evidence
from protocol.metrics import METRICS
from protocol.samples import NO_RECORD

AGAIN_MS = 3_600_000
"""A level that stays is found again so often: it joins its alert, or raises a new one where that was closed."""
WINDOW_MS = 60_000
_VITALS = frozenset(METRICS[code].name for code in METRICS_USED)
_NAMES = UUID("5f6d0f1c-3b1e-4a55-9a07-6d6564690003")


async def check_early_warning(database: Database, now: datetime) -> int:
    """Look at every patient whose score may ask for a response; return how many findings were new."""
    async with database.transaction(None) as connection:
        candidates = await repository.candidates(connection, now)
    new = 0
    for each in candidates:
        async with database.transaction(None) as connection:
            readings = await repository.readings(connection, each.patient, now)
            at = to_ms(now)
            found = score(readings, at, each.scale)
            level = min(found.level, score(readings, at - PERSIST_MS, each.scale).level)
            if level:
                measured = coverage_of([reading for reading in readings if at - WINDOW_MS < reading.at <= at], WINDOW_MS)
                finding = _finding(
                    each.patient, found, level, at, each.scale, {name: measured[name] for name in measured if name in _VITALS}
                )
                new += await raise_finding(connection, each.organisation, finding)
    return new


def _finding(patient: UUID, found: Score, level: int, at: int, scale: int, coverage: dict[str, float]) -> Finding:
    newest = max(found.evidence, key=lambda reading: reading.at)
    return Finding(
        id=uuid5(_NAMES, f"early warning {patient} {level} {at // AGAIN_MS}"),
        patient=patient,
        kind="early_warning",
        priority=PRIORITIES[level],
        at=at,
        window_from=at - WINDOW_MS,
        window_to=at,
        score=float(found.low),
        explanation=found.explain(),
        detector=DETECTOR,
        thresholds={**THRESHOLDS, "spo2_scale": float(scale), "persist_ms": float(PERSIST_MS)},
        coverage=coverage,
        trigger_wearable=newest.wearable,
        trigger_record=NO_RECORD,
        evidence=encode_evidence(found.evidence),
    )
