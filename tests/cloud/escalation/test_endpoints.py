"""An administrator writes the ladder and the roster; everybody of the organisation may read them, nobody else's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from tests.support.clinics import Clinic, Planter, application, now_ms, running, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(1)


@pytest.fixture
async def client(database: Addresses, clinic: Clinic) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        yield client


def role(database: Addresses, name: str) -> str:
    plant = Planter(database)
    plant.run("update account set role = %s where organisation_id = 1", [name])
    return str(plant.run("select id from account where organisation_id = 1")[0][0])


async def test_the_usual_ladder_stands_until_an_own_one_is_written(client: httpx.AsyncClient, database: Addresses) -> None:
    usual = (await client.get("/api/escalation/ladder")).json()
    assert usual["own"] is False
    assert {"priority": "high", "level": 0, "seconds": 120} in usual["steps"]
    steps = [{"priority": "high", "level": level, "seconds": 60} for level in (0, 1)]
    assert (await client.put("/api/escalation/ladder", json=steps)).status_code == 403
    role(database, "administrator")
    assert (await client.put("/api/escalation/ladder", json=steps)).json() == {"own": True, "steps": steps}
    hole = await client.put("/api/escalation/ladder", json=[{"priority": "high", "level": 1, "seconds": 60}])
    assert (hole.status_code, "without a gap" in hole.json()["detail"]) == (422, True)
    assert (await client.put("/api/escalation/ladder", json=[])).json()["own"] is False


async def test_whom_the_roster_may_name(client: httpx.AsyncClient, database: Addresses) -> None:
    account = role(database, "doctor")
    assert (await client.get("/api/escalation/people")).json() == [{"id": account, "name": "A Nurse", "role": "doctor"}]


async def test_people_are_put_on_the_roster_and_taken_off(client: httpx.AsyncClient, database: Addresses) -> None:
    account = role(database, "administrator")
    duty = {"account": account, "level": 1, "since": NOW.isoformat(), "until": (NOW + timedelta(hours=8)).isoformat()}
    made = await client.post("/api/escalation/roster", json=duty)
    assert made.status_code == 201
    assert (await client.delete(f"/api/escalation/roster/{made.json()}")).status_code == 204
    tries = [await client.post("/api/escalation/roster", json=duty, headers={"Idempotency-Key": "the first of March"}) for _ in range(3)]
    assert len({answer.json() for answer in tries}) == 1
    made = tries[0]
    other = await client.post("/api/escalation/roster", json=duty | {"level": 2}, headers={"Idempotency-Key": "the first of March"})
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
    [listed] = (await client.get("/api/escalation/roster")).json()
    assert (listed["id"], listed["name"], listed["level"]) == (made.json(), "A Nurse", 1)
    for wrong in ({"account": str(uuid4())}, {"until": duty["since"]}, {"until": (NOW + timedelta(days=63)).isoformat()}):
        assert (await client.post("/api/escalation/roster", json=duty | wrong)).status_code == 422
    assert (await client.delete(f"/api/escalation/roster/{made.json()}")).status_code == 204
    assert (await client.delete(f"/api/escalation/roster/{made.json()}")).status_code == 404
