"""SQL of alerts, the findings behind them, and the clocks' evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from cloud.database import Connection

MOST_ALERTS = 200


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with what a list shows of its finding and patient."""

    id: UUID
    patient_id: UUID
    patient_name: str
    kind: str
    priority: str
    state: str
    score: float
    raised_at: datetime
    stored_at: datetime
    explanation: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What a detector found. evidence: as it is stored; opened, CBOR of a sample batch and waveform strips (protocol/batches.py)."""

    detector: dict[str, str]
    thresholds: dict[str, float]
    coverage: dict[str, float]
    window_from: datetime
    window_to: datetime
    id: UUID
    evidence: bytes
    key_version: int | None


@dataclass(frozen=True, slots=True)
class ClockRow:
    """How a wearable's clock was mapped to UTC."""

    wearable: UUID
    at: datetime
    offset_ms: float
    drift_ppm: float
    uncertainty_ms: float


_ALERT: LiteralString = """
    select a.id, a.patient_id, p.name as patient_name, a.kind, a.priority, a.state, f.score, a.raised_at, a.stored_at,
           f.explanation #>> '{}' as explanation
    from alert a join patient p on p.id = a.patient_id join finding f on f.id = a.finding_id
"""


async def alerts(connection: Connection, patient: UUID | None, state: str | None) -> list[AlertRow]:
    """Return the newest alerts of the organisation, or of one patient, newest first, at most 200."""
    of_patient: LiteralString = "" if patient is None else "a.patient_id = %(patient)s and"
    async with connection.cursor(row_factory=class_row(AlertRow)) as cursor:
        await cursor.execute(
            _ALERT
            + "where "
            + of_patient
            + "(%(state)s::text is null or a.state = %(state)s) order by a.raised_at desc, a.id limit %(most)s",
            {"patient": patient, "state": state, "most": MOST_ALERTS},
        )
        return await cursor.fetchall()


async def alert(connection: Connection, wanted: UUID) -> AlertRow | None:
    """Return one alert of the organisation."""
    async with connection.cursor(row_factory=class_row(AlertRow)) as cursor:
        await cursor.execute(_ALERT + "where a.id = %s", [wanted])
        return await cursor.fetchone()


async def stored_since(connection: Connection, stored_since: datetime, known: Sequence[UUID]) -> list[AlertRow]:
    """Return the organisation's alerts stored since, but the known ones, in the order of storing, at most 200."""
    async with connection.cursor(row_factory=class_row(AlertRow)) as cursor:
        await cursor.execute(
            _ALERT + "where a.stored_at >= %s and a.id <> all(%s) order by a.stored_at, a.id limit %s",
            [stored_since, list(known), MOST_ALERTS],
        )
        return await cursor.fetchall()


async def newest_storing(connection: Connection) -> datetime | None:
    """Return when the organisation's newest alert was stored, by the database's clock."""
    cursor = await connection.execute("select max(stored_at) from alert")
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def finding(connection: Connection, alert: UUID) -> FindingRow | None:
    """Return the finding behind an alert."""
    async with connection.cursor(row_factory=class_row(FindingRow)) as cursor:
        await cursor.execute(
            """select f.detector, f.thresholds, f.coverage, f.window_from, f.window_to, f.id, f.evidence,
                      f.key_version::int as key_version
               from alert a join finding f on f.id = a.finding_id where a.id = %s""",
            [alert],
        )
        return await cursor.fetchone()


async def clocks(connection: Connection, patient: UUID, until: datetime) -> list[ClockRow]:
    """Return, for each wearable of a patient, the newest mapping of its clock at or before `until`."""
    async with connection.cursor(row_factory=class_row(ClockRow)) as cursor:
        await cursor.execute(
            """select w.id as wearable, c.at, c.offset_ms, c.drift_ppm, c.uncertainty_ms
               from wearable w
               cross join lateral (
                   select at, offset_ms, drift_ppm, uncertainty_ms from clock_evidence
                   where wearable_id = w.id and at <= %s order by at desc limit 1
               ) c
               where w.patient_id = %s order by w.id""",
            [until, patient],
        )
        return await cursor.fetchall()
