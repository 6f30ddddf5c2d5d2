"""The live feed: a real server on loopback, a real WebSocket client, a real database that announces."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
import numpy as np
import pytest
import uvicorn
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cloud import live_feed
from cloud.app import assemble
from cloud.database import Database
from cloud.live_feed import LiveFeed, NotUnderstood, announcement, wish
from cloud.request import Caller
from tests.support.clinics import DATA_KEYS, EPOCH, FAST, MS, Clinic, Planter, now_ms, settings, sign_in
from tests.support.postgres import Addresses

SECOND = timedelta(seconds=1)
WITHIN_S = 5.0


class Server:
    """The application on a free port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"

    async def cookie(self, clinic: Clinic) -> str:
        async with httpx.AsyncClient(base_url=self.origin, headers={"Origin": self.origin}) as client:
            answer = await sign_in(client, clinic)
            return answer.cookies["mediassist_session"]

    @asynccontextmanager
    async def listening(self, clinic: Clinic | None, origin: str | None = None, gap: int | None = None) -> AsyncIterator[ClientConnection]:
        headers = {"Cookie": f"mediassist_session={await self.cookie(clinic)}"} if clinic else {}
        address = f"ws://127.0.0.1:{self.port}/api/live{'' if gap is None else f'?gap={gap}'}"
        async with connect(address, origin=cast("Any", origin or self.origin), additional_headers=headers) as client:
            yield client


