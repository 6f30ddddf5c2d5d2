"""The duties of rules: which vital is outside its patient's limits or far from what is usual, who is silent, and what homes are to be told."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

import structlog

from cloud.alerts.intake import raise_finding
from cloud.database import Database
from cloud.orders import give
from cloud.rules import repository
from cloud.rules.repository import Silent, SilentHome, Threshold, Untold
from cloud.traces import to_ms
from models import baseline
from models.baseline import Baseline
from models.threshold import DETECTOR, breached, explain, score
from protocol.findings import Detector, Finding, Priority, encode_evidence
from protocol.metrics import METRICS
from protocol.patient_rules import PatientRules, PersonalBaseline, PersonalThreshold
from protocol.samples import NO_RECORD, Reading

log = structlog.get_logger()

SILENT_AFTER = timedelta(minutes=5)
AGAIN_AFTER = timedelta(hours=1)
"""A silence, or a vital that stays outside, is found again so often: it joins its alert, or raises a new one where that was closed."""

LEARN_AFTER, MOST_LEARNT = timedelta(days=1), 200
"""What is usual for a person is learnt anew so often, for so many patients at once."""
TELL_AGAIN_AFTER, MOST_TOLD = timedelta(days=1), 500
"""A home is told anew of rules that did not change so often: it may have lost them."""

SLOWLY_SILENT_AFTER = timedelta(minutes=20)
"""Of a sensor that speaks every five minutes."""
HOME_SILENT_AFTER, SILENT_FOR_GOOD = timedelta(minutes=30), timedelta(days=2)
"""Of a gateway; one that was heard longer ago than the latter is gone, and was told of."""
SILENCE = Detector("silence", "1", sha256(b"mediassist silence rule 1").hexdigest())
_NAMES = UUID("2a0c7f0e-59b3-4d0e-8f3c-6d6564690002")


async def check_thresholds(database: Database, now: datetime) -> int:
    """Look at every patient whose vitals are outside their thresholds now; return how many findings were new."""
    async with database.transaction(None) as connection:
        left = await repository.left_thresholds(connection, now)
    new = 0
    for organisation, threshold in left:
        async with database.transaction(None) as connection:
            since = now - timedelta(seconds=threshold.for_seconds)
            readings = await repository.recent(connection, threshold.patient, threshold.metric, since, now)
            if breached(threshold.limits, readings, to_ms(now)):
                finding = _outside(threshold, readings, now)
                new += await raise_finding(connection, organisation, finding)
    return new


def _outside(threshold: Threshold, readings: list[Reading], now: datetime) -> Finding:
    metric, limits = METRICS[threshold.metric], threshold.limits
    last = next(reading for reading in reversed(readings) if not reading.absence)
    side = "low" if limits.low is not None and last.value < limits.low else "high"
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
        explanation=explain(limits, last),
        detector=DETECTOR,
        thresholds=limits.numbers(threshold.metric),
        coverage={},
        trigger_wearable=last.wearable,
        trigger_record=last.record,
        evidence=encode_evidence(readings),
    )


async def check_baselines(database: Database, now: datetime) -> int:
    """Look at every patient whose vitals depart from what is usual for them; return how many findings were new."""
    since = now - timedelta(seconds=baseline.SPAN_SECONDS)
    async with database.transaction(None) as connection:
        odd = await repository.odd_baselines(connection, since)
    new = 0
    for organisation, patient, usual in odd:
        async with database.transaction(None) as connection:
            readings = await repository.recent(connection, patient, usual.metric, since, now)
            if baseline.departed(usual, readings):
                finding = _departed(patient, usual, readings, now)
                new += await raise_finding(connection, organisation, finding)
    return new


def _departed(patient: UUID, usual: Baseline, readings: list[Reading], now: datetime) -> Finding:
    last = next(reading for reading in reversed(readings) if not reading.absence)
    turn = to_ms(now) // int(AGAIN_AFTER / timedelta(milliseconds=1))
    return Finding(
        id=uuid5(_NAMES, f"baseline {patient} {METRICS[usual.metric].code} {turn}"),
        patient=patient,
        kind="baseline",
        priority=Priority.LOW,
        at=to_ms(now),
        window_from=to_ms(now) - 1000 * baseline.SPAN_SECONDS,
        window_to=to_ms(now),
        score=baseline.score(usual, readings),
        explanation=baseline.explain(usual, readings),
        detector=baseline.DETECTOR,
        thresholds=usual.numbers(),
        coverage={},
        trigger_wearable=last.wearable,
        trigger_record=last.record,
        evidence=encode_evidence(readings),
    )


async def learn_baselines(database: Database, now: datetime) -> int:
    """Learn what is usual for some of the patients for whom it was not learnt within a day; return how many these were."""
    async with database.transaction(None) as connection:
        patients = await repository.patients_without_baselines(connection, now - LEARN_AFTER, MOST_LEARNT)
        await repository.make_baselines(connection, patients, now)
    return len(patients)


async def tell_homes(database: Database, now: datetime) -> int:
    """Order gateways to watch patients by the rules that changed, or that were told long ago; return how many orders these are."""
    told = 0
    async with database.transaction(None) as connection:
        for each in await repository.untold(connection, now - TELL_AGAIN_AFTER, MOST_TOLD):
            for number in (await give(connection, [each.gateway], _order(each), datetime.now(UTC))).values():
                await repository.note_told(connection, each, number, now)
                told += 1
    return told


def _order(of: Untold) -> PatientRules:
    thresholds = tuple(PersonalThreshold(metric, low, high, s, Priority(word)) for metric, low, high, s, word in of.thresholds)
    return PatientRules(of.patient, of.spo2_scale, thresholds, tuple(PersonalBaseline(*each) for each in of.baselines))


async def find_silence(database: Database, now: datetime) -> int:
    """Look who spoke in the last two days and has been silent for five minutes; return how many findings were new."""
    async with database.transaction(None) as connection:
        found = await repository.silent(connection, now, SILENT_AFTER, SLOWLY_SILENT_AFTER)
        new = 0
        for each in found:
            finding = _silence(each, now)
            new += await raise_finding(connection, each.organisation, finding)
        return new


async def find_silent_homes(database: Database, now: datetime, wall: datetime) -> int:
    """Look which gateways have not said for half an hour how they stand, which they do every ten minutes; return how many findings were new.

    wall: UTC, of the wall's clock, by which standings are noted.
    """
    async with database.transaction(None) as connection:
        found = await repository.silent_homes(connection, wall - SILENT_FOR_GOOD, wall - HOME_SILENT_AFTER)
        new = 0
        for each in found:
            finding = _silent_home(each, now, wall)
            new += await raise_finding(connection, each.organisation, finding)
        return new


def _silence(silent: Silent, now: datetime) -> Finding:
    lasted = now - silent.heard_at
    which = f"silence {silent.wearable} {silent.heard_at.isoformat()} {lasted // AGAIN_AFTER}"
    return _said_nothing(silent, "silence", which, "a wearable", SILENT_AFTER, lasted, now)


def _silent_home(silent: SilentHome, now: datetime, wall: datetime) -> Finding:
    lasted = wall - silent.heard_at
    which = f"silent home {silent.gateway} {silent.patient} {silent.heard_at.isoformat()} {lasted // AGAIN_AFTER}"
    return _said_nothing(silent, "silent_home", which, "the hub at home", HOME_SILENT_AFTER, lasted, now)


def _said_nothing(
    silent: Silent | SilentHome, kind: str, which: str, who: str, after: timedelta, lasted: timedelta, now: datetime
) -> Finding:
    """Return what is found of a silence. which: names it, so that whoever finds it again finds the same. after: from when on it is one."""
    minutes = lasted / timedelta(minutes=1)
    return Finding(
        id=uuid5(_NAMES, which),
        patient=silent.patient,
        kind=kind,
        priority=Priority.MEDIUM,
        at=to_ms(now),
        window_from=to_ms(now - lasted),
        window_to=to_ms(now),
        score=round(minutes, 1),
        explanation=f"{who} has said nothing for {minutes:.0f} minutes",
        detector=SILENCE,
        thresholds={"minutes": after / timedelta(minutes=1)},
        coverage={},
        trigger_wearable=silent.wearable,
        trigger_record=NO_RECORD,
        evidence=encode_evidence([]),
    )
