"""Roll-ups equal what their readings say, whatever comes late, out of order, or while they are made."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cloud.database import Database
from cloud.vitals.retention import Retention, drop_old
from cloud.vitals.roll_up import RolledUp, roll_up
from edge.gateway.outbox import Parcel
from protocol.metrics import Absence
from protocol.samples import Reading, batch_of
from tests.support.gateway import BELT, NOON
from tests.support.ingest import Exchange

HOUR = 3_600_000


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


async def store(wire: Exchange, times: Sequence[int], value: float = 70.0, absence: Absence = Absence.PRESENT) -> None:
    readings = [
        Reading(BELT, 1, moment, value + place % 7 if absence is Absence.PRESENT else float("nan"), place, absence)
        for place, moment in enumerate(times)
    ]
    wire.rig.outbox.put([Parcel(batch_of(readings), times[0], times[-1])], NOON)
    await wire.carry(*wire.queued())
    wire.bring_back()


def check(wire: Exchange, done: datetime) -> None:
    """Every roll-up is what its definition says of the readings before `done`, and no other row is there."""
    for grain, width in (("minute", "1 minute"), ("hour", "1 hour"), ("day", "1 day")):
        wrong = wire.rows(
            f"""with truly as (
                   select series_id, date_bin('{width}', at, 'epoch') as at, count(value) as n, count(absence) as absent, min(value) as low,
                          max(value) as high, coalesce(sum(value), 0) as total from reading where at < %s group by 1, 2),
                   said as (select series_id, at, n, absent, low, high, total from reading_by_{grain})
               (table truly except table said) union all (table said except table truly)""",
            done,
        )
        assert wrong == [], grain
    wrong = wire.rows(
        """with truly as (
               select series_id, (at at time zone zone)::date as day, count(distinct date_bin('1 minute', at, 'epoch')) filter (where value is not null) as minutes,
                      count(value) as readings, count(absence) as absent
               from reading r join series s on s.id = r.series_id join patient p on p.id = s.patient_id where at < %s group by 1, 2),
               said as (select series_id, day, minutes, readings, absent from coverage)
           (table truly except table said) union all (table said except table truly)""",
        done,
    )
    assert wrong == [], "coverage"


@pytest.fixture
async def watch(wire: Exchange) -> AsyncIterator[Database]:
    async with Database(wire.addresses.watch) as database:
        yield database


async def rolled(watch: Database, now: int) -> RolledUp:
    done = await roll_up(watch, at(now))
    assert done is not None
    return done


async def test_what_is_over_is_added_up_once(wire: Exchange, watch: Database) -> None:
    await store(wire, range(NOON, NOON + 3 * HOUR, 20_000))
    done = await rolled(watch, NOON + HOUR + 90_000)
    assert done.done == at(NOON + HOUR), "a minute is left to settle"
    assert (done.fresh, done.late) == (60, 0)
    check(wire, done.done)
    assert (await rolled(watch, NOON + HOUR + 95_000)).fresh == 0
    done = await rolled(watch, NOON + 4 * HOUR)
    assert (done.fresh, done.late) == (120, 0)
    check(wire, done.done)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
async def test_what_comes_late_is_counted_with_the_rest(wire: Exchange, watch: Database, zone: str) -> None:
    with psycopg.connect(wire.addresses.superuser) as connection:
        connection.execute("update patient set zone = %s", [zone])
    dice = random.Random(7)
    times = [NOON - 30 * HOUR + dice.randrange(40 * HOUR) for _ in range(600)]
    now = NOON
    for part in range(6):
        await store(wire, times[part * 100 : part * 100 + 100], value=60.0 + part)
        now += HOUR + dice.randrange(HOUR)
        done = await rolled(watch, now)
        assert done.late > 0 or part == 0
        check(wire, done.done)


async def test_a_reason_for_absence_is_no_value_but_is_counted(wire: Exchange, watch: Database) -> None:
    await store(wire, range(NOON, NOON + 60_000, 1000), absence=Absence.OFF_BODY)
    done = await rolled(watch, NOON + HOUR)
    assert wire.rows("select n, absent, low, total from reading_by_minute") == [(0, 60, None, 0.0)]
    assert wire.rows("select minutes, readings, absent from coverage") == [(0, 0, 60)]
    check(wire, done.done)


async def test_readings_of_a_transaction_that_was_open_at_the_promise_are_waited_for(wire: Exchange, watch: Database) -> None:
    await store(wire, [NOON])
    with psycopg.connect(wire.addresses.superuser) as slow:
        slow.execute("insert into dead_letter(reason) values ('this gives the transaction its number')")
        promised = slow.execute("select promised from roll_up").fetchone()
        slow.execute("insert into reading(organisation_id, series_id, at, value) select 1, id, %s, 99 from series", [at(NOON + 1000)])
        adding = asyncio.create_task(roll_up(watch, at(NOON + HOUR)))
        await asyncio.sleep(0.5)
        assert not adding.done()
        assert promised == (datetime(1970, 1, 1, tzinfo=UTC),), "it read the old watermark, and so made no mark"
        slow.commit()
        done = await adding
    assert done is not None
    assert wire.rows("select high from reading_by_day") == [(99.0,)]
    check(wire, done.done)


async def test_a_run_that_ends_after_the_promise_is_made_good_by_the_next(wire: Exchange, watch: Database) -> None:
    await store(wire, range(NOON, NOON + HOUR, 60_000))
    with psycopg.connect(wire.addresses.superuser) as connection:
        connection.execute("update roll_up set promised = %s", [at(NOON + HOUR)])
    done = await rolled(watch, NOON + HOUR + 70_000)
    assert done.fresh == 60
    check(wire, done.done)


async def test_one_worker_at_a_time_adds_up(wire: Exchange, watch: Database) -> None:
    with psycopg.connect(wire.addresses.superuser) as other:
        other.execute("select pg_advisory_xact_lock(hashtext('mediassist.roll_up'))")
        assert await roll_up(watch, at(NOON)) is None


async def test_old_months_are_dropped_and_what_is_not_added_up_never(wire: Exchange, watch: Database) -> None:
    month = 31 * 24 * HOUR
    await store(wire, [NOON, NOON + 1000])
    await store(wire, [NOON + 3 * month])
    keep = Retention(readings=timedelta(days=31), minutes=timedelta(days=31))
    later = at(NOON + 4 * month + 10 * HOUR)

    async def drop() -> dict[str, int]:
        async with watch.transaction(None) as connection:
            return await drop_old(connection, keep, later)

    assert await drop() == {}
    assert wire.rows("select count(*) from reading") == [(3,)]
    await roll_up(watch, later)
    dropped = await drop()
    assert dropped["reading"] >= 1
    assert dropped["reading_by_minute"] >= 1
    assert wire.rows("select count(*) from reading") == [(1,)]
    assert wire.rows("select sum(n)::int from reading_by_day") == [(3,)]
    await store(wire, [NOON + 2000])
    assert wire.rows("select count(*) from reading") == [(2,)], "a month that was dropped is made again when it must be"
