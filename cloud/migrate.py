"""Bring a database to the tables that this version needs: roles, numbered files once each, partitions ahead."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import LiteralString

from cloud.database import Connection, as_statement, capabilities, naming, set_password, single_connection, value_of

MIGRATIONS = Path(__file__).parent / "migrations"
OWNER: LiteralString = "mediassist_owner"
PARTITIONS_BEHIND = timedelta(days=62)
PARTITIONS_AHEAD = timedelta(days=100)


class MigrationRefused(Exception):
    """The database cannot be brought to this version as it is: the message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file. sha256: hex, of its bytes."""

    number: int
    name: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a database is and has. pending: names of files not applied yet.

    parts: partitions or chunks of readings. in_columns: how many of them lie in TimescaleDB's columnstore.
    """

    server: str
    timescaledb: bool
    applied: tuple[str, ...]
    pending: tuple[str, ...]
    parts: int
    in_columns: int


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Return the files `NNNN_name.sql` of a folder by number.

    Raises:
        MigrationRefused: a number is missing or there twice.
    """
    found: list[Migration] = []
    for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")):
        data = path.read_bytes()
        found.append(Migration(int(path.name[:4]), path.stem, hashlib.sha256(data).hexdigest(), data.decode()))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationRefused(f"the files in {folder} are not numbered 0001, 0002, .. without gaps")
    return found


def migrate(
    url: str,
    now: datetime,
    *,
    app_password: str | None = None,
    ingest_password: str | None = None,
    enrolment_password: str | None = None,
    watch_password: str | None = None,
    folder: Path = MIGRATIONS,
) -> list[str]:
    """Make the roles, apply what is missing, make partitions around `now`; return the names of the files applied.

    Safe to run again, and by two at once. As a superuser it makes everything; otherwise the roles must be there.

    Raises:
        MigrationRefused: a file that was applied has changed since, or this login may not do what is missing.
        Rejected: the server is away, or refuses a statement.
    """
    passwords: dict[LiteralString, str | None] = {
        "mediassist_app": app_password,
        "mediassist_ingest": ingest_password,
        "mediassist_enrolment": enrolment_password,
        "mediassist_watch": watch_password,
    }
    return asyncio.run(_migrate(url, now, passwords, folder))


def standing(url: str, folder: Path = MIGRATIONS) -> Standing:
    """Say what a database is and which files it has.

    Raises:
        Rejected: the server is away, or this login may not look.
    """
    return asyncio.run(_standing(url, folder))


@asynccontextmanager
async def owning(connection: Connection) -> AsyncGenerator[None]:
    """Be mediassist_owner for a block (outside of a transaction), whoever signed in.

    Raises:
        MigrationRefused: there is no such role yet.
    """
    if not await value_of(connection, "select exists (select from pg_roles where rolname = %s)", [OWNER]):
        raise MigrationRefused("there is no role mediassist_owner: run `mediassist database migrate` as a superuser first")
    await connection.execute(naming("set role {}", OWNER))
    yield
    await connection.execute("reset role")


async def _migrate(url: str, now: datetime, passwords: dict[LiteralString, str | None], folder: Path) -> list[str]:
    async with single_connection(url) as connection:
        await connection.execute("select pg_advisory_lock(hashtext('mediassist.migrate'))")
        await _make_roles(connection, passwords)
        await _make_extension(connection)
        async with owning(connection):
            applied = await _apply(connection, migrations(folder))
            await connection.execute("select make_partitions(%s, %s)", [now - PARTITIONS_BEHIND, now + PARTITIONS_AHEAD])
        return applied


async def _standing(url: str, folder: Path) -> Standing:
    async with single_connection(url) as connection:
        found = await capabilities(connection)
        done: dict[int, str] = {}
        parts = in_columns = 0
        if await value_of(connection, "select to_regclass('public.schema_migration') is not null"):
            async with owning(connection):
                done = await _applied(connection)
                parts, in_columns = await _parts(connection, hyper=found.timescaledb)
        files = migrations(folder)
        return Standing(
            found.server,
            found.timescaledb,
            tuple(file.name for file in files if file.number in done),
            tuple(file.name for file in files if file.number not in done),
            parts,
            in_columns,
        )


async def _parts(connection: Connection, *, hyper: bool) -> tuple[int, int]:
    """Return how many partitions or chunks readings have, and how many of those lie in columns."""
    chunks = "select count(*), count(*) filter (where is_compressed) from timescaledb_information.chunks where hypertable_name = 'reading'"
    partitions = "select count(*), 0 from pg_inherits where inhparent = to_regclass('public.reading')"
    row = await (await connection.execute(chunks if hyper else partitions)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def _make_roles(connection: Connection, passwords: dict[LiteralString, str | None]) -> None:
    cursor = await connection.execute("select rolname from pg_roles where rolname like 'mediassist\\_%'")
    there = {str(row[0]) for row in await cursor.fetchall()}
    superuser = await value_of(connection, "select rolsuper from pg_roles where rolname = current_user")
    missing = {OWNER, *passwords} - there
    if missing and not superuser:
        raise MigrationRefused(f"the roles {', '.join(sorted(missing))} are missing, and only a superuser can make them")
    if not superuser:
        return
    for role in sorted(missing):
        made = naming(
            "create role {} nosuperuser nobypassrls nologin" if role == OWNER else "create role {} nosuperuser nobypassrls login", role
        )
        await connection.execute(made)
    await connection.execute(naming("grant create, usage on schema public to {}", OWNER))
    for role, password in passwords.items():
        await connection.execute(naming("grant usage on schema public to {}", role))
        if password is not None:
            await set_password(connection, role, password)


async def _make_extension(connection: Connection) -> None:
    """Create TimescaleDB where the server offers it and has it loaded, and this login may."""
    offered = await value_of(
        connection,
        """select case when (select rolsuper from pg_roles where rolname = current_user)  -- nobody else may read the setting
               then current_setting('shared_preload_libraries') like '%timescaledb%' and to_regclass('public.reading') is null
                    and exists (select from pg_available_extensions where name = 'timescaledb')
               else false end""",
    )
    if offered:
        await connection.execute("create extension if not exists timescaledb")


async def _apply(connection: Connection, files: list[Migration]) -> list[str]:
    await connection.execute(
        """create table if not exists schema_migration (
               number int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default clock_timestamp())"""
    )
    done = await _applied(connection)
    newest = max(done, default=0)
    if newest > len(files):
        raise MigrationRefused(f"the database has migration {newest}, this version only knows {len(files)}: install the newer version")
    applied: list[str] = []
    for file in files:
        if file.number in done:
            if done[file.number] != file.sha256:
                raise MigrationRefused(f"{file.name}.sql was changed after it had been applied: restore it, and write a new file instead")
            continue
        async with connection.transaction():
            await connection.execute(as_statement(file.text))
            await connection.execute(
                "insert into schema_migration (number, name, sha256) values (%s, %s, %s)", [file.number, file.name, file.sha256]
            )
        applied.append(file.name)
    return applied


async def _applied(connection: Connection) -> dict[int, str]:
    """Return number -> sha256 of what was applied."""
    cursor = await connection.execute("select number, sha256 from schema_migration")
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
