"""A base backup and its WAL, restored to a moment: the generation grows, gateways send again what they hold, and nothing is missing or there twice.

And migrations bring a database that is in use forward, with all that it holds.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from cloud.database import Away, Database
from cloud.ingest.generation import claim
from cloud.migrate import MIGRATIONS, migrate, migrations, standing
from cloud.vitals.roll_up import roll_up
from deploy.local import unprivileged
from deploy.local.postgres import EmbeddedPostgres, _programs
from deploy.local.processes import Supervisor
from edge.gateway.outbox import Parcel
from protocol.samples import Reading, batch_of
from tests.support.gateway import BELT, NOON
from tests.support.ingest import Exchange, exchange
from tests.support.postgres import PASSWORD, Addresses, addresses


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user can get into."""
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def migrated(url: str) -> Addresses:
    migrate(url, datetime.fromtimestamp(NOON / 1000, UTC), app_password=PASSWORD, ingest_password=PASSWORD, watch_password=PASSWORD)
    return addresses(url, "postgres")


async def claimed(database: Database, before: int) -> int:
    """Ask for the generation as a worker does: again, as long as the server is still in recovery."""
    while True:
        try:
            async with database.transaction(None) as connection:
                return await claim(connection, before)
        except Away:
            await asyncio.sleep(0.2)


async def store(wire: Exchange, *numbers: int) -> None:
    """A reading each, in a message each, from the outbox to the receipt."""
    wire.rig.outbox.put([Parcel(batch_of([Reading(BELT, 1, NOON + 1000 * n, 70.0, n)]), NOON, NOON) for n in numbers], NOON)
    await wire.carry(*wire.queued())
    wire.bring_back()


@pytest.mark.timeout(180)
async def test_a_backup_is_restored_to_a_moment_and_what_came_after_comes_again(place: Path) -> None:
    server = EmbeddedPostgres(place / "first")
    server.prepare()
    archive = unprivileged.give(place / "archive", server._user)
    with Supervisor(place / "logs") as processes:
        processes.start(server.program, seconds=60)
        for setting in ("archive_mode = on", f"archive_command = 'cp %p {archive}/%f'"):
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"alter system set {setting}".encode())
        processes.stop("database")
        processes.start(server.program, seconds=60)

        async with exchange(await asyncio.to_thread(migrated, server.url), place / "gateway") as wire:
            await store(wire, *range(10))
            restored = EmbeddedPostgres(place / "second")
            unprivileged.give(restored.folder, restored._user)
            unprivileged.give(restored.sockets, restored._user)
            command = [str(_programs() / "pg_basebackup"), "-d", server.url, "-D", str(restored._cluster), "-c", "fast", "-X", "stream"]
            taken = unprivileged.run(command, server._user, restored.folder)
            assert taken.returncode == 0, taken.stderr
            await store(wire, *range(10, 20))
            with psycopg.connect(server.url, autocommit=True) as connection:
                [(moment,)] = connection.execute("select clock_timestamp()::text").fetchall()
            await store(wire, *range(20, 25))
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("select pg_switch_wal()")
            rig, before = wire.rig, wire.rows("select generation from store")[0][0]
            assert rig.outbox.depth() == 0
        processes.stop("database")

        with (restored._cluster / "postgresql.auto.conf").open("a") as settings:
            settings.write(
                f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\narchive_mode = off\n"
            )
        (restored._cluster / "recovery.signal").touch()
        processes.start(restored.program, seconds=60)
        after = addresses(restored.url, "postgres")
        with psycopg.connect(restored.url) as connection:
            assert connection.execute("select count(*) from reading").fetchone() == (20,)
        async with Database(after.ingest) as database:
            generation = await claimed(database, before)
            assert generation > before, "another timeline is another generation"
            wire = Exchange(after, rig, database)
            # The next message's receipt tells of the new generation: whatever is held is queued again.
            await store(wire, 25)
            assert rig.outbox.depth() > 0
            while rig.outbox.depth():
                await wire.carry(*wire.queued())
                assert wire.bring_back()
            assert wire.rows("select record, count(*) from reading group by 1 order by 1") == [(n, 1) for n in range(26)]


@pytest.mark.timeout(120)
async def test_migrations_bring_a_database_in_use_forward(place: Path) -> None:
    """The tables of the first delivered version, with readings, a finding and its alert; then everything since."""
    files = migrations()
    then = place / "then"
    then.mkdir()
    for file in files[:5]:
        shutil.copy(MIGRATIONS / f"{file.name}.sql", then)
    server = EmbeddedPostgres(place / "postgres")
    server.prepare()
    with Supervisor(place / "logs") as processes:
        processes.start(server.program, seconds=60)
        at = datetime.fromtimestamp(NOON / 1000, UTC)
        await asyncio.to_thread(migrate, server.url, at, ingest_password=PASSWORD, watch_password=PASSWORD, folder=then)
        with psycopg.connect(server.url) as connection:
            connection.execute(
                """insert into organisation values (1, 'North');
                   insert into patient values (gen_random_uuid(), 1, 'P', '1950-01-01', 'Europe/Vienna');
                   insert into gateway values (gen_random_uuid(), 1, 'home');
                   insert into wearable select gen_random_uuid(), 1, g.id, p.id, 'belt', 'C0' from gateway g, patient p;
                   insert into series (organisation_id, patient_id, wearable_id, metric) select 1, patient_id, id, 1 from wearable;
                   insert into finding select gen_random_uuid(), 1, p.id, g.id, '', 1, 'early_warning', 'high', now(), now(), now(), 7, null, null,
                       '{}', '{}', '{}', '""', '' from gateway g, patient p;
                   insert into alert (id, organisation_id, patient_id, finding_id, kind, priority, raised_at)
                       select gen_random_uuid(), 1, patient_id, id, kind, priority, at from finding"""
            )
            connection.execute(
                "insert into reading select 1, s.id, %s::timestamptz + n * interval '1 second', 70, null, n from series s, generate_series(0, 7199) n",
                [at],
            )
        assert await asyncio.to_thread(migrate, server.url, at) == [file.name for file in files[5:]]
        assert (await asyncio.to_thread(standing, server.url)).pending == ()
        async with Database(addresses(server.url, "postgres").watch) as watch:
            done = await roll_up(watch, datetime.fromtimestamp(NOON / 1000 + 7300, UTC))
        assert done is not None
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select count(*), sum(n) from reading_by_minute").fetchone() == (120, 7200)
            assert connection.execute("select state, occurrences, version, last_at = raised_at from alert").fetchone() == (
                "raised",
                1,
                1,
                True,
            )
            assert connection.execute("select count(*) from alert_finding").fetchone() == (1,)
