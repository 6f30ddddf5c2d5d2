"""Bring a database to the tables that this version needs: roles, numbered files once each, partitions ahead."""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

MIGRATIONS = Path(__file__).parent / "migrations"
OWNER: LiteralString = "mediassist_owner"
PARTITIONS_BEHIND = timedelta(days=62)
PARTITIONS_AHEAD = timedelta(days=100)

Owner = psycopg.Connection[TupleRow]


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
    """What a database is and has. pending: names of files not applied yet."""

    server: str
    timescaledb: bool
    applied: tuple[str, ...]
    pending: tuple[str, ...]


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
    url: str, now: datetime, *, app_password: str | None = None, ingest_password: str | None = None, folder: Path = MIGRATIONS
) -> list[str]:
    """Make the roles, apply what is missing, make partitions around `now`; return the names of the files applied.

    Safe to run again, and by two at once. As a superuser it makes everything; otherwise the roles must be there.

    Raises:
        MigrationRefused: a file that was applied has changed since, or this login may not do what is missing.
        psycopg.Error: the server is away, or refuses a statement.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('mediassist.migrate'))")
        _make_roles(connection, {"mediassist_app": app_password, "mediassist_ingest": ingest_password})
        _make_extension(connection)
        with owning(connection):
            applied = _apply(connection, migrations(folder))
            connection.execute("select make_partitions(%s, %s)", [now - PARTITIONS_BEHIND, now + PARTITIONS_AHEAD])
        return applied


def standing(url: str, folder: Path = MIGRATIONS) -> Standing:
    """Say what a database is and which files it has."""
    with psycopg.connect(url, autocommit=True) as connection:
        version = _value(connection, "select current_setting('server_version')")
        timescaledb = _value(connection, "select exists (select from pg_extension where extname = 'timescaledb')")
        known = _value(connection, "select to_regclass('public.schema_migration') is not null")
        with owning(connection):
            done = set(_applied(connection)) if known else set[int]()
        files = migrations(folder)
        return Standing(
            f"postgresql {str(version).split(' ', maxsplit=1)[0]}",
            bool(timescaledb),
            tuple(file.name for file in files if file.number in done),
            tuple(file.name for file in files if file.number not in done),
        )


@contextmanager
def owning(connection: Owner) -> Generator[None]:
    """Be mediassist_owner for a block (outside of a transaction), whoever signed in."""
    exists = _value(connection, "select exists (select from pg_roles where rolname = %s)", [OWNER])
    if not exists:
        raise MigrationRefused("there is no role mediassist_owner: run `mediassist database migrate` as a superuser first")
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
    yield
    connection.execute("reset role")


def _make_roles(connection: Owner, passwords: dict[LiteralString, str | None]) -> None:
    there = {str(row[0]) for row in connection.execute("select rolname from pg_roles where rolname like 'mediassist\\_%'")}
    superuser = bool(_value(connection, "select rolsuper from pg_roles where rolname = current_user"))
    missing = {OWNER, *passwords} - there
    if missing and not superuser:
        raise MigrationRefused(f"the roles {', '.join(sorted(missing))} are missing, and only a superuser can make them")
    if not superuser:
        return
    for role in sorted(missing):
        options = sql.SQL("nologin") if role == OWNER else sql.SQL("login")
        connection.execute(sql.SQL("create role {} nosuperuser nobypassrls {}").format(sql.Identifier(role), options))
    connection.execute(sql.SQL("grant create, usage on schema public to {}").format(sql.Identifier(OWNER)))
    for role, password in passwords.items():
        if password is not None:
            secret = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(secret)))


def _make_extension(connection: Owner) -> None:
    """Create TimescaleDB where the server offers it and has it loaded, and this login may."""
    offered = _value(
        connection,
        """select exists (select from pg_available_extensions where name = 'timescaledb')
               and current_setting('shared_preload_libraries') like '%timescaledb%'
               and (select rolsuper from pg_roles where rolname = current_user)
               and to_regclass('public.reading') is null""",
    )
    if offered:
        connection.execute("create extension if not exists timescaledb")


def _apply(connection: Owner, files: list[Migration]) -> list[str]:
    connection.execute(
        """create table if not exists schema_migration (
               number int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default clock_timestamp())"""
    )
    done = _applied(connection)
    newest = max(done, default=0)
    if newest > len(files):
        raise MigrationRefused(f"the database has migration {newest}, this version only knows {len(files)}: install the newer version")
    applied: list[str] = []
    for file in files:
        if file.number in done:
            if done[file.number] != file.sha256:
                raise MigrationRefused(f"{file.name}.sql was changed after it had been applied: restore it, and write a new file instead")
            continue
        with connection.transaction():
            connection.execute(cast("LiteralString", file.text))
            connection.execute(
                "insert into schema_migration (number, name, sha256) values (%s, %s, %s)", [file.number, file.name, file.sha256]
            )
        applied.append(file.name)
    return applied


def _applied(connection: Owner) -> dict[int, str]:
    """Return number -> sha256 of what was applied."""
    return {int(row[0]): str(row[1]) for row in connection.execute("select number, sha256 from schema_migration")}


def _value(connection: Owner, query: LiteralString, values: list[object] | None = None) -> object:
    row = connection.execute(query, values).fetchone()
    if row is None:
        raise LookupError(f"no row from: {query}")
    value: object = row[0]
    return value
