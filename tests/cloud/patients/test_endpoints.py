"""The patients of an organisation over HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import numpy as np
import pytest

from tests.support.clinics import Clinic, Planter, application, now_ms, running, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    plant = Planter(database)
    clinic = plant.clinic(1)
    watched = clinic.patients[0]
    plant.readings(watched, "heart_rate", [(NOW - 2 * SECOND, 70.0), (NOW - SECOND, 71.0)])
    plant.readings(watched, "heart_rate", [(NOW - 9 * SECOND, 99.0)], wearable=watched.patch)
    plant.readings(watched, "body_temperature", [(NOW - 5 * SECOND, None)])
    plant.strip(watched, NOW, np.zeros(125))
    plant.alert(watched, NOW)
    return clinic


@pytest.fixture
async def client(database: Addresses, clinic: Clinic) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        yield client


async def test_the_list_says_the_newest_value_of_each_metric(client: httpx.AsyncClient, clinic: Clinic) -> None:
    listed = {patient["id"]: patient for patient in (await client.get("/api/patients")).json()}
    watched = listed[str(clinic.patients[0].id)]
    assert [(value["metric"], value["value"], value["absence"]) for value in watched["latest"]] == [
        ("heart_rate", 71.0, None),
        ("body_temperature", None, "off_body"),
    ]
    assert watched["latest"][0]["unit"] == "/min"
    assert watched["open_alerts"] == 1


async def test_the_list_says_when_a_patient_was_last_heard(client: httpx.AsyncClient, clinic: Clinic) -> None:
    listed = {patient["id"]: patient for patient in (await client.get("/api/patients")).json()}
    assert listed[str(clinic.patients[0].id)]["last_heard_at"] == NOW.isoformat().replace("+00:00", "Z")
    silent = listed[str(clinic.patients[1].id)]
    assert silent["last_heard_at"] is None
    assert silent["latest"] == []
    assert silent["open_alerts"] == 0


async def test_one_patient_says_what_is_worn(client: httpx.AsyncClient, clinic: Clinic) -> None:
    answer = (await client.get(f"/api/patients/{clinic.patients[0].id}")).json()
    assert answer["born"] == "1950-01-31"
    heard = {wearable["kind"]: wearable["last_heard_at"] for wearable in answer["wearables"]}
    assert heard["ecg_patch"] == NOW.isoformat().replace("+00:00", "Z")
    assert heard["heart_rate_belt"] == (NOW - SECOND).isoformat().replace("+00:00", "Z")


async def test_an_unknown_patient_is_absent(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/api/patients/{uuid4()}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no such patient"
