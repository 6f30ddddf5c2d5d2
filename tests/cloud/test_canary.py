"""The canary takes what its patient's home raises, and says by another way when nothing comes; its patient falls ill every five minutes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediassist import canary as subject
from mediassist.__main__ import main
from mediassist.canary import AGAIN_S, BEAT_KIND, Canary, Listening, SignInRefused, alarm_by, listen, step
from protocol.metrics import SPO2
from simulators.physiology import STORIES, Physiology
from tests.support.clinics import PASSWORD, Clinic, Planter, application, running
from tests.support.postgres import Addresses

NUMBERS = count(1)


@pytest.fixture
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(next(NUMBERS), patients=2)


@pytest.fixture
async def client(database: Addresses) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        yield client


def test_silence_is_said_once_an_hour_and_so_is_its_end() -> None:
    listening, said = step(Listening(0), 659, beat=False, late_s=660)
    assert said == ""
    listening, said = step(listening, 660, beat=False, late_s=660)
    assert said == "silent"
    assert step(listening, 700, beat=False, late_s=660)[1] == ""
    listening, said = step(listening, 660 + AGAIN_S, beat=False, late_s=660)
    assert said == "silent"
    listening, said = step(listening, 9000, beat=True, late_s=660)
    assert (listening, said) == (Listening(9000), "heard again")
    assert step(listening, 9001, beat=True, late_s=660)[1] == ""


@given(st.lists(st.tuples(st.floats(0, 2000), st.booleans()), max_size=40))
def test_no_silence_is_longer_than_late_unsaid(looks: list[tuple[float, bool]]) -> None:
    listening, now, last = Listening(0), 0.0, 0.0
    for passed, beat in looks:
        now += passed
        last = now if beat else last
        listening, said = step(listening, now, beat, 660)
        assert beat or now - last < 660 or said == "silent" or listening.said_at is not None


async def test_an_alert_that_was_passed_on_is_taken_and_over_and_others_are_left_alone(
    client: httpx.AsyncClient, database: Addresses, clinic: Clinic
) -> None:
    plant, (synthetic, real) = Planter(database), clinic.patients
    alert = plant.alert(synthetic, datetime.now(UTC), BEAT_KIND)
    plant.alert(real, datetime.now(UTC), BEAT_KIND)
    bird = Canary(client, clinic.email, PASSWORD, synthetic.id)
    await bird.sign_in()
    assert await bird.beat() == "", "nobody has been asked yet"
    plant.run("update alert set level = 0 where id = %s", [alert])
    assert (await bird.beat()).startswith("heart rate 150: raised, passed on, taken and over")
    states = {each["patient"]["id"]: each["state"] for each in (await client.get("/api/alerts")).json()}
    assert states == {str(synthetic.id): "resolved", str(real.id): "raised"}
    history = (await client.get(f"/api/alerts/{alert}/history")).json()
    assert [each["event"] for each in history][-2:] == ["acknowledged", "resolved"]


async def test_what_the_cloud_could_have_found_is_no_beat_and_a_silence_is_left_to_people(
    client: httpx.AsyncClient, database: Addresses, clinic: Clinic
) -> None:
    plant, patient = Planter(database), clinic.patients[0]
    for kind in ("early_warning", "silence"):
        plant.run("update alert set level = 0 where id = %s", [plant.alert(patient, datetime.now(UTC), kind)])
    bird = Canary(client, clinic.email, PASSWORD, patient.id)
    assert await bird.beat() == ""
    states = {each["kind"]: each["state"] for each in (await client.get("/api/alerts")).json()}
    assert states == {"early_warning": "resolved", "silence": "raised"}


async def test_a_session_that_ended_is_begun_anew(client: httpx.AsyncClient, clinic: Clinic) -> None:
    bird = Canary(client, clinic.email, PASSWORD, clinic.patients[0].id)
    assert await bird.beat() == ""
    await client.delete("/api/session")
    assert await bird.beat() == ""
    with pytest.raises(SignInRefused):
        await Canary(client, clinic.email, "wrong", clinic.patients[0].id).sign_in()


async def test_a_cloud_that_does_not_answer_is_a_silence_that_is_said(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    monkeypatch.setattr(subject, "LOOK_S", 0.0)
    said: list[str] = []
    ticks = count(0, 100)
    async with httpx.AsyncClient(transport=httpx.MockTransport(away), base_url="http://cloud") as client:
        bird = Canary(client, clinic.email, PASSWORD, clinic.patients[0].id)
        assert await listen(bird, 660, 1, said.append, lambda: float(next(ticks))) == 1
    assert len(said) == 1
    assert "has not been heard for" in said[0]
    assert "nobody there" in said[0]


async def test_beats_are_counted(client: httpx.AsyncClient, database: Addresses, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LOOK_S", 0.01)
    plant, patient = Planter(database), clinic.patients[0]

    async def fall_ill() -> None:
        for _ in range(2):
            alert = plant.alert(patient, datetime.now(UTC), BEAT_KIND)
            plant.run("update alert set level = 0 where id = %s", [alert])
            await asyncio.sleep(0.2)

    said: list[str] = []
    bird = Canary(client, clinic.email, PASSWORD, patient.id)
    ill = asyncio.create_task(fall_ill())
    async with asyncio.timeout(60):
        assert await listen(bird, 660, 2, said.append, lambda: 0.0) == 0
    await ill
    assert said == []


def test_the_other_way_is_a_command_and_one_that_fails_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = f"import os, pathlib; pathlib.Path({str(tmp_path / 'rung')!r}).write_text(os.environ['CANARY_ABOUT'])"
    alarm_by(f'{sys.executable} -c "{code}"')("not heard")
    assert (tmp_path / "rung").read_text() == "not heard"
    alarm_by("/nowhere/bell")("not heard")
    assert "the alarm's command failed" in capfd.readouterr().err


@pytest.mark.parametrize(("arguments", "why"), [([], "CANARY_PASSWORD"), (["--late", "0"], "above 0")])
def test_what_cannot_begin_is_said(
    arguments: list[str], why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANARY_PASSWORD", "x" if arguments else "")
    given = ["canary", "--url", "http://localhost:1", "--email", "a@b", "--patient", "00000000-0000-0000-0000-000000000001"]
    assert main([*given, *arguments]) == 2
    assert why in capsys.readouterr().err


def test_the_synthetic_patient_is_unwell_for_a_minute_every_five() -> None:
    body = Physiology(STORIES["canary"], np.random.default_rng(1))
    low: Callable[[float], bool] = lambda at: (body.value(SPO2.code, at) or 100.0) < 80  # noqa: E731
    assert [low(at) for at in (10, 50, 90, 200, 350, 390, 650)] == [False, True, False, False, True, False, True]
