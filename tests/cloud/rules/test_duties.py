"""The watch finds who left their limits and who fell silent, once; and a nurse sets the limits."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from cloud.database import Database
from cloud.rules.duties import check_thresholds, find_silence
from cloud.vitals.roll_up import roll_up
from mediassist.__main__ import main
from tests.support.clinics import Clinic, Planter, application, now_ms, running, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
async def watch(database: Addresses) -> AsyncIterator[Database]:
    async with Database(database.watch) as opened:
        yield opened


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(1, patients=3)


@pytest.fixture
async def client(database: Addresses, clinic: Clinic) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        yield client


async def test_limits_are_set_by_a_nurse_and_found_left_by_the_watch(
    client: httpx.AsyncClient, database: Addresses, watch: Database, clinic: Clinic, tmp_path: Path
) -> None:
    plant, patient = Planter(database), clinic.patients[0]
    path = f"/api/patients/{patient.id}/thresholds"
    wanted = {"metric": "heart_rate", "low": 45.0, "high": 120.0, "for_seconds": 60, "priority": "high"}
    assert (await client.put(path, json=[wanted])).json() == [wanted]
    for wrong in ({"metric": "ecg"}, {"low": 130.0}, {"low": None, "high": None}, {"high": 400.0}, {"metric": "tea"}):
        assert (await client.put(path, json=[wanted | wrong])).status_code == 422, wrong
    assert (await client.get(path)).json() == [wanted]
    plant.readings(patient, "heart_rate", [(NOW - n * SECOND, 131.0 + n % 3) for n in range(70, -1, -1)])
    assert await check_thresholds(watch, NOW) == 1
    assert await check_thresholds(watch, NOW + 5 * SECOND) == 0, "found once an hour"
    [alert] = (await client.get("/api/alerts", params={"patient": str(patient.id)})).json()
    assert (alert["kind"], alert["priority"], alert["score"]) == ("threshold", "high", 11.0)
    assert alert["explanation"] == "heart_rate 131 /min, for 60 s above 120"
    whole = (await client.get(f"/api/alerts/{alert['id']}")).json()
    assert whole["thresholds"] == {"metric": 1.0, "low": 45.0, "high": 120.0, "for_seconds": 60.0}
    assert len(whole["evidence"][0]["value"]) == 61
    [finding] = (await client.get(f"/api/alerts/{alert['id']}/findings")).json()
    capsule = await client.get(f"/api/alerts/{alert['id']}/findings/{finding['id']}/capsule")
    (tmp_path / "c").write_bytes(capsule.content)
    assert main(["replay", str(tmp_path / "c")]) == 0
    assert (await client.put(path, json=[])).json() == []


async def test_limits_of_two_vitals_are_two_episodes_and_a_vital_that_stays_outside_is_one(
    client: httpx.AsyncClient, database: Addresses, watch: Database
) -> None:
    plant, here = Planter(database), Planter(database).clinic(8, patients=1)
    patient = here.patients[0]
    await sign_in(client, here)
    limits = [{"metric": "heart_rate", "high": 100.0}, {"metric": "spo2", "low": 90.0, "priority": "high"}]
    assert (await client.put(f"/api/patients/{patient.id}/thresholds", json=limits)).status_code == 200
    for metric, value in (("heart_rate", 120.0), ("spo2", 85.0)):
        plant.readings(patient, metric, [(NOW - n * SECOND, value) for n in range(70)])
    assert await check_thresholds(watch, NOW) == 2
    later = NOW + timedelta(hours=1)
    plant.readings(patient, "spo2", [(later - n * SECOND, 84.0) for n in range(70)])
    assert await check_thresholds(watch, later) == 1
    alerts = (await client.get("/api/alerts", params={"patient": str(patient.id)})).json()
    said = sorted((alert["priority"], alert["explanation"][:5], alert["occurrences"]) for alert in alerts)
    assert said == [("high", "spo2 ", 2), ("medium", "heart", 1)]


async def test_who_spoke_and_fell_silent_is_found_once_an_hour(
    client: httpx.AsyncClient, database: Addresses, watch: Database, clinic: Clinic
) -> None:
    plant = Planter(database)
    silent, speaking = clinic.patients[1], clinic.patients[2]
    plant.readings(silent, "spo2", [(NOW - n * MINUTE, 97.0) for n in range(30, 6, -1)])
    plant.readings(speaking, "spo2", [(NOW - n * MINUTE, 97.0) for n in range(30, 0, -1)])
    await roll_up(watch, NOW - 2 * MINUTE)
    assert await find_silence(watch, NOW) == 0, "what is not added up yet says nothing"
    removed = clinic.patients[0]
    plant.readings(removed, "spo2", [(NOW - n * MINUTE, 97.0) for n in range(30, 6, -1)])
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("update wearable set removed_at = now() where patient_id = %s", [removed.id])
    await roll_up(watch, NOW + MINUTE)
    assert await find_silence(watch, NOW) == 1
    assert await find_silence(watch, NOW + 2 * MINUTE) == 0
    [alert] = (await client.get("/api/alerts", params={"patient": str(silent.id)})).json()
    assert (alert["kind"], alert["priority"], alert["state"]) == ("silence", "medium", "raised")
    assert (await client.get("/api/alerts", params={"patient": str(speaking.id)})).json() == []
    await client.post(f"/api/alerts/{alert['id']}/resolve", json={})
    plant.readings(speaking, "spo2", [(NOW + n * MINUTE, 97.0) for n in range(70)])
    await roll_up(watch, NOW + 70 * MINUTE)
    assert await find_silence(watch, NOW + 65 * MINUTE) >= 1
    again = (await client.get("/api/alerts", params={"patient": str(silent.id)})).json()
    assert [each["state"] for each in again] == ["raised", "resolved"], "silence that goes on raises a new alert once the old one is closed"
    assert (await client.get("/api/alerts", params={"patient": str(speaking.id)})).json() == []


async def test_another_organisations_patient_has_no_thresholds_here(client: httpx.AsyncClient, database: Addresses) -> None:
    stranger = Planter(database).clinic(9).patients[0]
    path = f"/api/patients/{stranger.id}/thresholds"
    assert (await client.get(path)).status_code == 404
    assert (await client.put(path, json=[])).status_code == 404
