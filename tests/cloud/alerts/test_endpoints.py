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
        "level": -1,
        "due_at": None,
        "owner": None,
        "occurrences": 1,
        "last_at": "1970-01-01T00:00:00Z",
        "version": 1,
    }


async def test_a_long_list_is_read_page_by_page(client: httpx.AsyncClient, alerts: list[UUID]) -> None:
    seen: list[str] = []
    path: str | None = "/api/alerts?limit=3"
    while path:
        page = await client.get(path)
        seen.extend(alert["id"] for alert in page.json())
        path = page.headers["Link"].split(">")[0][1:] if "Link" in page.headers else None
    assert seen == [str(alert) for alert in alerts]
    refused = await client.get("/api/alerts", params={"cursor": "page two"})
    assert (refused.status_code, "no cursor" in refused.json()["detail"]) == (422, True)


async def test_an_alert_is_taken_snoozed_and_closed_by_a_person(client: httpx.AsyncClient, database: Addresses, clinic: Clinic) -> None:
    alert = Planter(database).alert(clinic.patients[1], NOW - timedelta(days=1), kind="lived")
    path = f"/api/alerts/{alert}"
    seen = await client.get(path)
    taken = await client.post(f"{path}/acknowledge", headers={"If-Match": seen.headers["ETag"]})
    assert (taken.json()["state"], taken.json()["owner"], taken.headers["ETag"]) == ("acknowledged", "A Nurse", '"2"')
    again = await client.post(f"{path}/acknowledge")
    assert again.json()["version"] == 2, "what changes nothing is no change"
    stale = await client.post(f"{path}/resolve", json={}, headers={"If-Match": seen.headers["ETag"]})
    assert stale.status_code == 412
    until = (now_ms() + 20 * MINUTE).isoformat()
    assert (await client.post(f"{path}/snooze", json={"until": until})).json()["state"] == "snoozed"
    long = (now_ms() + 31 * MINUTE).isoformat()
    refused = await client.post(f"{path}/snooze", json={"until": long})
    assert (refused.status_code, "30 minutes" in refused.json()["detail"]) == (409, True)
    assert (await client.post(f"{path}/false-alarm", json={"note": ""})).status_code == 409
    closed = await client.post(f"{path}/false-alarm", json={"note": "the belt had slipped"})
    assert closed.json()["state"] == "false_alarm"
    assert (await client.post(f"{path}/acknowledge")).status_code == 409
    history = (await client.get(f"{path}/history")).json()
    assert [item["event"] for item in history] == ["acknowledged", "snoozed", "called_false"]
    assert [item["version"] for item in history] == [2, 3, 4]
    assert history[-1]["note"] == "the belt had slipped"
    assert {item["by"] for item in history} == {"A Nurse"}


async def test_another_organisations_alert_cannot_be_taken(client: httpx.AsyncClient, database: Addresses) -> None:
    plant = Planter(database)
    stranger = plant.clinic(77)
    alert = plant.alert(stranger.patients[0], NOW)
    for verb, body in (("acknowledge", None), ("resolve", {}), ("false-alarm", {"note": "none of mine"})):
        assert (await client.post(f"/api/alerts/{alert}/{verb}", json=body)).status_code == 404
    assert (await client.get(f"/api/alerts/{alert}/history")).status_code == 404
    assert plant.run("select state, version from alert where id = %s", [alert]) == [("raised", 1)]


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
    assert answer.json()["detail"] == "no such alert"
