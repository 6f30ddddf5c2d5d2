"""SQL of patients, and of what a list of patients shows about each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.database import Connection
from protocol.metrics import METRICS, Form

_WAVEFORMS = [code for code, metric in METRICS.items() if metric.form is Form.WAVEFORM]


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient. zone: IANA name, for display only."""

    id: UUID
    name: str
    born: date
    zone: str


@dataclass(frozen=True, slots=True)
class WearableRow:
    """A wearable that a patient wears."""

    id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class LatestRow:
    """The newest reading of a series. value None exactly when `absence` (code) says why."""

    patient_id: UUID
    wearable_id: UUID
    metric: int
    at: datetime
    value: float | None
    absence: int | None


@dataclass(frozen=True, slots=True)
class HeardRow:
    """When the newest waveform piece of a series began."""

    patient_id: UUID
    wearable_id: UUID
    at: datetime


async def patients(connection: Connection) -> list[PatientRow]:
    """Return the organisation's patients by name."""
    async with connection.cursor(row_factory=class_row(PatientRow)) as cursor:
        await cursor.execute("select id, name, born, zone from patient order by name, id")
        return await cursor.fetchall()


async def patient(connection: Connection, wanted: UUID) -> PatientRow | None:
    """Return one patient of the organisation."""
    async with connection.cursor(row_factory=class_row(PatientRow)) as cursor:
        await cursor.execute("select id, name, born, zone from patient where id = %s", [wanted])
        return await cursor.fetchone()


async def wearables(connection: Connection, patient: UUID) -> list[WearableRow]:
    """Return what a patient wears, by kind."""
    async with connection.cursor(row_factory=class_row(WearableRow)) as cursor:
        await cursor.execute("select id, kind from wearable where patient_id = %s and removed_at is null order by kind, id", [patient])
        return await cursor.fetchall()


async def latest(connection: Connection, patients: Sequence[UUID]) -> list[LatestRow]:
    """Return the newest reading of each series of these patients: one index probe a series and partition."""
    async with connection.cursor(row_factory=class_row(LatestRow)) as cursor:
        await cursor.execute(
            """select patient_id, wearable_id, metric::int as metric, at, value, absence::int as absence from newest_reading
               where patient_id = any(%s) and metric <> all(%s)""",
            [list(patients), _WAVEFORMS],
        )
        return await cursor.fetchall()


async def waveforms_heard(connection: Connection, patients: Sequence[UUID]) -> list[HeardRow]:
    """Return when the newest waveform piece of each series of these patients began."""
    async with connection.cursor(row_factory=class_row(HeardRow)) as cursor:
        await cursor.execute(
            """select s.patient_id, s.wearable_id, w.at
               from series s
               cross join lateral (select at from waveform where series_id = s.id order by at desc limit 1) w
               where s.patient_id = any(%s) and s.metric = any(%s)""",
            [list(patients), _WAVEFORMS],
        )
        return await cursor.fetchall()


async def open_alerts(connection: Connection) -> dict[UUID, int]:
    """Return how many alerts no person has taken yet, by patient; a patient without one is not in it."""
    cursor = await connection.execute("select patient_id, count(*) from alert where state in ('raised', 'escalated') group by patient_id")
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def add_patient(connection: Connection, organisation: int, new: PatientRow) -> None:
    """Add a patient, or bring name, birth date and zone up to date; as the owner, in the organisation's transaction."""
    await connection.execute(
        """insert into patient (id, organisation_id, name, born, zone) values (%s, %s, %s, %s, %s)
           on conflict (id) do update set name = excluded.name, born = excluded.born, zone = excluded.zone""",
        [new.id, organisation, new.name, new.born, new.zone],
    )
