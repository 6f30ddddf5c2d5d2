"""SQL of rules: thresholds, what they are checked against, who is silent, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps
from uuid import UUID

from psycopg.rows import class_row

from cloud.database import Connection, value_of
from cloud.rules.threshold import Limits
from cloud.traces import to_ms
from protocol.findings import Finding
from protocol.metrics import BLOOD_GLUCOSE, BODY_WEIGHT, INTERSTITIAL_GLUCOSE, SYSTOLIC_PRESSURE, Absence
from protocol.samples import NO_RECORD, Reading

_OCCASIONAL = [SYSTOLIC_PRESSURE.code, BLOOD_GLUCOSE.code, BODY_WEIGHT.code]
_SLOW = [INTERSTITIAL_GLUCOSE.code]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A patient's limits for one metric (code), and how grave it is to leave them."""

    patient: UUID
    metric: int
    low: float | None
    high: float | None
    for_seconds: int
    priority: str

    @property
    def limits(self) -> Limits:
        """Return the limits alone."""
        return Limits(self.low, self.high, self.for_seconds)


# As mediassist_watch, of all organisations ------------------------------------------------------------------------------------------


async def all_thresholds(connection: Connection) -> list[tuple[int, Threshold]]:
    """Return every threshold with its organisation."""
    cursor = await connection.execute(
        "select organisation_id, patient_id, metric::int, low, high, for_seconds, priority from threshold order by patient_id, metric"
    )
    return [(row[0], Threshold(*row[1:])) for row in await cursor.fetchall()]


async def recent(connection: Connection, patient: UUID, metric: int, since: datetime, until: datetime) -> list[Reading]:
    """Return a patient's readings of a metric, since <= at <= until, ascending; of all wearables."""
    cursor = await connection.execute(
        """select s.wearable_id, r.at, r.value, r.absence::int, coalesce(r.record, %s)
           from series s join reading r on r.series_id = s.id and r.at >= %s and r.at <= %s
           where s.patient_id = %s and s.metric = %s order by r.at""",
        [NO_RECORD, since, until, patient, metric],
    )
    return [
        Reading(wearable, metric, to_ms(at), float("nan") if value is None else value, record, Absence(absence or 0))
        for wearable, at, value, absence, record in await cursor.fetchall()
    ]


@dataclass(frozen=True, slots=True)
class Silent:
    """A wearable that spoke in the last two days and has not spoken for a while. heard_at: the minute of its newest value."""

    organisation: int
    patient: UUID
    wearable: UUID
    heard_at: datetime


async def silent(connection: Connection, now: datetime, after: timedelta, slowly_after: timedelta) -> list[Silent]:
    """Return the wearables that are silent: as far as readings are added up, so that a watch that was away takes nobody for silent.

    A cuff, a scale or a meter is used now and then and is never silent; what was removed at home is missed by nobody. slowly_after: for a sensor that speaks every few minutes.
    """
    async with connection.cursor(row_factory=class_row(Silent)) as cursor:
        await cursor.execute(
            """select s.organisation_id as organisation, s.patient_id as patient, s.wearable_id as wearable, max(c.last_at) as heard_at
               from coverage c join series s on s.id = c.series_id
               join wearable w on w.id = s.wearable_id and w.removed_at is null
               where c.day >= (%(now)s::timestamptz - interval '2 days')::date
               and not exists (select from series o where o.wearable_id = s.wearable_id and o.metric = any(%(occasional)s))
               group by 1, 2, 3
               having max(c.last_at) < (select least(done, %(now)s) from roll_up)
                   - case when bool_or(s.metric = any(%(slow)s)) then %(slowly_after)s else %(after)s end
               order by 2, 3""",
            {"now": now, "after": after, "slowly_after": slowly_after, "occasional": _OCCASIONAL, "slow": _SLOW},
        )
        return await cursor.fetchall()


async def raise_finding(connection: Connection, organisation: int, alert: UUID, finding: Finding, moments: Mapping[str, datetime]) -> bool:
    """Store what a rule found and raise its alert; False when it was found before. moments: at, since, until."""
    detector = {"name": finding.detector.name, "version": finding.detector.version, "sha256": finding.detector.sha256}
    return bool(
        await value_of(
            connection,
            """select raise_finding(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s)""",
            [
                *(finding.id, alert, organisation, finding.patient, finding.trigger_wearable, finding.kind, str(finding.priority)),
                *(moments["at"], moments["since"], moments["until"], finding.score, dumps(detector), dumps(dict(finding.thresholds))),
                *(dumps(dict(finding.coverage)), finding.explanation, finding.evidence),
            ],
        )
    )


# As mediassist_app, in the organisation's transaction -------------------------------------------------------------------------------


async def thresholds(connection: Connection, patient: UUID) -> list[Threshold]:
    """Return a patient's thresholds by metric."""
    async with connection.cursor(row_factory=class_row(Threshold)) as cursor:
        await cursor.execute(
            """select patient_id as patient, metric::int as metric, low, high, for_seconds, priority from threshold
               where patient_id = %s order by metric""",
            [patient],
        )
        return await cursor.fetchall()


async def put_thresholds(
    connection: Connection, organisation: int, patient: UUID, new: Sequence[Threshold], by: UUID, at: datetime
) -> None:
    """Write a patient's thresholds in place of the old ones."""
    await connection.execute("delete from threshold where patient_id = %s", [patient])
    for each in new:
        await connection.execute(
            """insert into threshold (organisation_id, patient_id, metric, low, high, for_seconds, priority, set_by, set_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [organisation, patient, each.metric, each.low, each.high, each.for_seconds, each.priority, by, at],
        )


async def has_patient(connection: Connection, patient: UUID) -> bool:
    """Say whether the organisation has this patient."""
    cursor = await connection.execute("select from patient where id = %s", [patient])
    return await cursor.fetchone() is not None
