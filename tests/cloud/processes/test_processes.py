"""A process that falls silent is said by another: in the log, by e-mail to whoever runs the cloud, and on every page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from cloud.alerts.notifier import Notification, NotTold
from cloud.database import Database
from cloud.processes import repository
from cloud.processes.duties import AGAIN_AFTER, Sentry, beat
from tests.support.clinics import Clinic, Planter, application, running, sign_in
from tests.support.postgres import Addresses

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def watch(database: Addresses) -> AsyncIterator[Database]:
    async with Database(database.watch) as opened:
        yield opened


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(1)


@dataclass(slots=True)
class Post:
    """Takes warnings, or is away."""

    away: bool = False
    warned: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    async def tell(self, notification: Notification) -> None:
        raise AssertionError(notification)

    async def warn(self, address: str, subject: str, about: str) -> None:
        if self.away:
            raise NotTold("ConnectionRefusedError")
        self.warned.append((address, subject, about))


def stood(database: Addresses, **heard: datetime) -> None:
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("truncate process_standing")
        for process, at in heard.items():
            connection.execute("insert into process_standing values (%s, %s)", [process, at])


async def test_a_silence_is_said_once_an_hour_and_its_end_ends_it(database: Addresses, watch: Database) -> None:
    post = Post()
    sentry = Sentry(watch, post, "operator@example.org")
    stood(database, worker=NOW, watch=NOW)
    await sentry.look(NOW)
    await sentry.look(NOW + 59 * SECOND)
    assert post.warned == []
    await sentry.look(NOW + 61 * SECOND)
    stood(database, worker=NOW, watch=NOW + 2 * AGAIN_AFTER)
    await sentry.look(NOW + 70 * SECOND)
    [(address, subject, about)] = [each for each in post.warned if "worker" in each[1]]
    assert (address, subject) == ("operator@example.org", "MediAssist: the worker is silent")
    assert "since 2027-01-15 08:00:00 UTC. What homes send is not being stored" in about
    await sentry.look(NOW + 61 * SECOND + AGAIN_AFTER)
    assert len([each for each in post.warned if "worker" in each[1]]) == 2
    stood(database, worker=NOW + AGAIN_AFTER + 65 * SECOND, watch=NOW + 2 * AGAIN_AFTER)
    await sentry.look(NOW + AGAIN_AFTER + 70 * SECOND)
    await sentry.look(NOW + AGAIN_AFTER + 200 * SECOND)
    assert len([each for each in post.warned if "worker" in each[1]]) == 3, "a new silence is said at once"


async def test_what_could_not_be_told_is_tried_again(database: Addresses, watch: Database) -> None:
    post = Post(away=True)
    sentry = Sentry(watch, post, "operator@example.org")
    stood(database, worker=NOW, watch=NOW + 100 * SECOND)
    await sentry.look(NOW)
    await sentry.look(NOW + 100 * SECOND)
    post.away = False
    await sentry.look(NOW + 110 * SECOND)
    assert len(post.warned) == 1


async def test_a_cloud_that_is_started_has_a_minute_to_speak_and_one_that_never_speaks_is_said(
    database: Addresses, watch: Database
) -> None:
    stood(database, watch=NOW - timedelta(days=1))
    post = Post()
    sentry = Sentry(watch, post, "operator@example.org")
    await sentry.look(NOW)
    await sentry.look(NOW + 60 * SECOND)
    assert post.warned == []
    await sentry.look(NOW + 61 * SECOND)
    assert [about.split(". ")[0] for _, _, about in post.warned] == [
        "The worker has not been heard since it was set up",
        "The watch has not been heard since 2027-01-14 08:00:00 UTC",
    ]


async def test_both_kinds_are_heard_by_their_own_roles_and_the_page_is_told(database: Addresses, clinic: Clinic) -> None:
    stood(database, watch=datetime.now(UTC) - 300 * SECOND)
    async with running(application(database)) as client:
        assert (await client.get("/api/processes")).status_code == 401
        await sign_in(client, clinic)
        assert said(await client.get("/api/processes")) == {"worker": True, "watch": True}
        async with Database(database.ingest) as ingest, Database(database.watch) as watch:
            beating = [asyncio.create_task(beat(ingest, "worker")), asyncio.create_task(beat(watch, "watch"))]
            async with asyncio.timeout(20):
                while True:
                    async with watch.transaction(None) as connection:
                        heard = await repository.heard(connection)
                    if len(heard) == 2 and all(datetime.now(UTC) - at < 30 * SECOND for at in heard.values()):
                        break
                    await asyncio.sleep(0.05)
            for task in beating:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        assert said(await client.get("/api/processes")) == {"worker": False, "watch": False}


def said(answer: httpx.Response) -> dict[str, bool]:
    return {each["process"]: each["silent"] for each in answer.json()}
