"""Series and waveforms over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from protocol.metrics import METRICS
from tests.support.clinics import EPOCH, MS, Clinic, Planter, application, now_ms, running, sign_in
from tests.support.postgres import Addresses

NOW = now_ms()
SECOND = timedelta(seconds=1)
LONG = 12_000


def rate(number: int) -> float | None:
    """A heart rate with one spike, one dip and one gap."""
    if 6000 <= number < 6100:
        return None
    return {1234: 200.0, 4321: 20.0}.get(number, 70.0 + number % 7)


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    plant = Planter(database)
    clinic = plant.clinic(1)
    long, short = clinic.patients
    plant.readings(long, "heart_rate", [(NOW - (LONG - n) * SECOND, rate(n)) for n in range(LONG)])
    plant.readings(short, "heart_rate", [(NOW - 3 * SECOND, 70.0), (NOW - SECOND, None)])
    plant.readings(short, "heart_rate", [(NOW - 2 * SECOND, 71.5)], wearable=short.patch)
    plant.readings(short, "spo2", [(NOW - SECOND, 97.0)])
    for second in range(4):
        plant.strip(short, NOW - (4 - second) * SECOND, np.arange(second * 125, (second + 1) * 125), first=second * 125)
    return clinic


@pytest.fixture
async def client(database: Addresses, clinic: Clinic) -> AsyncIterator[httpx.AsyncClient]:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        yield client


async def ask(client: httpx.AsyncClient, path: str, since: datetime, until: datetime, **more: str) -> Any:
    return await client.get(path, params={"from": since.isoformat(), "to": until.isoformat()} | more)


async def test_a_series_is_said_in_the_order_of_time_whoever_measured(client: httpx.AsyncClient, clinic: Clinic) -> None:
    path = f"/api/patients/{clinic.patients[1].id}/vitals"
    series = (await ask(client, path, NOW - timedelta(minutes=1), NOW)).json()
    assert [one["metric"] for one in series] == ["heart_rate", "spo2"]
    assert series[0]["value"] == [70.0, 71.5, None]
    assert series[0]["at"] == [(NOW - EPOCH) // MS - ms for ms in (3000, 2000, 1000)]
    assert (series[0]["unit"], series[0]["decimals"]) == ("/min", 0)


async def test_only_the_metrics_asked_for_and_only_the_window(client: httpx.AsyncClient, clinic: Clinic) -> None:
    path = f"/api/patients/{clinic.patients[1].id}/vitals"
    [series] = (await ask(client, path, NOW - 3 * SECOND, NOW - SECOND, metrics="heart_rate,battery")).json()
    assert series["value"] == [70.0, 71.5]


async def test_a_long_series_is_thinned_and_keeps_its_extremes_and_its_gap(client: httpx.AsyncClient, clinic: Clinic) -> None:
    path = f"/api/patients/{clinic.patients[0].id}/vitals"
    [series] = (await ask(client, path, NOW - LONG * SECOND, NOW)).json()
    assert 2500 < len(series["at"]) <= 5000
    assert series["at"] == sorted(series["at"])
    points = dict(zip(series["at"], series["value"], strict=True))
    start = (NOW - LONG * SECOND - EPOCH) // MS
    assert points[start + 1234_000] == 200.0
    assert points[start + 4321_000] == 20.0
    assert points.get(start + 6050_000) is None
    assert None in series["value"]
    for at, value in points.items():
        assert value == rate((at - start) // 1000)


@pytest.mark.parametrize(
    ("since", "until", "metrics", "said"),
    [
        (NOW, NOW, "", "'to' must be after 'from'"),
        (NOW - timedelta(days=32), NOW, "", "at most"),
        (NOW - SECOND, NOW, "pulse_of_the_nation", "there is no metric"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_can(
    client: httpx.AsyncClient, clinic: Clinic, since: datetime, until: datetime, metrics: str, said: str
) -> None:
    answer = await ask(client, f"/api/patients/{clinic.patients[0].id}/vitals", since, until, metrics=metrics)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


async def test_a_time_without_an_offset_is_refused(client: httpx.AsyncClient, clinic: Clinic) -> None:
    path = f"/api/patients/{clinic.patients[0].id}/vitals"
    answer = await client.get(path, params={"from": "2026-01-01T00:00:00", "to": "2026-01-02T00:00:00"})
    assert answer.status_code == 422


async def test_waveforms_are_cut_to_the_window(client: httpx.AsyncClient, clinic: Clinic) -> None:
    path = f"/api/patients/{clinic.patients[1].id}/waveforms"
    pieces = (await ask(client, path, NOW - 3.5 * SECOND, NOW - 2 * SECOND, metric="ecg")).json()
    values = [value for piece in pieces for value in piece["values"]]
    first = pieces[0]["at"] - ((NOW - 4 * SECOND) - EPOCH) // MS
    assert first == 504  # the first sample at or after 500 ms, 8 ms apart
    assert values == pytest.approx([n * 0.005 for n in range(63, 250)])
    assert {(piece["unit"], piece["rate_hz"]) for piece in pieces} == {("mV", 125.0)}


async def test_two_minutes_of_waveform_are_the_most(client: httpx.AsyncClient, clinic: Clinic) -> None:
    answer = await ask(client, f"/api/patients/{clinic.patients[1].id}/waveforms", NOW - 121 * SECOND, NOW, metric="ecg")
    assert answer.status_code == 422


async def test_the_catalogue_names_every_metric(client: httpx.AsyncClient) -> None:
    catalogue = (await client.get("/api/metrics-catalogue")).json()
    assert {metric["name"] for metric in catalogue} == {metric.name for metric in METRICS.values()}
    assert catalogue[0] == {"name": "heart_rate", "unit": "/min", "decimals": 0, "loinc": "8867-4"}
