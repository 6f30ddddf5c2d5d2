"""Two clinics with people, devices and measurements, planted as the superuser; and the application over them."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
from argon2 import PasswordHasher
from fastapi import FastAPI
from psycopg.types.json import Jsonb

from cloud.access.passwords import Passwords
from cloud.app import assemble
from cloud.data_keys.data_keys import DataKeys
from cloud.ingest.key_encryption import make_key, open_key
from cloud.settings import CloudSettings
from protocol.findings import encode_evidence
from protocol.metrics import BY_NAME
from protocol.samples import Reading, WaveformPiece
from protocol.waveform import ENCODING, encode_samples
from tests.support.postgres import Addresses

ORIGIN = "http://127.0.0.1:8080"
PASSWORD = "correct horse battery"
FAST = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
KEYS = Path(tempfile.mkdtemp(prefix="mediassist-keys-"))
atexit.register(shutil.rmtree, KEYS, ignore_errors=True)
make_key(KEYS, b"k" * 32)
DATA_KEYS = DataKeys(open_key(KEYS), os.urandom)
MS = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_ms() -> datetime:
    """The present, without microseconds."""
    return EPOCH + (datetime.now(UTC) - EPOCH) // MS * MS


@dataclass(slots=True, eq=False)
class Patient:
    """One patient and what they wear."""

    organisation: int
    id: UUID = field(default_factory=uuid4)
    gateway: UUID = field(default_factory=uuid4)
    belt: UUID = field(default_factory=uuid4)
    patch: UUID = field(default_factory=uuid4)


@dataclass(slots=True, eq=False)
class Clinic:
    """One organisation."""

    id: int
    email: str
    patients: list[Patient]


class Planter:
    """Writes rows as the superuser, past every policy."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses

    def run(self, statement: LiteralString, values: object = None) -> list[tuple[object, ...]]:
        with psycopg.connect(self.addresses.superuser) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def clinic(self, number: int, patients: int = 2) -> Clinic:
        email = f"nurse.{number}@clinic.example"
        self.run("insert into organisation values (%s, %s)", [number, f"Clinic {number}"])
        self.run("insert into account values (%s, %s, %s, 'A Nurse', 'nurse', %s)", [uuid4(), number, email, FAST.hash(PASSWORD)])
        return Clinic(number, email, [self.patient(number) for _ in range(patients)])

    def patient(self, organisation: int) -> Patient:
        new = Patient(organisation)
        self.run("insert into patient values (%s, %s, %s, '1950-01-31', 'Europe/Vienna')", [new.id, organisation, f"Patient {new.id}"])
        self.run("insert into gateway values (%s, %s, 'home')", [new.gateway, organisation])
        for wearable, kind in ((new.belt, "heart_rate_belt"), (new.patch, "ecg_patch")):
            self.run(
                "insert into wearable values (%s, %s, %s, %s, %s, 'C0:11:22:33:00:01')", [wearable, organisation, new.gateway, new.id, kind]
            )
        return new

    def series(self, patient: Patient, wearable: UUID, metric: str) -> int:
        code = BY_NAME[metric].code
        self.run(
            "insert into series (organisation_id, patient_id, wearable_id, metric) values (%s, %s, %s, %s) on conflict do nothing",
            [patient.organisation, patient.id, wearable, code],
        )
        found = self.run("select id from series where wearable_id = %s and metric = %s and patient_id = %s", [wearable, code, patient.id])
        return int(str(found[0][0]))

    def readings(self, patient: Patient, metric: str, values: list[tuple[datetime, float | None]], wearable: UUID | None = None) -> None:
        series = self.series(patient, wearable or patient.belt, metric)
        columns = "copy reading (organisation_id, series_id, at, value, absence, record) from stdin"
        with psycopg.connect(self.addresses.superuser) as connection, connection.cursor() as cursor, cursor.copy(columns) as copy:
            for number, (at, value) in enumerate(values):
                copy.write_row((patient.organisation, series, at, value, 6 if value is None else None, number))

    def strip(self, patient: Patient, at: datetime, samples: np.ndarray, rate_hz: float = 125, first: int = 0) -> None:
        series = self.series(patient, patient.patch, "ecg")
        self.run(
            "insert into waveform values (%s, %s, %s, %s, 0.005, %s, %s, %s, %s)",
            [patient.organisation, series, at, rate_hz, first, len(samples), ENCODING, encode_samples(samples.astype(np.int16))],
        )

    def alert(self, patient: Patient, at: datetime, kind: str = "early_warning") -> UUID:
        finding, alert = uuid4(), uuid4()
        start = at - timedelta(seconds=60)
        evidence = evidence_of(patient, start)
        self.run(
            """insert into finding values (%s, %s, %s, %s, '\\x00', 1, %s, 'high', %s, %s, %s, 7, 5, %s, %s, %s, %s, %s, %s)""",
            [
                finding, patient.organisation, patient.id, patient.gateway, kind, at, start, at, patient.belt,
                Jsonb({"name": "news2", "version": "1", "sha256": "ab" * 32}), Jsonb({"score": 5.0}), Jsonb({"heart_rate": 0.9}),
                Jsonb("heart rate 150"), evidence,
            ],
        )  # fmt: skip
        self.run(
            "insert into alert (id, organisation_id, patient_id, finding_id, kind, priority, raised_at) values (%s, %s, %s, %s, %s, 'high', %s)",
            [alert, patient.organisation, patient.id, finding, kind, at],
        )
        return alert

    def announce(self, patient: Patient, *kinds: str) -> None:
        body = json.dumps({"organisation": patient.organisation, "patients": [str(patient.id)], "kinds": kinds})
        self.run("select pg_notify('live', %s)", [body])


def evidence_of(patient: Patient, start: datetime) -> bytes:
    """Ten heart rates a second apart, and one ECG strip of 125 samples."""
    at = (start - EPOCH) // MS
    readings = [Reading(patient.belt, BY_NAME["heart_rate"].code, at + 1000 * n, 140.0 + n, n) for n in range(10)]
    strip = WaveformPiece(patient.patch, BY_NAME["ecg"].code, at, 125.0, 0.005, 0, np.arange(125, dtype=np.int16))
    return encode_evidence(readings, [strip])


def settings(addresses: Addresses, dashboard: Path | None = None, port: int = 8080) -> CloudSettings:
    """The application's settings on a database of a test."""
    return CloudSettings(database_url=addresses.app, keys=KEYS, dashboard=dashboard or Path("/nonexistent"), port=port)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application with its database open, and a browser that is not signed in."""
    async with app.router.lifespan_context(app), browser(app) as client:
        yield client


def browser(app: FastAPI, origin: str = ORIGIN) -> httpx.AsyncClient:
    """A browser with cookies of its own."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("127.0.0.1", 4711)), base_url=ORIGIN, headers={"Origin": origin})


def application(addresses: Addresses, dashboard: Path | None = None) -> FastAPI:
    """The application over a database, with hashes that cost nothing."""
    return assemble(settings(addresses, dashboard), passwords=FAST)


async def sign_in(client: httpx.AsyncClient, clinic: Clinic, password: str = PASSWORD) -> httpx.Response:
    """Sign the clinic's nurse in."""
    return await client.post("/api/session", json={"email": clinic.email, "password": password})
