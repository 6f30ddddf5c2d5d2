"""Nobody takes an alert: it climbs its organisation's ladder, and each level's people get an e-mail that betrays nothing."""

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from cloud.alerts.notifier import SmtpNotifier
from cloud.database import Database
from cloud.escalation.duties import hand_over, move_on
from tests.support.clinics import Clinic, Planter, now_ms
from tests.support.postgres import Addresses

NOW = now_ms()
MINUTE = timedelta(minutes=1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Post(Message):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[EmailMessage] = []

    def handle_message(self, message: Any) -> None:
        self.letters.append(message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    handler, port = Post(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
async def watch(database: Addresses) -> AsyncIterator[Database]:
    async with Database(database.watch) as opened:
        yield opened


@pytest.fixture
def clinic(database: Addresses) -> Iterator[Clinic]:
    plant = Planter(database)
    number = int(str(plant.run("select coalesce(max(id), 0) + 1 from organisation")[0][0]))
    yield plant.clinic(number)
    plant.run("update alert set due_at = null")
    plant.run("delete from notification")


def person(plant: Planter, clinic: Clinic, role: str = "nurse") -> UUID:
    account = uuid4()
    plant.run("insert into account values (%s, %s, %s, 'Somebody', %s, '-')", [account, clinic.id, f"{account.hex}@clinic.example", role])
    return account


def on_call(plant: Planter, clinic: Clinic, account: UUID, level: int, since: datetime = NOW - MINUTE) -> None:
    plant.run("insert into on_call values (%s, %s, %s, %s, %s, %s)", [uuid4(), clinic.id, level, account, since, NOW + timedelta(days=1)])


def an_alert(plant: Planter, clinic: Clinic) -> UUID:
    alert = plant.alert(clinic.patients[0], NOW)
    plant.run("update alert set due_at = %s where id = %s", [NOW, alert])
    return alert


def told(plant: Planter, alert: UUID) -> list[tuple[object, ...]]:
    return plant.run("select account_id, level from notification where alert_id = %s order by made_at, account_id", [alert])


async def test_an_alert_climbs_until_somebody_takes_it(database: Addresses, watch: Database, clinic: Clinic) -> None:
    plant = Planter(database)
    first, second = person(plant, clinic), person(plant, clinic, "doctor")
    on_call(plant, clinic, first, 0)
    on_call(plant, clinic, second, 1)
    alert = an_alert(plant, clinic)
    assert await move_on(watch, NOW - MINUTE) == 0
    assert await move_on(watch, NOW) == 1
    assert await move_on(watch, NOW + MINUTE) == 0
    assert told(plant, alert) == [(first, 0)]
    assert await move_on(watch, NOW + 2 * MINUTE) == 1
    assert told(plant, alert) == [(first, 0), (second, 1)]
    assert plant.run("select state, level from alert where id = %s", [alert]) == [("escalated", 1)]
    plant.run("update alert set state = 'acknowledged', due_at = null, owner_id = %s where id = %s", [second, alert])
    assert await move_on(watch, NOW + timedelta(days=1)) == 0
    assert plant.run("select event, level from alert_event where alert_id = %s order by id", [alert]) == [
        ("time_passed", 0),
        ("time_passed", 1),
    ]


async def test_a_level_with_nobody_on_it_is_passed_and_an_empty_roster_asks_the_administrators(
    database: Addresses, watch: Database, clinic: Clinic
) -> None:
    plant = Planter(database)
    alert = an_alert(plant, clinic)
    await move_on(watch, NOW)
    everybody = plant.run("select id, 0 from account where organisation_id = %s", [clinic.id])
    assert told(plant, alert) == everybody
    administrator = person(plant, clinic, "administrator")
    alert = an_alert(plant, clinic)
    await move_on(watch, NOW)
    assert told(plant, alert) == [(administrator, 0)]
    second = person(plant, clinic)
    on_call(plant, clinic, second, 2)
    on_call(plant, clinic, person(plant, clinic), 0, since=NOW + timedelta(hours=5))
    alert = an_alert(plant, clinic)
    await move_on(watch, NOW)
    assert told(plant, alert) == [(second, 0)]


async def test_an_organisations_own_ladder_is_gone_by(database: Addresses, watch: Database, clinic: Clinic) -> None:
    plant = Planter(database)
    on_call(plant, clinic, person(plant, clinic), 0)
    plant.run("insert into escalation_step values (%s, 'high', 0, 45)", [clinic.id])
    alert = an_alert(plant, clinic)
    for seconds in (0, 44, 45, 90):
        await move_on(watch, NOW + timedelta(seconds=seconds))
    assert [level for _, level in told(plant, alert)] == [0, 0, 0]


async def test_an_e_mail_goes_out_once_and_betrays_nothing(
    database: Addresses, watch: Database, clinic: Clinic, post: tuple[Post, int]
) -> None:
    plant = Planter(database)
    account = person(plant, clinic)
    on_call(plant, clinic, account, 0)
    alert = an_alert(plant, clinic)
    await move_on(watch, NOW)
    notifier = SmtpNotifier("127.0.0.1", post[1], "none", "alerts@monitor.example", "https://monitor.example")
    assert await hand_over(watch, notifier, NOW)
    assert not await hand_over(watch, notifier, NOW)
    [letter] = post[0].letters
    text = letter.as_string()
    assert letter["To"] == f"{account.hex}@clinic.example"
    assert f"https://monitor.example/alerts/{alert}" in letter.get_content()
    for secret in (str(clinic.patients[0].id), f"Patient {clinic.patients[0].id}", "heart", "early_warning", "150"):
        assert secret not in text


async def test_a_server_that_is_away_is_tried_again(database: Addresses, watch: Database, clinic: Clinic, post: tuple[Post, int]) -> None:
    plant = Planter(database)
    on_call(plant, clinic, person(plant, clinic), 0)
    alert = an_alert(plant, clinic)
    await move_on(watch, NOW)
    away = SmtpNotifier("127.0.0.1", free_port(), "none", "alerts@monitor.example", "https://monitor.example")
    assert await hand_over(watch, away, NOW)
    assert not await hand_over(watch, away, NOW + timedelta(seconds=4))
    there = SmtpNotifier("127.0.0.1", post[1], "none", "alerts@monitor.example", "https://monitor.example")
    assert await hand_over(watch, there, NOW + timedelta(seconds=5))
    assert plant.run("select tries, sent_at is not null from notification where alert_id = %s", [alert]) == [(2, True)]


async def test_what_somebody_has_taken_is_not_told_any_more(
    database: Addresses, watch: Database, clinic: Clinic, post: tuple[Post, int]
) -> None:
    plant = Planter(database)
    on_call(plant, clinic, person(plant, clinic), 0)
    alert = an_alert(plant, clinic)
    await move_on(watch, NOW)
    plant.run("update alert set state = 'resolved', due_at = null where id = %s", [alert])
    notifier = SmtpNotifier("127.0.0.1", post[1], "none", "alerts@monitor.example", "https://monitor.example")
    assert not await hand_over(watch, notifier, NOW)
