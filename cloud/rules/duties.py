"""The two duties of rules: look whether a vital is outside its patient's limits, and who has fallen silent."""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

import structlog

from cloud.database import Database
from cloud.rules import repository
from cloud.rules.repository import Silent, Threshold
from cloud.rules.threshold import DETECTOR, breached, score
from cloud.traces import to_ms
from protocol.findings import Detector, Finding, Priority, encode_evidence
from protocol.metrics import METRICS
from protocol.samples import NO_RECORD, Reading

log = structlog.get_logger()

SILENT_AFTER = timedelta(minutes=5)
AGAIN_AFTER = timedelta(hours=1)
"""A silence, or a vital that stays outside, is found again so often: it joins its alert, or raises a new one where that was closed."""

SLOWLY_SILENT_AFTER = timedelta(minutes=20)
"""Of a sensor that speaks every five minutes."""
SILENCE = Detector("silence", "1", sha256(b"mediassist silence rule 1").hexdigest())
_NAMES = UUID("2a0c7f0e-59b3-4d0e-8f3c-6d6564690002")


async def check_thresholds(database: Database, now: datetime) -> int:
    """Look at every patient who has thresholds; return how many findings were new."""
    async with database.transaction(None) as connection:
        known = await repository.all_thresholds(connection)
    new = 0
    for organisation, threshold in known:
        async with database.transaction(None) as connection:
            since = now - timedelta(seconds=threshold.for_seconds)
            readings = await repository.recent(connection, threshold.patient, threshold.metric, since, now)
            if breached(threshold.limits, readings, to_ms(now)):
                finding = _outside(threshold, readings, now)
                moments = {"at": now, "since": since, "until": now}
                new += await repository.raise_finding(connection, organisation, uuid5(_NAMES, f"alert {finding.id}"), finding, moments)
    return new


def _outside(threshold: Threshold, readings: list[Reading], now: datetime) -> Finding:
    metric, limits = METRICS[threshold.metric], threshold.limits
    last = next(reading for reading in reversed(readings) if not reading.absence)
    side = "low" if limits.low is not None and last.value < limits.low else "high"
    bound = limits.low if side == "low" else limits.high
    turn = to_ms(now) // int(AGAIN_AFTER / timedelta(milliseconds=1))
    return Finding(
        id=uuid5(_NAMES, f"threshold {threshold.patient} {metric.code} {side} {turn}"),
        patient=threshold.patient,
        kind="threshold",
        priority=Priority(threshold.priority),
        at=to_ms(now),
        window_from=to_ms(now) - 1000 * threshold.for_seconds,
        window_to=to_ms(now),
        score=score(limits, readings),
        explanation=f"{metric.name} {last.value:.{metric.decimals}f} {metric.unit}, for {threshold.for_seconds} s "
        f"{'below' if side == 'low' else 'above'} {bound:g}",
        detector=DETECTOR,
        thresholds=limits.numbers(),
        coverage={},
        trigger_wearable=last.wearable,
        trigger_record=last.record,
        evidence=encode_evidence(readings),
    )


async def find_silence(database: Database, now: datetime) -> int:
    """Look who spoke in the last two days and has been silent for five minutes; return how many findings were new."""
    async with database.transaction(None) as connection:
        found = await repository.silent(connection, now, SILENT_AFTER, SLOWLY_SILENT_AFTER)
        new = 0
        for each in found:
            finding = _silence(each, now)
            moments = {"at": now, "since": each.heard_at, "until": now}
            new += await repository.raise_finding(connection, each.organisation, uuid5(_NAMES, f"alert {finding.id}"), finding, moments)
        return new


def _silence(silent: Silent, now: datetime) -> Finding:
    lasted = now - silent.heard_at
    minutes = lasted / timedelta(minutes=1)
    return Finding(
        id=uuid5(_NAMES, f"silence {silent.wearable} {silent.heard_at.isoformat()} {lasted // AGAIN_AFTER}"),
        patient=silent.patient,
        kind="silence",
        priority=Priority.MEDIUM,
        at=to_ms(now),
        window_from=to_ms(silent.heard_at),
        window_to=to_ms(now),
        score=round(minutes, 1),
        explanation=f"a wearable has said nothing for {minutes:.0f} minutes",
        detector=SILENCE,
        thresholds={"minutes": SILENT_AFTER / timedelta(minutes=1)},
        coverage={},
        trigger_wearable=silent.wearable,
        trigger_record=NO_RECORD,
        evidence=encode_evidence([]),
    )
