"""SQL of alerts, the findings behind them, and the clocks' evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from cloud.alerts.life_cycle import Standing, State
from cloud.database import Connection, value_of
from protocol.findings import Priority

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
    changed_at: datetime
    explanation: str
    level: int
    due_at: datetime | None
    owner_id: UUID | None
    owner_name: str | None
    occurrences: int
    last_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """What happened to an alert. by: the account of whoever did it."""

    at: datetime
    event: str
    by: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """What happened to an alert, and how it stood after it."""

    at: datetime
    event: str
    by_name: str | None
    note: str | None
    state: str
    level: int
    version: int


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
class WholeFinding:
    """Everything that a finding said."""

    id: UUID
    patient: UUID
    kind: str
    priority: str
    at: datetime
    window_from: datetime
    window_to: datetime
    score: float
    explanation: str
    detector: dict[str, str]
    thresholds: dict[str, float]
    coverage: dict[str, float]
    trigger_wearable: UUID | None
    trigger_record: int
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
    select a.id, a.patient_id, p.name as patient_name, a.kind, a.priority, a.state, f.score, a.raised_at, a.changed_at,
           f.explanation #>> '{}' as explanation, a.level, a.due_at, a.owner_id, o.name as owner_name, a.occurrences, a.last_at, a.version
    from alert a join patient p on p.id = a.patient_id join finding f on f.id = a.finding_id left join account o on o.id = a.owner_id
"""


async def alerts(
    connection: Connection, patient: UUID | None, states: Sequence[str], before: tuple[datetime, UUID] | None, limit: int
) -> list[AlertRow]:
    """Return alerts of the organisation, or of one patient, newest first.

    states: only those in one of these; none = all. before: only those that come after this place (raised_at, id) in that order.
    """
    of_patient: LiteralString = "" if patient is None else "a.patient_id = %(patient)s and"
    after: LiteralString = "" if before is None else "a.raised_at <= %(at)s and (a.raised_at < %(at)s or a.id > %(id)s) and"
    async with connection.cursor(row_factory=class_row(AlertRow)) as cursor:
        await cursor.execute(
            _ALERT
            + "where "
            + of_patient
            + after
            + "(%(states)s::text[] = '{}' or a.state = any(%(states)s)) order by a.raised_at desc, a.id limit %(most)s",
            {
                "patient": patient,
                "states": list(states),
                "most": limit,
                "at": None if before is None else before[0],
                "id": None if before is None else before[1],
            },
        )
        return await cursor.fetchall()


async def alert(connection: Connection, wanted: UUID) -> AlertRow | None:
    """Return one alert of the organisation."""
    async with connection.cursor(row_factory=class_row(AlertRow)) as cursor:
        await cursor.execute(_ALERT + "where a.id = %s", [wanted])
        return await cursor.fetchone()


async def changed_since(connection: Connection, since: datetime, known: Mapping[UUID, int]) -> list[AlertRow]:
    """Return the organisation's alerts that changed since, but those known in their version, in the order of changing, at most 200."""
    async with connection.cursor(row_factory=class_row(AlertRow)) as cursor:
        await cursor.execute(
            _ALERT
            + """where a.changed_at >= %s and not exists (
                     select from unnest(%s::uuid[], %s::int[]) k (id, version) where k.id = a.id and k.version >= a.version
                 ) order by a.changed_at, a.id limit %s""",
            [since, list(known.keys()), list(known.values()), MOST_ALERTS],
        )
        return await cursor.fetchall()


async def newest_change(connection: Connection) -> datetime | None:
    """Return when the organisation's newest change of an alert was, by the database's clock."""
    cursor = await connection.execute("select max(changed_at) from alert")
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def now(connection: Connection) -> datetime:
    """Return the database's clock, by which changes of alerts are ordered."""
    at = await value_of(connection, "select clock_timestamp()")
    assert isinstance(at, datetime)
    return at


async def standing_for_update(connection: Connection, wanted: UUID) -> Standing | None:
    """Return how an alert of the organisation stands, and hold it until this transaction ends."""
    cursor = await connection.execute(
        "select state, priority, level, due_at, owner_id, occurrences, last_at, version from alert where id = %s for update", [wanted]
    )
    row = await cursor.fetchone()
    return None if row is None else Standing(State(row[0]), Priority(row[1]), *row[2:])


async def change(
    connection: Connection, alert: UUID, organisation: int, standing: Standing, event: AlertEvent, patient: UUID | None = None
) -> None:
    """Write how an alert stands now, and the event by which it came so; tell the live feed."""
    await connection.execute(
        """update alert set state = %s, level = %s, due_at = %s, owner_id = %s, version = %s, changed_at = clock_timestamp()
           where id = %s""",
        [standing.state, standing.level, standing.due_at, standing.owner, standing.version, alert],
    )
    await add_event(connection, alert, organisation, standing, event)
    if patient is not None:
        news = {"organisation": organisation, "patients": [patient.hex], "kinds": ["alert"]}
        await connection.execute("select pg_notify('live', %s)", [dumps(news)])


async def add_event(connection: Connection, alert: UUID, organisation: int, standing: Standing, event: AlertEvent) -> None:
    """Write down what happened to an alert."""
    await connection.execute(
        """insert into alert_event (organisation_id, alert_id, at, event, account_id, note, state, level, version)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        [organisation, alert, event.at, event.event, event.by, event.note, standing.state, standing.level, standing.version],
    )


async def events(connection: Connection, alert: UUID) -> list[EventRow]:
    """Return what happened to an alert, oldest first."""
    async with connection.cursor(row_factory=class_row(EventRow)) as cursor:
        await cursor.execute(
            """select e.at, e.event, a.name as by_name, e.note, e.state, e.level, e.version
               from alert_event e left join account a on a.id = e.account_id where e.alert_id = %s order by e.id""",
            [alert],
        )
        return await cursor.fetchall()


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


async def findings(connection: Connection, alert: UUID) -> list[WholeFinding]:
    """Return all findings of an alert's episode, oldest first, at most 200."""
    async with connection.cursor(row_factory=class_row(WholeFinding)) as cursor:
        await cursor.execute(
            """select f.id, f.patient_id as patient, f.kind, f.priority, f.at, f.window_from, f.window_to, f.score,
                      f.explanation #>> '{}' as explanation, f.detector, f.thresholds, f.coverage, f.trigger_wearable,
                      coalesce(f.trigger_record, -1) as trigger_record, f.evidence, f.key_version::int as key_version
               from alert_finding a join finding f on f.id = a.finding_id where a.alert_id = %s order by f.at, f.id limit %s""",
            [alert, MOST_ALERTS],
        )
        return await cursor.fetchall()


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
