"""Readings by columns: the same answers, whatever comes late, is deleted or dropped afterwards; plain PostgreSQL has none and needs none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import psycopg
import pytest

from cloud.data_keys.repository import shred
from cloud.database import Database
from cloud.migrate import standing
from cloud.vitals.columnstore import COLUMNS_AFTER, store_in_columns
from cloud.vitals.retention import Retention, drop_old
from cloud.vitals.roll_up import roll_up
from tests.cloud.conftest import wire
from tests.cloud.vitals.test_roll_up import at, check, store
from tests.support.gateway import NOON
from tests.support.ingest import Exchange

__all__ = ["wire"]

DAY = 86_400_000
OVER = at(NOON) + COLUMNS_AFTER + timedelta(days=1)
"""Moments of NOON's day lie in columns from here on."""


@pytest.fixture
async def watch(wire: Exchange) -> AsyncIterator[Database]:
    async with Database(wire.addresses.watch) as database:
        yield database


def _has_timescaledb(wire: Exchange) -> bool:
    return bool(wire.rows("select 1 from pg_extension where extname = 'timescaledb'"))


def _needs_timescaledb(wire: Exchange) -> None:
    if not _has_timescaledb(wire):
        pytest.skip("missing: the extension timescaledb (set MEDIASSIST_TEST_DATABASE_URL to a server that has it)")


async def _move_all(watch: Database, now: datetime) -> int:
    moved = 0
    while await store_in_columns(watch, now):
        moved += 1
    return moved


def _readings(wire: Exchange) -> list[tuple[object, ...]]:
    return wire.rows("select series_id, at, value, absence, record from reading order by series_id, at, value")


def _standing(wire: Exchange) -> list[list[str]]:
    """Say of each chunk, oldest first, what TimescaleDB says of it: [] in rows, ["COMPRESSED"] in columns, and more where it is in both."""
    query = """select _timescaledb_functions.chunk_status_text(format('%%I.%%I', chunk_schema, chunk_name)::regclass)
               from timescaledb_information.chunks where hypertable_name = %s order by range_start"""
    return [words for (words,) in wire.rows(query, "reading")]


async def test_plain_postgresql_has_no_columns_to_move_to(wire: Exchange, watch: Database) -> None:
    if _has_timescaledb(wire):
        pytest.skip("this server has timescaledb: the tests below hold here")
    await store(wire, [NOON])
    assert await store_in_columns(watch, OVER) == 0


async def test_a_day_that_is_over_lies_in_columns_and_answers_the_same(wire: Exchange, watch: Database) -> None:
    _needs_timescaledb(wire)
    await store(wire, [NOON + 1000 * second for second in range(600)])
    await store(wire, [NOON + DAY + 1000 * second for second in range(60)])
    before = _readings(wire)
    assert await _move_all(watch, at(NOON)) == 0
    assert await _move_all(watch, OVER) == 1
    assert _standing(wire) == [["COMPRESSED"], []]
    assert _readings(wire) == before
    found = await asyncio.to_thread(standing, wire.addresses.superuser)
    assert (found.parts, found.in_columns) == (2, 1)
    with psycopg.connect(wire.addresses.app) as connection:
        connection.execute("select set_config('mediassist.organisation', '1', true)")
        assert connection.execute("select count(*) from own_reading").fetchone() == (660,)
        connection.execute("select set_config('mediassist.organisation', '2', true)")
        assert connection.execute("select count(*) from own_reading").fetchone() == (0,)


async def test_what_comes_late_is_seen_at_once_counted_anew_and_moved_later(wire: Exchange, watch: Database) -> None:
    _needs_timescaledb(wire)
    await store(wire, [NOON + 2000 * second for second in range(300)])
    await roll_up(watch, OVER)
    assert await _move_all(watch, OVER) == 1
    await store(wire, [NOON + 1000 + 2000 * second for second in range(300)], 90.0)
    before = _readings(wire)
    assert len(before) == 600
    assert "PARTIAL" in _standing(wire)[0]
    done = await roll_up(watch, OVER)
    assert done is not None
    assert done.late == 1
    check(wire, done.done)
    assert await _move_all(watch, OVER) == 1
    assert _standing(wire) == [["COMPRESSED"]]
    assert _readings(wire) == before


async def test_an_organisations_destroyed_readings_leave_the_columns(wire: Exchange, watch: Database) -> None:
    _needs_timescaledb(wire)
    await store(wire, [NOON + 1000 * second for second in range(600)])
    assert await _move_all(watch, OVER) == 1
    async with Database(wire.addresses.superuser) as owner, owner.transaction(1) as connection:
        assert (await shred(connection, 1)).readings == 600
    assert _readings(wire) == []


async def test_a_day_of_columns_is_dropped_whole(wire: Exchange, watch: Database) -> None:
    _needs_timescaledb(wire)
    await store(wire, [NOON + 1000 * second for second in range(600)])
    await roll_up(watch, OVER)
    assert await _move_all(watch, OVER) == 1
    async with watch.transaction(None) as connection:
        assert await drop_old(connection, Retention(readings=timedelta(days=1)), OVER) == {"reading": 1}
    assert _readings(wire) == []


async def test_the_parts_in_columns_are_closed_to_the_application(wire: Exchange, watch: Database) -> None:
    _needs_timescaledb(wire)
    await store(wire, [NOON])
    assert await _move_all(watch, OVER) == 1
    readable = """select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = '_timescaledb_internal' and c.relkind in ('r', 'p', 'v') and c.relname ~ '^_hyper'
                  and has_any_column_privilege('mediassist_app', c.oid, 'select')"""
    assert wire.rows(readable) == []
