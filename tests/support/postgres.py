"""A real PostgreSQL for tests: one server a session, one migrated database a module, and its addresses for each role.

MEDIASSIST_TEST_DATABASE_URL selects another server (a superuser's address) instead of the embedded one.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import conninfo, sql

from cloud.migrate import migrate
from deploy.local.postgres import temporary

PASSWORD = "only-in-tests"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Addresses:
    """One database, as its superuser and as the roles."""

    superuser: str
    app: str
    ingest: str
    enrolment: str
    watch: str


def addresses(superuser: str, database: str) -> Addresses:
    """Say where `database` is for each role, given a superuser's address on the server."""
    names = ("mediassist_app", "mediassist_ingest", "mediassist_enrolment", "mediassist_watch")
    roles = [conninfo.make_conninfo(superuser, dbname=database, user=role, password=PASSWORD) for role in names]
    return Addresses(conninfo.make_conninfo(superuser, dbname=database), *roles)


def run(url: str, statement: str, *names: str) -> None:
    """Run a statement that no transaction may hold; names fill its {}."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def close(url: str, name: str) -> None:
    """Let nobody into a database any more, and wait until all are out: it cannot be copied while TimescaleDB's scheduler is in it."""
    run(url, "alter database {} allow_connections false", name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s", [name])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The superuser's address on a server of this session."""
    given = os.environ.get("MEDIASSIST_TEST_DATABASE_URL")
    if given:
        if "PYTEST_XDIST_WORKER" in os.environ:
            pytest.fail("MEDIASSIST_TEST_DATABASE_URL needs -n 0: tests change the server's roles, which all processes would share")
        yield given
        return
    with temporary() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database to copy from."""
    name = f"mediassist_template_{os.getpid()}"
    run(postgres_server, "create database {}", name)
    owner = addresses(postgres_server, name).superuser
    migrate(owner, datetime.now(UTC), app_password=PASSWORD, ingest_password=PASSWORD, enrolment_password=PASSWORD, watch_password=PASSWORD)
    close(postgres_server, name)
    yield name
    run(postgres_server, "drop database {} with (force)", name)


@pytest.fixture(scope="module")
def database(postgres_server: str, migrated_template: str) -> Iterator[Addresses]:
    """A migrated database of this module's own, empty."""
    name = f"mediassist_test_{os.getpid()}_{next(_NUMBERS)}"
    run(postgres_server, "create database {} template {}", name, migrated_template)
    yield addresses(postgres_server, name)
    run(postgres_server, "drop database {} with (force)", name)


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[Addresses]:
    """A database with nothing in it, for one test."""
    name = f"mediassist_empty_{os.getpid()}_{next(_NUMBERS)}"
    run(postgres_server, "create database {}", name)
    yield addresses(postgres_server, name)
    run(postgres_server, "drop database {} with (force)", name)