async def heard(client: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for the first message of a kind."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            message: dict[str, Any] = json.loads(await client.recv())
            if wanted(message):
                return message


def of_type(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message["type"] == name


@pytest.fixture(scope="module")
def plant(database: Addresses) -> Planter:
    return Planter(database)


@pytest.fixture(scope="module")
def clinics(plant: Planter) -> list[Clinic]:
    return [plant.clinic(1), plant.clinic(2)]


@pytest.fixture
async def server(database: Addresses) -> AsyncIterator[Server]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = assemble(settings(database, port=port), passwords=FAST)
        running = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", ws_max_size=4096, timeout_graceful_shutdown=2))
        task = asyncio.create_task(running.serve(sockets=[listener]))
        async with asyncio.timeout(10):
            while not running.started:
                await asyncio.sleep(0.01)
        yield Server(port)
        running.should_exit = True
        await task


async def test_a_new_alert_arrives_at_once(server: Server, plant: Planter, clinics: list[Clinic]) -> None:
    patient = clinics[0].patients[0]
    async with server.listening(clinics[0]) as client:
        alert = plant.alert(patient, now_ms(), kind="desaturation")
        plant.announce(patient, "alert")
        message = await heard(client, of_type("alert"))
        assert message["alert"]["id"] == str(alert)
        assert message["alert"]["patient"]["id"] == str(patient.id)
        listed = await alerts_over_http(server, clinics[0])
        assert message["alert"] in listed


async def alerts_over_http(server: Server, clinic: Clinic) -> list[dict[str, Any]]:
    """The same clinic's alerts over HTTP."""
    async with httpx.AsyncClient(base_url=server.origin) as client:
        await sign_in(client, clinic)
        listed: list[dict[str, Any]] = (await client.get("/api/alerts")).json()
        return listed


async def test_an_alert_is_told_once(server: Server, plant: Planter, clinics: list[Clinic]) -> None:
    patient = clinics[0].patients[0]
    async with server.listening(clinics[0]) as client:
        first = plant.alert(patient, now_ms())
        plant.announce(patient, "alert")
        assert (await heard(client, of_type("alert")))["alert"]["id"] == str(first)
        plant.announce(patient, "alert")
        second = plant.alert(patient, now_ms() - timedelta(hours=1))
        plant.announce(patient, "alert")
        assert (await heard(client, of_type("alert")))["alert"]["id"] == str(second)


async def test_what_was_stored_while_nobody_listened_is_told_first(server: Server, plant: Planter, clinics: list[Clinic]) -> None:
    patient = clinics[0].patients[0]
    now = now_ms()
    before = plant.alert(patient, now, kind="before")
    plant.run("update alert set changed_at = now() - interval '100 s' where id = %s or changed_at < now()", [before])
    meanwhile = plant.alert(patient, now, kind="meanwhile")
    changed = plant.alert(patient, now, kind="changed")
    plant.run("update alert set state = 'acknowledged', version = 2 where id = %s", [changed])
    plant.readings(patient, "spo2", [(now - n * SECOND, 90.0) for n in range(120, -1, -1)])
    async with server.listening(clinics[0], gap=60) as client:
        await client.send(json.dumps({"watch": str(patient.id)}))
        told = {(await heard(client, lambda message: message["type"] == "alert"))["alert"]["id"] for _ in range(2)}
        assert told == {str(meanwhile), str(changed)}
        reading = await heard(client, lambda message: message["type"] == "reading")
        [series] = [one for one in reading["series"] if one["metric"] == "spo2"]
        assert len(series["at"]) == 61


@pytest.mark.parametrize("gap", [-1, 3601])
async def test_a_gap_too_long_to_be_told_is_refused(server: Server, clinics: list[Clinic], gap: int) -> None:
    with pytest.raises(InvalidStatus):
        async with server.listening(clinics[0], gap=gap):
            pass


async def test_another_organisation_hears_nothing_of_it(server: Server, plant: Planter, clinics: list[Clinic]) -> None:
    theirs, ours = clinics[0].patients[0], clinics[1].patients[0]
    async with server.listening(clinics[1]) as client:
        await client.send(json.dumps({"watch": str(theirs.id)}))
        plant.readings(theirs, "heart_rate", [(now_ms(), 70.0)])
        plant.alert(theirs, now_ms())
        plant.announce(theirs, "reading", "alert")
        mine = plant.alert(ours, now_ms())
        plant.announce(ours, "alert")
        async with asyncio.timeout(WITHIN_S):
            messages = [json.loads(await client.recv()) for _ in range(2)]
        assert {message["type"] for message in messages} == {"alert", "touched"}
        assert all(str(theirs.id) not in json.dumps(message) for message in messages)
        assert next(message for message in messages if message["type"] == "alert")["alert"]["id"] == str(mine)


async def test_the_watched_patients_readings_and_waveforms_arrive_once_each(server: Server, plant: Planter, clinics: list[Clinic]) -> None:
    patient = clinics[0].patients[1]
    start = now_ms()
    plant.readings(patient, "heart_rate", [(start, 70.0)])
    plant.strip(patient, start, np.arange(125))
    async with server.listening(clinics[0]) as client:
        await client.send(json.dumps({"watch": str(patient.id)}))
        first = await heard(client, of_type("reading"))
        assert first["patient"] == str(patient.id)
        assert first["series"][0]["value"] == [70.0]
        strip = await heard(client, of_type("waveform"))
        assert strip["pieces"][0]["at"] == (start - EPOCH) // MS
        assert len(strip["pieces"][0]["values"]) == 125
        plant.readings(patient, "heart_rate", [(start + 2 * SECOND, 72.0)])
        plant.announce(patient, "reading")
        assert (await heard(client, of_type("reading")))["series"][0]["value"] == [72.0]
        plant.readings(patient, "heart_rate", [(start + SECOND, 71.0)])
        plant.announce(patient, "reading")
        late = await heard(client, of_type("reading"))
        assert late["series"][0]["value"] == [71.0], "a row stored out of order is told too, and no other again"


async def test_a_patient_not_watched_is_only_named(server: Server, plant: Planter, clinics: list[Clinic]) -> None:
    patient = clinics[0].patients[0]
    async with server.listening(clinics[0]) as client:
        plant.announce(patient, "reading")
        assert await heard(client, lambda _: True) == {"type": "touched", "patient": str(patient.id)}


async def test_without_a_session_or_from_another_page_nobody_listens(server: Server, clinics: list[Clinic]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with server.listening(None):
            pass
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        async with server.listening(clinics[0], origin="https://evil.example"):
            pass


@pytest.mark.parametrize("said", ["no json", "[]", "{}", '{"watch": 3}', '{"watch": "somebody"}', "null"])
async def test_what_is_no_wish_closes_the_socket(server: Server, clinics: list[Clinic], said: str) -> None:
    async with server.listening(clinics[0]) as client:
        await client.send(said)
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(WITHIN_S):
                await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == live_feed.NOT_UNDERSTOOD


async def test_signing_out_closes_the_socket(
    server: Server, plant: Planter, clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "SESSION_CHECKED_EVERY_S", 0.05)
    async with server.listening(clinics[0]) as client:
        plant.run("delete from session")
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(WITHIN_S):
                await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == live_feed.NOT_SIGNED_IN


async def test_after_the_listening_connection_broke_nothing_is_missed(
    server: Server, plant: Planter, clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "LOOK_AGAIN_S", 0.05)
    patient = clinics[0].patients[0]
    async with server.listening(clinics[0]) as client:
        alert = plant.alert(patient, now_ms())  # not announced: as if said while nobody listened
        plant.run("select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen \"live\"'")
        assert (await heard(client, of_type("alert")))["alert"]["id"] == str(alert)


class StuckSocket:
    """A browser that reads nothing: no send ever ends."""

    def __init__(self) -> None:
        self.closed_with: int | None = None

    async def accept(self) -> None:
        pass

    async def send_text(self, _text: str) -> None:
        await asyncio.Event().wait()

    async def receive_text(self) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self, code: int) -> None:
        self.closed_with = code


async def test_a_slow_socket_is_dropped_and_counted(database: Addresses, clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "SEND_WITHIN_S", 0.05)
    dropped: list[bool] = []

    async def is_open(_caller: Caller) -> bool:
        return True

    async with Database(database.app) as opened:
        feed = LiveFeed(opened, is_open, lambda: dropped.append(True), DATA_KEYS)
        stuck = StuckSocket()
        serving = asyncio.create_task(feed.serve(cast("WebSocket", stuck), Caller(uuid4(), clinics[0].id, b"")))
        async with asyncio.timeout(WITHIN_S):
            while not serving.done():
                feed.announce(json.dumps({"organisation": clinics[0].id, "patients": [str(uuid4())], "kinds": ["reading"]}))
                await asyncio.sleep(0.01)
        await serving
    assert dropped == [True]
    assert stuck.closed_with == 1013


@pytest.mark.parametrize("payload", ["", "[]", "{}", '{"organisation":"1","patients":["x"],"kinds":[]}', '{"organisation":1}'])
def test_an_announcement_not_understood_is_none(payload: str) -> None:
    assert announcement(payload) is None


def test_a_wish_may_be_nobody() -> None:
    assert wish('{"watch": null}') is None
    with pytest.raises(NotUnderstood):
        wish('{"watch": 1}')
