"""Alerts over HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support.clinics import EPOCH, MS, Clinic, Planter, application, now_ms, running, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(1)


@pytest.fixture(scope="module")
def alerts(database: Addresses, clinic: Clinic) -> list[UUID]:
    plant = Planter(database)
    patient = clinic.patients[0]
    for seconds, offset in ((600, 1.0), (30, 2.0)):
        plant.run(
            "insert into clock_evidence values (%s, %s, %s, %s, 0.5, 12)",
            [clinic.id, patient.belt, NOW - timedelta(seconds=seconds), offset],
        )
    plant.run("insert into clock_evidence values (%s, %s, %s, 3.0, 0.5, 12)", [clinic.id, patient.belt, NOW + MINUTE])
    return [plant.alert(clinic.patients[number % 2], NOW - number * MINUTE) for number in range(4)]


@pytest.fixture
async def client(database: Addresses, clinic: Clinic) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        yield client


async def test_the_newest_alert_comes_first(client: httpx.AsyncClient, alerts: list[UUID], clinic: Clinic) -> None:
    listed = (await client.get("/api/alerts")).json()
    assert [alert["id"] for alert in listed] == [str(alert) for alert in alerts]
    assert listed[0] == {
        "id": str(alerts[0]),
        "patient": {"id": str(clinic.patients[0].id), "name": f"Patient {clinic.patients[0].id}"},
        "kind": "early_warning",
        "priority": "high",
        "state": "raised",
        "score": 7.0,
        "raised_at": NOW.isoformat().replace("+00:00", "Z"),
        "explanation": "heart rate 150",
    }


async def test_one_patients_alerts_in_one_state(client: httpx.AsyncClient, alerts: list[UUID], clinic: Clinic) -> None:
    listed = (await client.get("/api/alerts", params={"patient": str(clinic.patients[1].id), "state": "raised"})).json()
    assert [alert["id"] for alert in listed] == [str(alerts[1]), str(alerts[3])]
    assert (await client.get("/api/alerts", params={"state": "forgotten"})).status_code == 422


async def test_an_alert_shows_all_that_it_rests_on(client: httpx.AsyncClient, alerts: list[UUID], clinic: Clinic) -> None:
    alert = (await client.get(f"/api/alerts/{alerts[0]}")).json()
    start = (NOW - MINUTE - EPOCH) // MS
    assert alert["detector"] == {"name": "news2", "version": "1", "sha256": "ab" * 32}
    assert alert["thresholds"] == {"score": 5.0}
    assert alert["coverage"] == {"heart_rate": 0.9}
    assert set(alert["window"]) == {"from", "to"}
    [series] = alert["evidence"]
    assert series["metric"] == "heart_rate"
    assert series["at"] == [start + 1000 * n for n in range(10)]
    assert series["value"] == [140.0 + n for n in range(10)]
    [strip] = alert["waveforms"]
    assert (strip["metric"], strip["at"], strip["rate_hz"]) == ("ecg", start, 125.0)
    assert strip["values"] == pytest.approx([0.005 * n for n in range(125)])
    assert alert["clock"] == [{"wearable": str(clinic.patients[0].belt), "offset_ms": 2.0, "drift_ppm": 0.5, "uncertainty_ms": 12.0}]


async def test_an_unknown_alert_is_absent(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/api/alerts/{uuid4()}")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "no such alert"}
