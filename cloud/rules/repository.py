"""SQL of rules: thresholds, what they are checked against, who is silent, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps
from uuid import UUID

from psycopg.rows import class_row

from cloud.database import Connection
from cloud.traces import to_ms
from models import baseline
from models.baseline import Baseline
from models.threshold import STALE_MS, Limits
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


async def left_thresholds(connection: Connection, now: datetime) -> list[tuple[int, Threshold]]:
    """Return the thresholds that a vital's newest value of the last minute is outside of, each with its organisation: these may be breached."""
    cursor = await connection.execute(
        """select distinct t.organisation_id, t.patient_id, t.metric::int, t.low, t.high, t.for_seconds, t.priority
           from threshold t join series s on s.patient_id = t.patient_id and s.metric = t.metric
           cross join lateral (
               select value from reading where series_id = s.id and at >= %s and at <= %s and value is not null order by at desc limit 1
           ) r
           where r.value < t.low or r.value > t.high
           order by 2, 3""",
        [now - timedelta(milliseconds=STALE_MS), now],
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


async def odd_baselines(connection: Connection, since: datetime) -> list[tuple[int, UUID, Baseline]]:
    """Return the baselines from which a vital has departed, by the mean of its minutes since then, far enough to be looked at."""
    cursor = await connection.execute(
        """select distinct b.organisation_id, b.patient_id, b.metric::int, b.median, b.spread
           from baseline b join series s on s.patient_id = b.patient_id and s.metric = b.metric
           cross join lateral (select sum(total) / sum(n) as mean from reading_by_minute where series_id = s.id and at >= %(since)s and n > 0) m
           where abs(m.mean - b.median) >= %(near)s * greatest(b.spread, (%(least)s::jsonb ->> b.metric::text)::float8)
           order by 2, 3""",
        {"since": since, "near": 0.75 * baseline.FACTOR, "least": dumps(baseline.LEAST_SPREAD)},
    )
    return [(organisation, patient, Baseline(*numbers)) for organisation, patient, *numbers in await cursor.fetchall()]


async def patients_without_baselines(connection: Connection, since: datetime, most: int) -> list[UUID]:
    """Return patients whose baselines were never computed, or before `since`."""
    cursor = await connection.execute(
        """select p.id from patient p left join patient_rules r on r.patient_id = p.id
           where r.baselines_at is null or r.baselines_at < %s order by r.baselines_at nulls first, p.id limit %s""",
        [since, most],
    )
    return [row[0] for row in await cursor.fetchall()]


async def make_baselines(connection: Connection, patients: Sequence[UUID], now: datetime) -> int:
    """Compute what is usual for these patients from the hours before `now`, in place of what was; return how many baselines there are."""
    gone = await connection.execute("delete from baseline where patient_id = any(%s) returning patient_id", [patients])
    had = {row[0] for row in await gone.fetchall()}
    made = await connection.execute(
        """with hourly as (
               select s.organisation_id, s.patient_id, s.metric, h.at, sum(h.total) / sum(h.n) as mean
               from series s join reading_by_hour h on h.series_id = s.id and h.at >= %(since)s and h.at < %(now)s and h.n > 0
               where s.patient_id = any(%(patients)s) and s.metric = any(%(metrics)s) group by 1, 2, 3, 4
           ), middle as (
               select organisation_id, patient_id, metric, percentile_cont(0.5) within group (order by mean) as median, count(*) as hours
               from hourly group by 1, 2, 3 having count(*) >= %(least)s
           )
           insert into baseline (organisation_id, patient_id, metric, median, spread, hours, made_at)
           select m.organisation_id, m.patient_id, m.metric, m.median,
                  1.4826 * percentile_cont(0.5) within group (order by abs(h.mean - m.median)), m.hours, %(now)s
           from middle m join hourly h using (organisation_id, patient_id, metric) group by 1, 2, 3, 4, m.hours returning patient_id""",
        {
            "patients": list(patients),
            "metrics": list(baseline.LEAST_SPREAD),
            "least": baseline.LEAST_HOURS,
            "since": now - timedelta(days=baseline.DAYS),
            "now": now,
        },
    )
    new = [row[0] for row in await made.fetchall()]
    await connection.execute(
        """insert into patient_rules as r (organisation_id, patient_id, version, baselines_at)
           select organisation_id, id, (id = any(%(changed)s))::int, %(now)s from patient where id = any(%(patients)s) order by id
           on conflict (patient_id) do update set version = r.version + excluded.version, baselines_at = excluded.baselines_at""",
        {"changed": list(had.union(new)), "patients": list(patients), "now": now},
    )
    return len(new)


@dataclass(frozen=True, slots=True)
class Untold:
    """Rules that a gateway was not told yet, or long ago. thresholds: [metric, low, high, for_seconds, priority]; baselines: [metric, median, spread].

    receiving_key: of the gateway.
    """

    gateway: UUID
    patient: UUID
    version: int
    spo2_scale: int
    thresholds: list[tuple[int, float | None, float | None, int, str]]
    baselines: list[tuple[int, float, float]]
    receiving_key: bytes


async def untold(connection: Connection, told_before: datetime, most: int) -> list[Untold]:
    """Return what gateways that have spoken are to be told: what changed, what was told to a key that is gone, and what was told long ago.

    A gateway that has not answered what it was told of a patient last is told no more of that patient.
    """
    async with connection.cursor(row_factory=class_row(Untold)) as cursor:
        await cursor.execute(
            """select w.gateway_id as gateway, r.patient_id as patient, r.version, r.spo2_scale::int as spo2_scale, s.receiving_key,
                   coalesce((select json_agg(json_build_array(metric, low, high, for_seconds, priority) order by metric)
                             from threshold t where t.patient_id = r.patient_id), '[]') as thresholds,
                   coalesce((select json_agg(json_build_array(metric, median, spread) order by metric)
                             from baseline b where b.patient_id = r.patient_id), '[]') as baselines
               from patient_rules r
               join (select distinct gateway_id, patient_id from wearable where removed_at is null) w on w.patient_id = r.patient_id
               join gateway_standing s on s.gateway_id = w.gateway_id
               left join told_rules t on t.gateway_id = w.gateway_id and t.patient_id = r.patient_id
               where r.version > 0
               and (t.version is distinct from r.version or t.receiving_key <> s.receiving_key or t.told_at < %s)
               and not exists (select from gateway_order o where o.gateway_id = t.gateway_id and o.number = t.number and o.answered_at is null)
               order by 1, 2 limit %s""",
            [told_before, most],
        )
        return await cursor.fetchall()


async def note_told(connection: Connection, what: Untold, number: int, now: datetime) -> None:
    """Note that a gateway was told of a patient's rules, by its order of this number."""
    await connection.execute(
        """insert into told_rules values (%s, %s, %s, %s, %s, %s) on conflict (gateway_id, patient_id) do update set version = excluded.version,
           number = excluded.number, receiving_key = excluded.receiving_key, told_at = excluded.told_at""",
        [what.gateway, what.patient, what.version, number, what.receiving_key, now],
    )


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


@dataclass(frozen=True, slots=True)
class SilentHome:
    """A patient whose gateway has not said how it stands for a while. wearable: one of the patient's there. heard_at: of the wall's clock."""

    organisation: int
    patient: UUID
    gateway: UUID
    wearable: UUID
    heard_at: datetime


async def silent_homes(connection: Connection, since: datetime, until: datetime) -> list[SilentHome]:
    """Return whose gateways stood last between two moments of the wall's clock, and not since; one from which all devices were removed is not missed."""
    async with connection.cursor(row_factory=class_row(SilentHome)) as cursor:
        await cursor.execute(
            """select p.organisation_id as organisation, w.patient_id as patient, w.gateway_id as gateway, (min(w.id::text))::uuid as wearable, s.heard_at
               from gateway_standing s join wearable w on w.gateway_id = s.gateway_id and w.removed_at is null join patient p on p.id = w.patient_id
               where s.heard_at >= %s and s.heard_at < %s group by 1, 2, 3, 5 order by 2, 3""",
            [since, until],
        )
        return await cursor.fetchall()


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
    await changed(connection, organisation, patient)


async def changed(connection: Connection, organisation: int, patient: UUID, spo2_scale: int | None = None) -> None:
    """Note that a patient's rules changed; spo2_scale: the new one, None: as it was."""
    await connection.execute(
        """insert into patient_rules as r (organisation_id, patient_id, version, spo2_scale) values (%(organisation)s, %(patient)s, 1,
               coalesce(%(scale)s, 1))
           on conflict (patient_id) do update set version = r.version + 1, spo2_scale = coalesce(%(scale)s, r.spo2_scale)""",
        {"organisation": organisation, "patient": patient, "scale": spo2_scale},
    )


async def spo2_scale(connection: Connection, patient: UUID) -> int:
    """Return a patient's SpO2 scale of NEWS2."""
    cursor = await connection.execute("select spo2_scale::int from patient_rules where patient_id = %s", [patient])
    row = await cursor.fetchone()
    return 1 if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class StoredBaseline:
    """What is usual for a person. hours: how many hours it rests on."""

    metric: int
    median: float
    spread: float
    hours: int
    made_at: datetime


async def baselines(connection: Connection, patient: UUID) -> list[StoredBaseline]:
    """Return a patient's baselines by metric."""
    async with connection.cursor(row_factory=class_row(StoredBaseline)) as cursor:
        await cursor.execute(
            "select metric::int as metric, median, spread, hours, made_at from baseline where patient_id = %s order by metric", [patient]
        )
        return await cursor.fetchall()


async def has_patient(connection: Connection, patient: UUID) -> bool:
    """Say whether the organisation has this patient."""
    cursor = await connection.execute("select from patient where id = %s", [patient])
    return await cursor.fetchone() is not None
