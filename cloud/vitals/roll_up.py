"""Roll-ups of readings by minute, hour and day, and coverage by local day: each reading is added up once, what comes late is counted anew.

Three steps, each a transaction. *Promise* moves the watermark: from its commit on, whoever stores a reading below it marks the hour. A
transaction that stores readings takes its number (xid) with the ledger's insert and reads the watermark in a later statement, so that whoever
may have read the older one has a smaller number than one taken after the promise: the second step *waits* until all of those have ended. Then
all readings between the old watermark and the new are visible, and are *added up*. A crash between the steps costs nothing: what is promised
and not done is done by the next run.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from cloud.database import Connection, Database, value_of

SETTLING = timedelta(seconds=60)
"""A minute is added up so long after its end: most of what is late comes within it, and costs no second count."""

MOST_LATE = 20_000
"""Marks that are taken away in one run."""

_LOCK = "mediassist.roll_up"
_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class RolledUp:
    """done: everything before it is added up. fresh: rows by minute that were made. late: hours that were counted anew."""

    done: datetime
    fresh: int
    late: int


async def roll_up(database: Database, now: datetime) -> RolledUp | None:
    """Add up what is over, and count anew what came late; None when another worker does it.

    Raises:
        Away, Rejected: nothing is lost by it; the next run does what this one did not.
    """
    to = (now - SETTLING).replace(second=0, microsecond=0)
    async with database.transaction(None) as connection:
        if not await value_of(connection, "select pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK]):
            return None
        await connection.execute("update roll_up set promised = %s where promised < %s", [to, to])
    async with database.transaction(None) as connection:
        number = await value_of(connection, "select pg_current_xact_id()::text::bigint")
    async with database.transaction(None) as connection:
        await connection.execute("select summarize_readings()")
    while not await _ended_before(database, number):  # noqa: ASYNC110  (nothing announces the end of others' transactions)
        await asyncio.sleep(_WAIT_SECONDS)
    async with database.transaction(None) as connection:
        if not await value_of(connection, "select pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK]):
            return None
        return await _add_up(connection)


async def _ended_before(database: Database, number: object) -> bool:
    async with database.transaction(None) as connection:
        return bool(await value_of(connection, "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [number]))


_FRESH: LiteralString = """
with fresh as (
    insert into reading_by_minute (organisation_id, series_id, at, n, absent, low, high, total)
    select organisation_id, series_id, date_bin('1 minute', at, 'epoch'), count(value), count(absence), min(value), max(value),
           coalesce(sum(value), 0)
    from reading where at >= %(since)s and at < %(until)s group by 1, 2, 3
    on conflict (series_id, at) do update set
        n = excluded.n, absent = excluded.absent, low = excluded.low, high = excluded.high, total = excluded.total
    returning organisation_id, series_id, at, n, absent, low, high, total
), hours as (
    insert into reading_by_hour as h (organisation_id, series_id, at, n, absent, low, high, total)
    select organisation_id, series_id, date_bin('1 hour', at, 'epoch'), sum(n), sum(absent), min(low), max(high), sum(total)
    from fresh group by 1, 2, 3
    on conflict (series_id, at) do update set n = h.n + excluded.n, absent = h.absent + excluded.absent,
        low = least(h.low, excluded.low), high = greatest(h.high, excluded.high), total = h.total + excluded.total
), days as (
    insert into reading_by_day as d (organisation_id, series_id, at, n, absent, low, high, total)
    select organisation_id, series_id, date_bin('1 day', at, 'epoch'), sum(n), sum(absent), min(low), max(high), sum(total)
    from fresh group by 1, 2, 3
    on conflict (series_id, at) do update set n = d.n + excluded.n, absent = d.absent + excluded.absent,
        low = least(d.low, excluded.low), high = greatest(d.high, excluded.high), total = d.total + excluded.total
), covered as (
    insert into coverage as c (organisation_id, series_id, day, minutes, readings, absent, last_at)
    select f.organisation_id, f.series_id, (f.at at time zone p.zone)::date, count(*) filter (where f.n > 0), sum(f.n), sum(f.absent),
           max(f.at) filter (where f.n > 0)
    from fresh f join series s on s.id = f.series_id join patient p on p.id = s.patient_id group by 1, 2, 3
    on conflict (series_id, day) do update set minutes = c.minutes + excluded.minutes, readings = c.readings + excluded.readings,
        absent = c.absent + excluded.absent, last_at = greatest(c.last_at, excluded.last_at)
)
select count(*) from fresh
"""

_TAKE_MARKS: LiteralString = """
create temp table late on commit drop as
with marks as (
    delete from roll_up_late where ctid = any(array(select ctid from roll_up_late limit %(most)s)) returning series_id, hour
)
select distinct m.series_id, m.hour, s.organisation_id, p.zone
from marks m join series s on s.id = m.series_id join patient p on p.id = s.patient_id
"""

_COUNT_ANEW: tuple[LiteralString, ...] = (
    # Every hour's minutes up to what is done; an hour that is not over has more to come, by the way of fresh minutes.
    """delete from reading_by_minute m using late l where m.series_id = l.series_id and m.at >= l.hour and m.at < l.hour + interval '1 hour'""",
    """insert into reading_by_minute (organisation_id, series_id, at, n, absent, low, high, total)
       select l.organisation_id, l.series_id, date_bin('1 minute', r.at, 'epoch'), count(r.value), count(r.absence), min(r.value),
              max(r.value), coalesce(sum(r.value), 0)
       from late l join reading r on r.series_id = l.series_id and r.at >= l.hour and r.at < least(l.hour + interval '1 hour', %(done)s)
       group by 1, 2, 3""",
    """insert into reading_by_hour (organisation_id, series_id, at, n, absent, low, high, total)
       select l.organisation_id, l.series_id, l.hour, sum(m.n), sum(m.absent), min(m.low), max(m.high), sum(m.total)
       from late l join reading_by_minute m on m.series_id = l.series_id and m.at >= l.hour and m.at < l.hour + interval '1 hour'
       group by 1, 2, 3
       on conflict (series_id, at) do update set
           n = excluded.n, absent = excluded.absent, low = excluded.low, high = excluded.high, total = excluded.total""",
    """insert into reading_by_day (organisation_id, series_id, at, n, absent, low, high, total)
       select h.organisation_id, h.series_id, l.day, sum(h.n), sum(h.absent), min(h.low), max(h.high), sum(h.total)
       from (select distinct series_id, date_bin('1 day', hour, 'epoch') as day from late) l
       join reading_by_hour h on h.series_id = l.series_id and h.at >= l.day and h.at < l.day + interval '1 day'
       group by 1, 2, 3
       on conflict (series_id, at) do update set
           n = excluded.n, absent = excluded.absent, low = excluded.low, high = excluded.high, total = excluded.total""",
    """insert into coverage (organisation_id, series_id, day, minutes, readings, absent, last_at)
       select m.organisation_id, m.series_id, l.day, count(*) filter (where m.n > 0), sum(m.n), sum(m.absent),
              max(m.at) filter (where m.n > 0)
       from (
           select series_id, zone, (hour at time zone zone)::date as day from late
           union select series_id, zone, ((hour + interval '59 minutes') at time zone zone)::date from late
       ) l
       join reading_by_minute m on m.series_id = l.series_id
           and m.at >= l.day::timestamp at time zone l.zone and m.at < (l.day + 1)::timestamp at time zone l.zone
       group by 1, 2, 3
       on conflict (series_id, day) do update set
           minutes = excluded.minutes, readings = excluded.readings, absent = excluded.absent, last_at = excluded.last_at""",
)


async def _add_up(connection: Connection) -> RolledUp:
    cursor = await connection.execute("select done, promised from roll_up for update")
    row = await cursor.fetchone()
    assert row is not None
    since, until = row
    if since == until:
        fresh = 0
    else:
        await connection.execute("set local jit = off")
        fresh = await _fresh(connection, since, until)
        await connection.execute("update roll_up set done = promised")
    await connection.execute(_TAKE_MARKS, {"most": MOST_LATE})
    late = await value_of(connection, "select count(*) from late")
    if late:
        await connection.execute("analyze late")
        for statement in _COUNT_ANEW:
            await connection.execute(statement, {"done": until})
    assert isinstance(late, int)
    return RolledUp(until, fresh, late)


async def _fresh(connection: Connection, since: datetime, until: datetime) -> int:
    cursor = await connection.execute(_FRESH, {"since": since, "until": until})
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
