"""The statement over HTTP says what was carried over: what is missing, what was given up, and when all is there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

import httpx
import psycopg
import pytest

from cloud.app import assemble
from cloud.completeness.certificate import PRIVATE, PUBLIC, check, make_key
from edge.gateway.outbox import Parcel
from protocol.envelope import MessageClass
from protocol.message import Gap, GapReason, GivenUp
from protocol.samples import Reading, batch_of
from tests.cloud.conftest import wire
from tests.support.clinics import FAST, ORIGIN, PASSWORD, settings
from tests.support.gateway import BELT, GATEWAY, NOON, PATIENT
from tests.support.ingest import Exchange

__all__ = ["wire"]
DAY = datetime.fromtimestamp(NOON / 1000, UTC).date()


@pytest.fixture
async def client(wire: Exchange) -> AsyncIterator[httpx.AsyncClient]:
    with psycopg.connect(wire.addresses.superuser) as connection:
        connection.execute("insert into account values (%s, 1, 'n@c.example', 'A Nurse', 'nurse', %s)", [uuid4(), FAST.hash(PASSWORD)])
    app = assemble(settings(wire.addresses), passwords=FAST)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client,
    ):
        (await client.post("/api/session", json={"email": "n@c.example", "password": PASSWORD})).raise_for_status()
        yield client


def vitals(at: int) -> Parcel:
    return Parcel(batch_of([Reading(BELT, 1, at, 70.0, at % 1000)]), at, at)


async def day(client: httpx.AsyncClient) -> dict[str, object]:
    found: dict[str, object] = (await client.get(f"/api/patients/{PATIENT}/completeness", params={"day": str(DAY)})).json()
    return found


async def test_a_day_is_open_then_incomplete_then_complete(wire: Exchange, client: httpx.AsyncClient) -> None:
    assert (await day(client))["state"] == "open"
    tomorrow = NOON + int(timedelta(days=1) / timedelta(milliseconds=1))
    wire.rig.outbox.put([vitals(NOON), vitals(NOON + 1000), vitals(tomorrow)], NOON)
    opening, first, second, last = wire.queued()
    await wire.carry(opening, first, last)
    incomplete = await day(client)
    assert (incomplete["state"], incomplete["missing"]) == ("incomplete", 1)
    [epoch] = (await client.get(f"/api/gateways/{GATEWAY}/completeness")).json()
    assert epoch["missing"] == [{"first": 2, "last": 2}]
    await wire.carry(second)
    assert (await day(client))["state"] == "complete"
    assert (await day(client))["missing"] == 0


async def test_what_a_gateway_gave_up_is_named_with_its_time(wire: Exchange, client: httpx.AsyncClient) -> None:
    tomorrow = NOON + int(timedelta(days=1) / timedelta(milliseconds=1))
    wire.rig.outbox.put([vitals(NOON), vitals(tomorrow)], NOON)
    opening, first, last = wire.queued()
    epoch = first.data[17:33]
    gap = Gap((GivenUp(epoch, 1, 1, MessageClass.VITAL, NOON, NOON + 1000, GapReason.FULL),))
    wire.rig.outbox.put([Parcel(gap, NOON, NOON)], NOON)
    said = wire.queued()[-1]
    await wire.carry(opening, last, said, said)
    found = await day(client)
    assert found["state"] == "complete_except"
    [named] = cast("list[dict[str, object]]", found["given_up"])
    assert (named["messages"], named["of_class"], named["reason"]) == (1, "vital", "full")
    elsewhere = await client.get(f"/api/patients/{PATIENT}/completeness", params={"day": str(DAY - timedelta(days=3))})
    assert elsewhere.json()["given_up"] == []


async def test_a_day_is_certified(wire: Exchange, client: httpx.AsyncClient) -> None:
    wire.rig.outbox.put([vitals(NOON)], NOON)
    await wire.carry(*wire.queued())
    path = f"/api/patients/{PATIENT}/completeness/certificate"
    keys = settings(wire.addresses).keys
    if not (keys / PRIVATE).exists():
        refused = await client.get(path, params={"day": str(DAY)})
        assert (refused.status_code, "no key to sign with" in refused.json()["detail"]) == (409, True)
        make_key(keys)
    certificate = (await client.get(path, params={"day": str(DAY)})).json()
    statement = check(certificate, (keys / PUBLIC).read_bytes())
    assert (statement["patient"], statement["day"], statement["state"]) == (str(PATIENT), str(DAY), "open")


async def test_anothers_gateway_and_patient_are_absent(wire: Exchange, client: httpx.AsyncClient) -> None:
    assert wire.rows("select count(*) from gateway") == [(1,)]
    assert (await client.get(f"/api/gateways/{uuid4()}/completeness")).status_code == 404
    assert (await client.get(f"/api/patients/{uuid4()}/completeness", params={"day": str(DAY)})).status_code == 404
