"""Series and waveforms over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest
from pyarrow import parquet as pq

from cloud.database import Database
from cloud.vitals import endpoints
from cloud.vitals.roll_up import roll_up
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
        (NOW - timedelta(days=1101), NOW, "", "at most"),
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


@pytest.fixture(scope="module")
def years(database: Addresses, clinic: Clinic) -> Clinic:
    """Two years of a heart rate every ten minutes, one a day of 180, one day of silence; all added up."""
    plant = Planter(database)
    patient = plant.patient(clinic.id)
    series = plant.series(patient, patient.belt, "heart_rate")
    for first in range(0, 730, 180):
        plant.run("select make_partitions(%s, %s)", [NOW - timedelta(days=first + 180), NOW - timedelta(days=first)])
    plant.run(
        """insert into reading (organisation_id, series_id, at, value, record)
           select %(o)s, %(s)s, at, case when n %% 144 = 0 then 180 else 70 end, n
           from generate_series(1, 730 * 144) n, lateral (select %(now)s::timestamptz - n * interval '10 minutes' as at) as each
           where at not between %(now)s::timestamptz - interval '302 days' and %(now)s::timestamptz - interval '300 days'""",
        {"o": clinic.id, "s": series, "now": NOW},
    )

    async def add_up() -> None:
        async with Database(database.watch) as watch:
            await roll_up(watch, NOW)

    asyncio.run(add_up())
    return Clinic(clinic.id, clinic.email, [patient])


@pytest.mark.parametrize(
    ("window", "grain", "least"), [(timedelta(days=1), "minute", 144), (timedelta(days=30), "hour", 720), (timedelta(days=730), "day", 720)]
)
async def test_a_long_window_keeps_every_days_extremes(
    client: httpx.AsyncClient, years: Clinic, window: timedelta, grain: str, least: int
) -> None:
    path = f"/api/patients/{years.patients[0].id}/vitals"
    [series] = (await ask(client, path, NOW - window, NOW)).json()
    assert series["grain"] == grain
    assert least <= len(series["at"]) <= 5000
    assert series["at"] == sorted(series["at"])
    assert max(value for value in series["value"] if value is not None) == 180.0
    assert series["value"].count(180.0) >= window.days - 3


async def test_a_day_of_silence_is_a_gap_in_two_years(client: httpx.AsyncClient, years: Clinic) -> None:
    path = f"/api/patients/{years.patients[0].id}/vitals"
    [series] = (await ask(client, path, NOW - timedelta(days=730), NOW)).json()
    gaps = [at for at, value in zip(series["at"], series["value"], strict=True) if value is None]
    assert len(gaps) == 1
    assert abs((NOW - EPOCH) // MS - gaps[0] - 301 * 86_400_000) < 2 * 86_400_000


async def test_coverage_says_the_minutes_of_local_days(client: httpx.AsyncClient, years: Clinic) -> None:
    today = NOW.astimezone(ZoneInfo("Europe/Vienna")).date()
    path = f"/api/patients/{years.patients[0].id}/coverage"
    answer = await client.get(path, params={"from": str(today - timedelta(days=399)), "to": str(today)})
    days = answer.json()
    assert {day["metric"] for day in days} == {"heart_rate"}
    assert {day["of"] for day in days} == {1380, 1440, 1500}
    assert sum(day["minutes"] == day["of"] // 10 for day in days) >= 395
    assert all(day["readings"] == day["minutes"] for day in days)
    refused = await client.get(path, params={"from": str(today), "to": str(today)})
    assert refused.status_code == 422


async def test_readings_leave_as_a_parquet_file(client: httpx.AsyncClient, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "ROWS_A_PAGE", 1000)
    patient = clinic.patients[0]
    answer = await ask(client, f"/api/patients/{patient.id}/readings.parquet", NOW - LONG * SECOND, NOW)
    assert answer.status_code == 200
    table = pq.read_table(BytesIO(answer.content))
    assert table.num_rows == LONG
    assert pq.ParquetFile(BytesIO(answer.content)).num_row_groups == 12
    assert table["value"].to_pylist() == [rate(n) for n in range(LONG)]
    assert table["absence"].to_pylist() == ["off_body" if rate(n) is None else None for n in range(LONG)]
    assert set(table["unit"].to_pylist()) == {"/min"}
    assert table["at"].to_pylist() == [NOW - (LONG - n) * SECOND for n in range(LONG)]
    assert (await ask(client, f"/api/patients/{patient.gateway}/readings.parquet", NOW - SECOND, NOW)).status_code == 404
