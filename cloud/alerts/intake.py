"""What ingest and the cloud's own rules write of findings, and the alert that each of them raises, in one transaction."""

from datetime import UTC, datetime, timedelta
from json import dumps
from uuid import UUID, uuid5

from cloud.alerts.places import place_of_evidence
from cloud.data_keys.data_key import DataKey
from cloud.database import Connection, value_of
from protocol.findings import Finding
from protocol.samples import NO_RECORD

_ALERTS = UUID("8d2b0a1e-4b1f-4d6a-9c53-6d6564690001")
_OWN_ALERTS = UUID("2a0c7f0e-59b3-4d0e-8f3c-6d6564690002")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


async def add_finding(connection: Connection, key: DataKey, gateway: UUID, epoch: bytes, counter: int, finding: Finding) -> UUID | None:
    """Insert a finding, its evidence sealed by its organisation's key; it raises an alert or joins the one that is open.

    Returns the alert's id, or None when this finding had been said before.
    """
    cursor = await connection.execute(
        "insert into finding(id, organisation_id, patient_id, gateway_id, epoch, counter, kind, priority, at, window_from, window_to,"
        " score, trigger_record, trigger_wearable, detector, thresholds, coverage, explanation, evidence, key_version)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s) on conflict (id) do nothing returning id",
        (
            finding.id,
            key.organisation,
            finding.patient,
            gateway,
            epoch,
            counter,
            finding.kind,
            finding.priority,
            _moment(finding.at),
            _moment(finding.window_from),
            _moment(finding.window_to),
            finding.score,
            None if finding.trigger_record == NO_RECORD else finding.trigger_record,
            finding.trigger_wearable,
            dumps({"name": finding.detector.name, "version": finding.detector.version, "sha256": finding.detector.sha256}),
            dumps(dict(finding.thresholds)),
            dumps(dict(finding.coverage)),
            dumps(finding.explanation),
            key.seal(finding.evidence, place_of_evidence(finding.id)),
            key.version,
        ),
    )
    if await cursor.fetchone() is None:
        return None
    alert = await value_of(
        connection,
        "select raise_alert(%s, %s, %s, %s, %s, %s, %s)",
        (
            uuid5(_ALERTS, finding.id.hex),
            key.organisation,
            finding.patient,
            finding.id,
            finding.kind,
            str(finding.priority),
            _moment(finding.at),
        ),
    )
    assert isinstance(alert, UUID)
    return alert


async def raise_finding(connection: Connection, organisation: int, finding: Finding) -> bool:
    """Store what a rule of the cloud found, as mediassist_watch, and raise its alert; False when it was found before."""
    detector = {"name": finding.detector.name, "version": finding.detector.version, "sha256": finding.detector.sha256}
    return bool(
        await value_of(
            connection,
            """select raise_finding(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s)""",
            [
                *(finding.id, uuid5(_OWN_ALERTS, f"alert {finding.id}"), organisation, finding.patient, finding.trigger_wearable),
                *(finding.kind, str(finding.priority), _moment(finding.at), _moment(finding.window_from), _moment(finding.window_to)),
                *(finding.score, dumps(detector), dumps(dict(finding.thresholds)), dumps(dict(finding.coverage))),
                *(finding.explanation, finding.evidence),
            ],
        )
    )
