"""Coming in, being recognised, leaving: over HTTP, against a real database."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from cloud.app import assemble
from tests.support.clinics import FAST, PASSWORD, Clinic, Planter, browser, running, settings, sign_in
from tests.support.postgres import Addresses


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(1, patients=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(database: Addresses, clock: Clock) -> FastAPI:
    return assemble(settings(database), wall=clock, passwords=FAST)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app) as client:
        yield client


async def counted(client: httpx.AsyncClient, reason: str) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return float(next(line for line in lines if line.startswith(f'mediassist_cloud_refused_total{{reason="{reason}"}}')).split()[1])


async def test_a_nurse_signs_in_and_is_known(client: httpx.AsyncClient, clinic: Clinic) -> None:
    answer = await sign_in(client, clinic)
    assert answer.status_code == 200
    assert answer.json()["organisation"] == {"id": 1, "name": "Clinic 1"}
    assert answer.json() == (await client.get("/api/session")).json()
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("mediassist_session=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_the_email_address_is_taken_in_any_case(client: httpx.AsyncClient, clinic: Clinic) -> None:
    answer = await client.post("/api/session", json={"email": f" {clinic.email.upper()}", "password": PASSWORD})
    assert answer.status_code == 200


async def test_a_wrong_password_is_refused_with_a_reason_and_counted(client: httpx.AsyncClient, clinic: Clinic) -> None:
    wrong = await sign_in(client, clinic, "guess")
    unknown = await client.post("/api/session", json={"email": "nobody@clinic.example", "password": "guess"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["detail"] == "wrong e-mail address or password"
    assert "set-cookie" not in wrong.headers
    assert await counted(client, "wrong_password") == 2


async def test_after_ten_failures_even_the_right_password_waits(client: httpx.AsyncClient, clinic: Clinic, clock: Clock) -> None:
    for _ in range(10):
        assert (await sign_in(client, clinic, "guess")).status_code == 401
    refused = await sign_in(client, clinic)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "300"
    assert await counted(client, "rate_limit") == 1
    clock.now += timedelta(minutes=5)
    assert (await sign_in(client, clinic)).status_code == 200


async def test_signing_out_ends_the_session_for_good(client: httpx.AsyncClient, app: FastAPI, clinic: Clinic) -> None:
    token = (await sign_in(client, clinic)).cookies["mediassist_session"]
    assert (await client.delete("/api/session")).status_code == 204
    assert (await client.get("/api/session")).status_code == 401
    async with browser(app) as thief:
        thief.cookies.set("mediassist_session", token, domain="127.0.0.1")
        assert (await thief.get("/api/patients")).status_code == 401


async def test_a_session_ends_after_half_an_hour_without_a_request(client: httpx.AsyncClient, clinic: Clinic, clock: Clock) -> None:
    await sign_in(client, clinic)
    for _ in range(3):
        clock.now += timedelta(minutes=25)
        assert (await client.get("/api/session")).status_code == 200
    clock.now += timedelta(minutes=31)
    assert (await client.get("/api/session")).status_code == 401


async def test_a_session_ends_after_twelve_hours_in_any_case(client: httpx.AsyncClient, clinic: Clinic, clock: Clock) -> None:
    await sign_in(client, clinic)
    for _ in range(29):
        clock.now += timedelta(minutes=25)
        await client.get("/api/session")
    assert (await client.get("/api/session")).status_code == 401


async def test_the_token_is_stored_only_as_its_hash(client: httpx.AsyncClient, clinic: Clinic, database: Addresses) -> None:
    token = (await sign_in(client, clinic)).cookies["mediassist_session"]
    stored = Planter(database).run("select token_sha256 from session")
    assert all(token.encode() not in bytes(row[0]) for row in stored if isinstance(row[0], bytes))
    assert len(token) >= 43


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "not-a-token"])
async def test_an_invented_token_opens_nothing(client: httpx.AsyncClient, token: str) -> None:
    client.cookies.set("mediassist_session", token, domain="127.0.0.1")
    assert (await client.get("/api/session")).status_code == 401


async def test_what_is_no_form_is_refused_without_repeating_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/session", json={"email": "a@b", "password": ["secret"]})
    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert answer.json()["detail"].startswith("password: ")


@pytest.fixture(autouse=True)
def _fresh_sessions(database: Addresses) -> Iterator[None]:
    yield
    Planter(database).run("delete from session")
