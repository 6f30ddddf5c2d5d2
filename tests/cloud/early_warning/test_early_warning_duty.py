"""NEWS2 of all that is stored of a patient: on the page as a range, and found by the watch once it has stood."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cloud.database import Database
from cloud.early_warning.duties import check_early_warning
from mediassist.__main__ import main
from tests.support.clinics import Clinic, Planter, application, now_ms, running, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()
SECOND = timedelta(seconds=1)
NUMBERS = count(1)


@pytest.fixture
async def watch(database: Addresses) -> AsyncIterator[Database]:
    async with Database(database.watch) as opened:
        yield opened


@pytest.fixture
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(next(NUMBERS), patients=4)


@pytest.fixture
async def client(database: Addresses, clinic: Clinic) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        yield client


async def test_what_stands_for_ten_seconds_is_found_once_an_hour_and_replays(
    client: httpx.AsyncClient, database: Addresses, watch: Database, clinic: Clinic, tmp_path: Path
) -> None:
    plant, (sick, calm, brief, old) = Planter(database), clinic.patients
    for patient, oxygen in ((sick, 86.0), (calm, 97.0), (old, 86.0)):
        late = 300 if patient is old else 0
        plant.readings(patient, "spo2", [(NOW - n * SECOND, oxygen) for n in range(90 + late, late - 1, -1)])
        plant.readings(patient, "heart_rate", [(NOW - n * SECOND, 95.0) for n in range(90 + late, late - 1, -1)])
    plant.readings(brief, "spo2", [(NOW - n * SECOND, 86.0 if n < 8 else 97.0) for n in range(90, -1, -1)])
    assert await check_early_warning(watch, NOW) == 1
    assert await check_early_warning(watch, NOW + SECOND) == 0, "found once an hour"
    [alert] = (await client.get("/api/alerts")).json()
    assert (alert["patient"]["id"], alert["kind"], alert["priority"], alert["score"]) == (str(sick.id), "early_warning", "medium", 4.0)
    assert "spo2 86 gives 3" in alert["explanation"]
    assert "respiratory_rate (not measured)" in alert["explanation"]
    covered = (await client.get(f"/api/alerts/{alert['id']}")).json()["coverage"]
    assert (covered["spo2"], covered["heart_rate"], covered["respiratory_rate"]) == (1.0, 1.0, 0.0)
    [finding] = (await client.get(f"/api/alerts/{alert['id']}/findings")).json()
    capsule = await client.get(f"/api/alerts/{alert['id']}/findings/{finding['id']}/capsule")
    (tmp_path / "c").write_bytes(capsule.content)
    assert main(["replay", str(tmp_path / "c")]) == 0


async def test_two_vitals_that_are_a_little_off_are_looked_at_and_do_not_alarm(
    database: Addresses, watch: Database, clinic: Clinic
) -> None:
    plant, patient = Planter(database), clinic.patients[0]
    for metric, value in (("spo2", 95.0), ("heart_rate", 100.0)):
        plant.readings(patient, metric, [(NOW - n * SECOND, value) for n in range(60, -1, -1)])
    assert await check_early_warning(watch, NOW) == 0
    plant.readings(patient, "respiratory_rate", [(NOW - n * SECOND, 26.0) for n in range(60, -1, -5)])
    assert await check_early_warning(watch, NOW) == 1


async def test_scale_2_is_followed(client: httpx.AsyncClient, database: Addresses, watch: Database, clinic: Clinic) -> None:
    patient = clinic.patients[0]
    assert (await client.put(f"/api/patients/{patient.id}/early-warning", json={"spo2_scale": 2})).status_code == 200
    Planter(database).readings(patient, "spo2", [(NOW - n * SECOND, 89.0) for n in range(60, -1, -1)])
    assert await check_early_warning(watch, NOW) == 0
    said = (await client.get(f"/api/patients/{patient.id}/early-warning/score")).json()
    assert said["spo2_scale"] == 2


async def test_the_page_says_the_score_as_a_range_and_what_is_missing(
    client: httpx.AsyncClient, database: Addresses, clinic: Clinic
) -> None:
    patient = clinic.patients[0]
    nothing = (await client.get(f"/api/patients/{patient.id}/early-warning/score")).json()
    assert (nothing["low"], nothing["high"], nothing["level"]) == (0, 20, 0)
    assert all(each["value"] is None for each in nothing["parameters"])
    now = now_ms()
    plant = Planter(database)
    plant.readings(patient, "spo2", [(now - n * SECOND, 93.0) for n in range(20, -1, -1)])
    plant.readings(patient, "body_temperature", [(now - timedelta(minutes=10), 38.6)])
    said = (await client.get(f"/api/patients/{patient.id}/early-warning/score")).json()
    parts = {each["name"]: each for each in said["parameters"]}
    assert (parts["spo2"]["value"], parts["spo2"]["low"], parts["spo2"]["high"]) == (93.0, 2, 2)
    assert parts["temperature"]["low"] == 1
    assert 590 <= parts["temperature"]["age_seconds"] <= 660
    assert (parts["pulse"]["value"], parts["pulse"]["low"], parts["pulse"]["high"]) == (None, 0, 3)
    assert said["low"] == 3
    assert said["high"] == 3 + 3 + 3 + 3 + 2 + 3
    assert (await client.get(f"/api/patients/{uuid4()}/early-warning/score")).status_code == 404


async def test_another_organisation_sees_nothing_of_it(database: Addresses, clinic: Clinic) -> None:
    other = Planter(database).clinic(next(NUMBERS), patients=1)
    Planter(database).readings(clinic.patients[0], "spo2", [(now_ms(), 80.0)])
    async with running(application(database)) as client:
        await sign_in(client, other)
        assert (await client.get(f"/api/patients/{clinic.patients[0].id}/early-warning/score")).status_code == 404
