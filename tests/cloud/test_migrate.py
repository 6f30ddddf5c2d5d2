"""Bringing a database to this version's tables."""

import os
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.migrate import MigrationRefused, migrate, migrations, standing
from tests.support.postgres import PASSWORD, Addresses, run

NOW = datetime.now(UTC)


def test_a_second_run_changes_nothing(empty_database: Addresses) -> None:
    assert migrate(empty_database.superuser, NOW) == [file.name for file in migrations()]
    assert migrate(empty_database.superuser, NOW) == []


def test_info_says_the_server_and_what_is_applied(empty_database: Addresses) -> None:
    before = standing(empty_database.superuser)
    assert before.server.startswith("postgresql ")
    assert before.applied == ()
    migrate(empty_database.superuser, NOW)
    after = standing(empty_database.superuser)
    assert after.applied == before.pending
    assert after.pending == ()


def test_a_file_changed_after_it_was_applied_is_refused(empty_database: Addresses, tmp_path: Path) -> None:
    for file in migrations():
        (tmp_path / f"{file.name}.sql").write_text(file.text)
    migrate(empty_database.superuser, NOW, folder=tmp_path)
    changed = tmp_path / f"{migrations()[0].name}.sql"
    changed.write_text(changed.read_text() + "\n-- an afterthought\n")
    with pytest.raises(MigrationRefused, match="changed after it had been applied"):
        migrate(empty_database.superuser, NOW, folder=tmp_path)


def test_a_failing_file_leaves_nothing_of_itself(empty_database: Addresses, tmp_path: Path) -> None:
    first = migrations()[0]
    (tmp_path / f"{first.name}.sql").write_text(first.text)
    (tmp_path / "0002_broken.sql").write_text("create table half (id int); select 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database.superuser, NOW, folder=tmp_path)
    with psycopg.connect(empty_database.superuser) as connection:
        assert connection.execute("select to_regclass('half')").fetchone() == (None,)
    assert standing(empty_database.superuser, tmp_path).applied == (first.name,)


def test_a_newer_database_is_left_alone(empty_database: Addresses, tmp_path: Path) -> None:
    migrate(empty_database.superuser, NOW)
    with pytest.raises(MigrationRefused, match="newer version"):
        migrate(empty_database.superuser, NOW, folder=tmp_path)


def test_files_are_numbered_without_gaps(tmp_path: Path) -> None:
    (tmp_path / "0002_second.sql").write_text("select 1")
    with pytest.raises(MigrationRefused, match="without gaps"):
        migrations(tmp_path)


def test_a_login_without_rights_is_told_so(database: Addresses) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        migrate(database.app, NOW)


@pytest.mark.usefixtures("database")  # it made the roles
def test_a_login_that_may_become_the_owner_is_enough_once_the_roles_are_there(empty_database: Addresses) -> None:
    login = f"mediassist_test_{os.getpid()}_deployer"
    run(empty_database.superuser, "grant create, usage on schema public to mediassist_owner")
    run(empty_database.superuser, f"create role {{}} login password '{PASSWORD}' in role mediassist_owner", login)
    try:
        url = make_conninfo(empty_database.superuser, user=login, password=PASSWORD)
        assert migrate(url, NOW) == [file.name for file in migrations()]
        assert not standing(url).timescaledb
    finally:
        run(empty_database.superuser, "drop role {}", login)


def test_partitions_stand_ahead_and_can_be_made_by_the_worker_alone(database: Addresses) -> None:
    missing = 0 if standing(database.superuser).timescaledb else 6  # TimescaleDB makes its chunks at the first row
    with psycopg.connect(database.ingest) as connection:
        assert connection.execute("select make_partitions(%s, %s)", [NOW, NOW]).fetchone() == (0,)
        assert connection.execute("select make_partitions('2031-01-05', '2031-02-01')").fetchone() == (missing,)
        connection.execute("insert into reading (organisation_id, series_id, at, value) values (1, 1, '2031-02-28', 70)")
        connection.rollback()
    with psycopg.connect(database.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select make_partitions('2031-01-05', '2031-02-01')")
    with psycopg.connect(database.ingest) as connection, pytest.raises(psycopg.errors.RaiseException, match="at most"):
        connection.execute("select make_partitions('2031-01-05', '2131-02-01')")
