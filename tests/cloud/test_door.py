"""Whose page may ask, who is let in, and what another organisation can find out: nothing."""

import random
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from cloud.app import assemble
from tests.support.clinics import FAST, Clinic, Planter, application, browser, now_ms, running, settings, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()
WINDOW = {"from": (NOW - timedelta(minutes=1)).isoformat(), "to": (NOW + timedelta(minutes=1)).isoformat()}


@pytest.fixture(scope="module")
def clinics(database: Addresses) -> dict[Clinic, list[UUID]]:
    """Four clinics and their alerts."""
    plant = Planter(database)
    found: dict[Clinic, list[UUID]] = {}
    for number in range(1, 5):
        clinic = plant.clinic(number)
        for patient in clinic.patients:
            plant.readings(patient, "heart_rate", [(NOW, 70.0)])
        found[clinic] = [plant.alert(patient, NOW) for patient in clinic.patients]
    return found


@pytest.fixture
def app(database: Addresses) -> FastAPI:
    return application(database)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app) as client:
        yield client


async def test_every_route_but_two_asks_who_is_there(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Read from the application's own description, so that a new one is held to it too."""
    public = {("POST", "/api/session"), ("GET", "/api/health")}
    routes = [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]
    guarded = [route for route in routes if route not in public]
    assert len(guarded) >= 9
    for method, path in guarded:
        somewhere = re.sub(r"{\w+}", str(uuid4()), path)
        answer = await client.request(method, somewhere, params=WINDOW | {"metric": "ecg"})
        assert answer.status_code == 401, (method, path)
        assert answer.json()["detail"] == "sign in first"


async def test_nobody_can_tell_anothers_patient_from_an_absent_one(client: httpx.AsyncClient, clinics: dict[Clinic, list[UUID]]) -> None:
    dice, query = random.Random(1), WINDOW | {"metric": "ecg"}
    for _ in range(6):
        mine, other = dice.sample(list(clinics), 2)
        assert (await sign_in(client, mine)).status_code == 200
        theirs, alert = dice.choice(other.patients).id, dice.choice(clinics[other])
        for template in (
            "/api/patients/{}", "/api/patients/{}/vitals", "/api/patients/{}/waveforms", "/api/alerts/{}",
        ):  # fmt: skip
            wanted = alert if template == "/api/alerts/{}" else theirs
            foreign, absent = [await client.get(template.format(one), params=query) for one in (wanted, uuid4())]
            assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content), template
            assert foreign.status_code == 404
        assert (await client.get("/api/alerts", params={"patient": str(theirs)})).json() == []
        for listing in ("/api/patients", "/api/alerts"):
            text = (await client.get(listing)).text
            for patient in other.patients:
                assert str(patient.id) not in text
            assert str(mine.patients[0].id) in text


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_another_sites_page_may_not_act(app: FastAPI, client: httpx.AsyncClient, method: str) -> None:
    async with browser(app, origin="https://evil.example") as evil:
        answer = await evil.request(method, "/api/session", json={"email": "a", "password": "b"})
    assert answer.status_code == 403
    assert 'reason="foreign_origin"} 1.0' in (await client.get("/metrics")).text


async def test_health_says_which_database_answers(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/health")).json()
    assert answer["database"].startswith("postgresql ")
    assert isinstance(answer["timescaledb"], bool)


async def test_a_session_that_asks_too_often_is_told_when_it_may_again(database: Addresses, clinics: dict[Clinic, list[UUID]]) -> None:
    app = assemble(settings(database).model_copy(update={"requests_a_minute": 10}), passwords=FAST)
    async with running(app) as client:
        await sign_in(client, next(iter(clinics)))
        answers = [await client.get("/api/session") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert (await client.get("/healthz")).status_code == 200


async def test_a_process_says_that_it_lives_and_that_it_can_be_given_requests(client: httpx.AsyncClient) -> None:
    for path, said in (("/healthz", "alive\n"), ("/readyz", "ready\n")):
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (200, said)


async def test_the_counters_are_for_this_machine_only(app: FastAPI, client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 200
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as stranger:
        assert (await stranger.get("/metrics")).status_code == 404


async def test_an_unknown_path_is_absent_and_says_so_in_our_form(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "urn:mediassist:problem:not_found", "title": "not found", "status": 404, "detail": "not found"}


async def test_answers_carry_the_headers_browsers_must_keep_to(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/api/health")).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self';" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
