"""How long a trace takes to be asked: `make bench-query READINGS=100000000`; REPORT=. Kept between runs; `make clean-bench` removes it.

A database of its own with one patient of two years at 1 Hz and neighbours with twelve days each, added up by the application's own roll-ups.
Asked over HTTP, as the application's role under row-level security, random windows: a day, thirty days, two years of the one patient; an hour of
raw readings; the ward's last values. Prints p50 and p95 in milliseconds, JSON included.

MEDIASSIST_DATABASE_URL, a superuser's address, measures on that server, in a database mediassist_bench_query_READINGS that stays there: with
TimescaleDB, once all days but the last lie in columns.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np
import psycopg

from benchmarks import data_plane, evidence
from benchmarks.sizes import database_of, move_to_columns, size
from cloud.app import assemble
from cloud.database import Database
from cloud.migrate import migrate, standing
from cloud.settings import CloudSettings
from cloud.vitals.roll_up import roll_up
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.processes import Supervisor
from deploy.local.unprivileged import MayNotEnter
from tests.support.clinics import FAST, KEYS, ORIGIN, PASSWORD, Planter
from tests.support.postgres import PASSWORD as ROLES
from tests.support.postgres import addresses, run

PLACE = data_plane.ROOT / ".cache" / "bench-query"
MADE = "made.txt"
DAYS = 730
NEIGHBOUR_DAYS = 12
BYTES_A_READING = 160
"""Row, index and roll-up, with room for what is written while it is made."""

ASKS = 100
GOALS = {"day_p95_ms": ("<", 50.0), "two_years_p95_ms": ("<", 150.0)}


def tell(line: str) -> None:
    """Say how far it is, beside the report."""
    print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def fill(url: str, readings: int, now: datetime) -> None:
    """Make the people and their readings, in the order of time as they would have come; add them up, and move what is over to columns."""
    roles = database_of(url)
    plant = Planter(roles)
    neighbours = max(0, (readings - DAYS * 86_400) // (NEIGHBOUR_DAYS * 86_400))
    clinic = plant.clinic(1, patients=1 + neighbours)
    every = max(1, round(DAYS * 86_400 / readings)) if neighbours == 0 else 1
    series = [plant.series(patient, patient.belt, "heart_rate") for patient in clinic.patients]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select make_partitions(%s, %s)", [now - timedelta(days=DAYS + 1), now + timedelta(days=40)])
        for day in range(DAYS, 0, -5):
            since = now - timedelta(days=day)
            everybody = day <= NEIGHBOUR_DAYS + 4
            connection.execute(
                """insert into reading (organisation_id, series_id, at, value, record)
                   select 1, s, at, round(72 + 9 * sin(extract(epoch from at) / 7000 + s) + 6 * random()), n
                   from generate_series(0, %(seconds)s - 1, %(every)s) n, lateral (select %(since)s::timestamptz + n * interval '1 second' as at) t,
                        unnest(%(series)s::int[]) s""",
                {
                    "seconds": min(5, day) * 86_400,
                    "every": every,
                    "since": since,
                    "series": series if everybody else series[:1],
                },
            )
            if day % 100 == 0 or everybody:
                tell(f"{DAYS - day} of {DAYS} days written")
        tell("adding up")

        async def add_up() -> None:
            async with Database(roles.watch) as watch:
                await roll_up(watch, now + timedelta(minutes=1))
            await move_to_columns(roles.watch, now)

        asyncio.run(add_up())
        connection.execute("vacuum analyze")


async def ask(app_url: str, now: datetime, patient: UUID) -> dict[str, float]:
    """Ask again and again; return p50 and p95 of each question."""
    settings = CloudSettings(database_url=app_url, keys=KEYS, dashboard=Path("/nonexistent"), requests_a_minute=1_000_000)
    app = assemble(settings, passwords=FAST)
    dice = np.random.default_rng(1)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client,
    ):
        signed_in = await client.post("/api/session", json={"email": "nurse.1@clinic.example", "password": PASSWORD})
        signed_in.raise_for_status()

        def window(length: timedelta, room: timedelta) -> Callable[[], Awaitable[httpx.Response]]:
            async def one() -> httpx.Response:
                until = now - float(dice.random()) * room
                params = {"from": (until - length).isoformat(), "to": until.isoformat(), "metrics": "heart_rate"}
                return await client.get(f"/api/patients/{patient}/vitals", params=params)

            return one

        questions = {
            "hour": window(timedelta(hours=1), timedelta(days=DAYS - 2)),
            "day": window(timedelta(days=1), timedelta(days=DAYS - 2)),
            "thirty_days": window(timedelta(days=30), timedelta(days=DAYS - 32)),
            "two_years": window(timedelta(days=DAYS), timedelta(hours=1)),
            "ward": lambda: client.get("/api/patients"),
        }
        figures: dict[str, float] = {}
        for name, question in questions.items():
            took: list[float] = []
            for _ in range(ASKS):
                began = time.perf_counter()
                answer = await question()
                took.append(1000 * (time.perf_counter() - began))
                answer.raise_for_status()
                assert answer.json(), name
            figures[f"{name}_p50_ms"], figures[f"{name}_p95_ms"] = (round(float(value), 1) for value in np.percentile(took, [50, 95]))
        return figures


@contextlib.contextmanager
def server(place: Path, name: str) -> Generator[str]:
    """Yield a superuser's address of the kept database: on the person's own server, or on one of its own in `place`."""
    given = os.environ.get("MEDIASSIST_DATABASE_URL")
    if given:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / MADE).exists():  # half made, or left behind by clean-bench
            run(given, "drop database if exists {} with (force)", name)
            run(given, "create database {}", name)
        yield addresses(given, name).superuser
        return
    postgres = EmbeddedPostgres(place)
    try:
        postgres.prepare()
        with Supervisor(place / "logs") as processes:
            processes.start(postgres.program, seconds=120)
            yield postgres.url
    finally:
        postgres.forget()


def keep(url: str, readings: int, made: Path) -> datetime:
    """Make the database unless it is there; return the moment that is now in it."""
    if not made.exists():
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        roles = dict.fromkeys(("app_password", "ingest_password", "enrolment_password", "watch_password"), ROLES)
        migrate(url, now, **roles)
        fill(url, readings, now)
        made.write_text(now.isoformat())
    return datetime.fromisoformat(made.read_text())


def main() -> int:
    """Print the report; 1 when a goal is missed, 2 where it cannot be measured."""
    readings = int(os.environ.get("READINGS") or "100000000")
    place = PLACE / (f"own-{readings}" if os.environ.get("MEDIASSIST_DATABASE_URL") else str(readings))
    made = place / MADE
    if not made.exists():
        shutil.rmtree(place, ignore_errors=True)
        PLACE.mkdir(parents=True, exist_ok=True)
        need, free = readings * BYTES_A_READING, shutil.disk_usage(PLACE).free
        if free < 2 * need:
            print(f"{need / 1e9:.0f} GB are needed, and as much again left free; {free / 1e9:.0f} GB are", file=sys.stderr)
            return 2
    try:
        with server(place, f"mediassist_bench_query_{readings}") as url:
            now = keep(url, readings, made)
            with psycopg.connect(url) as connection:
                [(patient, stored)] = connection.execute(
                    "select s.patient_id, (select sum(n) from reading_by_day) from series s order by s.id limit 1"
                ).fetchall()
            rows, indexes = size(url, "reading")
            minutes = sum(size(url, "reading_by_minute"))
            figures = asyncio.run(ask(database_of(url).app, now, patient))
            timescaledb = standing(url).timescaledb
    except MayNotEnter as missing:
        print(missing, file=sys.stderr)
        return 2
    figures |= {
        "readings": float(stored),
        "table_bytes_per_reading": round(rows / float(stored), 1),
        "index_bytes_per_reading": round(indexes / float(stored), 1),
        "roll_up_bytes_per_reading": round(minutes / float(stored), 2),
    }
    context = {
        "asked": f"{ASKS} times each, over HTTP in the same process, as mediassist_app",
        "patient": f"{DAYS} days at 1 Hz",
        "timescaledb": timescaledb,
    }
    return evidence.report(figures, GOALS, context)


if __name__ == "__main__":
    sys.exit(main())
