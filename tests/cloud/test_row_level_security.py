"""The database itself keeps organisations apart, whatever the application asks."""

from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from cloud.database import as_statement
from tests.support.clinics import Clinic, Planter, now_ms
from tests.support.postgres import Addresses

VISIBLE = [
    "organisation", "account", "session", "patient", "gateway", "wearable", "series", "own_reading", "newest_reading", "waveform", "clock_evidence", "finding", "alert",
]  # fmt: skip


@pytest.fixture(scope="module")
def clinics(database: Addresses) -> list[Clinic]:
    plant = Planter(database)
    found = [plant.clinic(number) for number in (1, 2)]
    for clinic in found:
        for patient in clinic.patients:
            plant.readings(patient, "heart_rate", [(now_ms(), 70.0)])
            plant.alert(patient, now_ms())
    return found


def count(url: str, table: str, organisation: str | None) -> int:
    with psycopg.connect(url) as connection:
        if organisation is not None:
            connection.execute("select set_config('mediassist.organisation', %s, true)", [organisation])
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("table", VISIBLE)
@pytest.mark.usefixtures("clinics")
def test_without_an_organisation_the_application_sees_nothing(database: Addresses, table: str) -> None:
    assert count(database.app, table, None) == 0
    assert count(database.app, table, "") == 0
    assert count(database.app, table, "99") == 0


def test_with_one_it_sees_that_one_alone(database: Addresses, clinics: list[Clinic]) -> None:
    for clinic in clinics:
        with psycopg.connect(database.app) as connection:
            connection.execute("select set_config('mediassist.organisation', %s, true)", [str(clinic.id)])
            seen = {row[0] for row in connection.execute("select id from patient")}
        assert seen == {patient.id for patient in clinic.patients}


THROUGH_VIEWS = ("reading", "coverage")  # and the roll-ups of reading, and their partitions


def test_every_table_of_an_organisation_has_forced_policies(database: Addresses) -> None:
    """Read from the catalogue, so that a table of a later migration is held to it too; partitions included.

    TimescaleDB's chunks cannot have them: see the next test.
    """
    with psycopg.connect(database.superuser) as connection:
        rows = connection.execute(
            """select c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
                      (select count(*) from pg_policy p where p.polrelid = c.oid)
               from pg_class c join pg_attribute a on a.attrelid = c.oid
               where c.relkind in ('r', 'p') and a.attname = 'organisation_id' and not a.attisdropped
                     and (c.relispartition or not exists (select from pg_inherits i where i.inhrelid = c.oid))"""
        ).fetchall()
    assert {"reading", "waveform", "finding", "alert", "patient", "undecoded", "clock_evidence"} <= {row[0] for row in rows}
    for name, enabled, forced, partition, policies in rows:
        if name.startswith(THROUGH_VIEWS):
            continue  # the application has no privilege on them: see the next test
        assert enabled, name
        assert forced, name
        assert partition or policies, name


@pytest.mark.usefixtures("clinics")
def test_the_parts_of_a_table_are_closed_to_the_application(database: Addresses) -> None:
    """Its policies guard the table, not its partitions or chunks: neither these nor their statistics may be read around it.

    TimescaleDB would hand a grant of the whole table on to its chunks: on any server there is none, only grants by column.
    """
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("analyze reading")
        parts = [
            row[0]
            for row in connection.execute(
                "select inhrelid::regclass::text from pg_inherits where inhparent in ('reading'::regclass, 'reading_by_minute'::regclass)"
            )
        ]
    assert parts
    with psycopg.connect(database.app, autocommit=True) as connection:
        for table in ("reading", "reading_by_minute", "reading_by_hour", "reading_by_day", "coverage"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(as_statement(f"select organisation_id from {table}"))
        for table in ("reading", "waveform"):
            assert connection.execute("select has_table_privilege(%s, 'select')", [table]).fetchone() == (False,)
        for part in parts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(as_statement(f"select organisation_id from {part}"))
        seen = connection.execute(
            "select tablename from pg_stats where attname = 'organisation_id' and tablename = any(%s)",
            [[part.split(".")[-1] for part in parts]],
        )
        assert seen.fetchall() == []


def test_every_table_without_an_organisation_is_known(database: Addresses) -> None:
    """A new table either carries organisation_id, or is listed here with a reason: it holds no health data."""
    # ids, counters, hashes, reasons, public keys, what an unanswered order says; no access for the application
    delivery = {
        "epoch_end",
        "ledger",
        "dead_letter",
        "store",
        "lost_epoch",
        "gateway_order",
        "gateway_standing",
        "roll_up_late",
        "told_rules",
    }
    enrolment = {"enrolled_certificate", "enrolment_audit"}  # certificates, ids and addresses; no access for the application
    with psycopg.connect(database.superuser) as connection:
        without = {
            row[0]
            for row in connection.execute(
                """select relname from pg_class c where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
                   and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organisation_id')"""
            )
        }
    store = {"roll_up", "process_standing"}  # moments of nobody's, which the application reads
    assert without == delivery | enrolment | store | {"organisation", "schema_migration"}
    for table in [*delivery, *enrolment, "schema_migration", "gateway_certificate", "epoch", "undecoded"]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            count(database.app, table, "1")


def test_no_role_is_above_the_policies(database: Addresses) -> None:
    with psycopg.connect(database.superuser) as connection:
        rows = connection.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname like 'mediassist%'"
        ).fetchall()
    assert {row[0] for row in rows} == {
        "mediassist_owner",
        "mediassist_app",
        "mediassist_ingest",
        "mediassist_enrolment",
        "mediassist_watch",
    }
    assert not any(any(row[1:]) for row in rows)


FORBIDDEN_TO_APP: list[LiteralString] = [
    "insert into reading (organisation_id, series_id, at, value) values (1, 1, now(), 1)",
    "update alert set priority = 'low'",
    "delete from finding",
    "update account set role = 'administrator'",
]


@pytest.mark.parametrize("statement", FORBIDDEN_TO_APP)
@pytest.mark.usefixtures("clinics")
def test_the_application_cannot_change_what_it_only_reads(database: Addresses, statement: LiteralString) -> None:
    with psycopg.connect(database.app) as connection:
        connection.execute("select set_config('mediassist.organisation', '1', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_session_cannot_be_made_for_another_organisation(database: Addresses, clinics: list[Clinic]) -> None:
    found = Planter(database).run("select id from account where organisation_id = %s", [clinics[1].id])
    with psycopg.connect(database.app) as connection:
        connection.execute("select set_config('mediassist.organisation', %s, true)", [str(clinics[0].id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "insert into session values (sha256('x'), %s, %s, now(), now(), now() + interval '1 hour')", [found[0][0], clinics[1].id]
            )


def test_a_row_cannot_name_a_patient_of_another_organisation(database: Addresses, clinics: list[Clinic]) -> None:
    """Composite keys: whoever writes cannot mix two organisations in one row."""
    stranger = clinics[1].patients[0]
    with psycopg.connect(database.ingest) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "insert into series (organisation_id, patient_id, wearable_id, metric) values (%s, %s, %s, 7)",
            [clinics[0].id, stranger.id, stranger.belt],
        )


@pytest.mark.usefixtures("clinics")
def test_the_worker_cannot_read_back_health_data(database: Addresses) -> None:
    for table in ("reading", "waveform", "alert", "patient", "account", "clock_evidence"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            count(database.ingest, table, None)
