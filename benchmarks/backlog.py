"""How a backlog of days is sent while its home lives on: `make bench-backlog`; DAYS= REPORT=.

A home's gateway holds what ten wearables at 1 Hz said in seven days without a cloud, sealed in messages of ten seconds, an epoch a day. Then it
starts, with broker, worker and database, while the home's wearables go on and their person gets worse. Measured are the time until nothing waits,
and how long each live alarm took from the air to its row meanwhile; all that was in the backlog is counted against what is stored.
"""

import json
import os
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks import evidence
from benchmarks.gateway import wait_for
from benchmarks.gateway_faults import home
from benchmarks.ingest import tell
from deploy.local import journal, people
from deploy.local.homes import Household
from deploy.local.people import CLINICS, Home
from deploy.local.rows import Rows
from deploy.local.site import ROOT, Plan, Site, running
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter
from edge.gateway.disk import Disk
from edge.gateway.ingest_key_file import IngestKeyFile
from edge.gateway.keyring import Keyring
from edge.gateway.outbox import Outbox, Parcel
from protocol.metrics import HEART_RATE, PULSE_RATE, RR_INTERVAL, SPO2
from protocol.samples import SampleBatch
from provisioning import secret_files
from provisioning.keystore import FileKeystore

DAY_MS, FOLD_MS = 86_400_000, 10_000
SESSION = 77
"""Of the records of the backlog; the wearables' own sessions are drawn."""
WORSENS = 2
"""Place of the home among the demonstration's stories: the person there loses oxygen."""
MOST_SECONDS = 1_500.0
TOGETHER = 360
GOALS = {
    "lost": ("==", 0.0),
    "stored_twice": ("==", 0.0),
    "alarms": (">=", 1.0),
    "slowest_alarm_s": ("<", 2.0),
    "still_waiting": ("==", 0.0),
}
_METRICS = {"heart_rate_belt": (HEART_RATE.code, RR_INTERVAL.code), "pulse_oximeter": (SPO2.code, PULSE_RATE.code)}
_VALUES = {HEART_RATE.code: 72.0, RR_INTERVAL.code: 833.0, SPO2.code: 97.0, PULSE_RATE.code: 72.0}


def batches(worn: Sequence[tuple[UUID, str]], since: int, until: int) -> Iterator[Parcel]:
    """Yield ten seconds of all wearables at a time. worn: (id, kind). since, until: ms UTC."""
    metrics = [list(_METRICS[kind]) for _, kind in worn]
    seconds = FOLD_MS // 1000
    wearable = np.concatenate([np.full(seconds * len(codes), place, np.uint8) for place, codes in enumerate(metrics)])
    metric = np.concatenate([np.tile(np.array(codes, np.uint16), seconds) for codes in metrics])
    offset = np.concatenate([np.repeat(np.arange(seconds, dtype=np.int64), len(codes)) for codes in metrics])
    value = np.array([_VALUES[int(code)] for code in metric])
    dice = np.random.default_rng(7)
    for number, at in enumerate(range(since, until, FOLD_MS)):
        batch = SampleBatch(
            wearables=tuple(identity for identity, _ in worn),
            wearable=wearable,
            metric=metric,
            at=at + 1000 * offset,
            value=value + dice.integers(-2, 3, len(value)),
            absence=np.zeros(len(value), np.uint8),
            record=_records(number * seconds + offset),
        )
        yield Parcel(batch, at, at + FOLD_MS)


def _records(sequence: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.int64(SESSION << 32) | sequence


def fill(household: Household, days: float) -> tuple[int, int]:
    """Put a backlog on a stopped gateway's disk; return how many messages and values."""
    folder = household.folder
    keystore = FileKeystore.open(folder / "identity")
    disk = Disk(folder / "gateway.sqlite")
    keyring = Keyring(UUID(household.home.gateway), keystore, IngestKeyFile(folder / "ingest" / "public.bin").current, secrets.token_bytes)
    outbox = Outbox(disk, keyring, 1 << 40)
    until = int(time.time() * 1000) - 60_000
    messages = values = 0
    together: list[Parcel] = []
    for parcel in batches([(UUID(d.id), d.kind) for d in household.home.wearables], until - int(days * DAY_MS), until):
        together.append(parcel)
        messages += 1
        assert isinstance(parcel.body, SampleBatch)
        values += len(parcel.body)
        if len(together) == TOGETHER:
            outbox.put(together, together[0].from_ms)
            together = []
    outbox.put(together, until)
    disk.close()
    return messages, values


def waiting(household: Household) -> int:
    """Return how many messages wait on a gateway's disk."""
    link = sqlite3.connect(f"file:{household.folder / 'gateway.sqlite'}?mode=ro", uri=True, timeout=10)
    try:
        return int(link.execute("select count(*) from message where state = 'queued' and class <> 0").fetchone()[0])
    finally:
        link.close()


def alarm_seconds(site: Site, upto: float) -> list[float]:
    """Return how long each alarm took from the air to its row, of those stored by a moment (Unix seconds)."""
    produced = journal.read(*site.journals)
    on_air = {(record.wearable, record.record): record.on_air for record in reversed(produced)}
    alerts = Rows(site.database.owner, CLINICS).alerts({(record.wearable, record.session) for record in produced})
    return [a.stored_at - on_air[a.wearable, a.record] for a in alerts if (a.wearable, a.record) in on_air and a.stored_at <= upto]


def stored(site: Site) -> tuple[int, int]:
    """Return how many values of the backlog there are, and how many of them are there once more than they should be."""
    asked = "select count(*), count(*) - count(distinct (series_id, record)) from reading where record >> 32 = %s"
    with psycopg.connect(site.database.owner) as connection:
        connection.execute("set work_mem = '512MB'")
        row = connection.execute(asked, [SESSION]).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def people_of(state: Path) -> list[Home]:
    """Write down three homes; the third, whose person gets worse, has ten wearables."""
    made = people.keep(state / "people.json", WORSENS + 1)
    homes = [*made.homes[:WORSENS], replace(home(1.0), name=made.homes[WORSENS].name, organisation=made.homes[WORSENS].organisation)]
    secret_files.replace(state / "people.json", json.dumps({**asdict(made), "homes": [asdict(each) for each in homes]}).encode())
    return homes


def measure(folder: Path, days: float) -> dict[str, float]:
    """Enrol a home, fill its gateway, start it again, and see."""
    state = folder / "state"
    secret_files.make_folder(state)
    people_of(state)
    plan = Plan(state, ROOT / ".cache", WORSENS + 1, fold_seconds=FOLD_MS / 1000)
    with running(plan) as site:
        household = site.households[WORSENS]
    began = time.monotonic()
    messages, values = fill(household, days)
    tell(f"{messages} messages of {values} values put on the disk in {time.monotonic() - began:.0f} s")
    with running(plan) as site:
        began = time.monotonic()
        deadline = began + MOST_SECONDS
        while (left := waiting(household)) > 2 and time.monotonic() < deadline:
            time.sleep(1.0)
            if int(time.monotonic() - began) % 30 == 0:
                tell(f"{left} messages wait")
        flushed, upto = time.monotonic() - began, time.time()
        alarms = alarm_seconds(site, upto)
        wait_for(lambda: stored(site)[0] >= values or time.monotonic() > deadline, MOST_SECONDS, "the backlog is stored")
        found, twice = stored(site)
    return {
        "messages": float(messages),
        "values": float(values),
        "flushed_s": round(flushed, 1),
        "messages_per_s": round(messages / flushed, 1),
        "still_waiting": float(max(0, left - 2)),
        "lost": float(values - (found - twice)),
        "stored_twice": float(twice),
        "alarms": float(len(alarms)),
        "slowest_alarm_s": round(max(alarms, default=float("inf")), 3),
    }


def main() -> int:
    """Print the report; 1 when a goal is missed, 2 where it cannot be measured."""
    days = float(os.environ.get("DAYS") or "7")
    with tempfile.TemporaryDirectory(prefix="mediassist-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        try:
            figures = measure(folder, days)
        except (ProgramMissing, MayNotEnter) as missing:
            print(missing, file=sys.stderr)
            return 2
    context = {
        "days": days,
        "wearables": 10,
        "rate_hz": 1.0,
        "slowest_alarm_s": "from the air to the alert's row, while the backlog was sent",
    }
    return evidence.report(figures, GOALS, context)


if __name__ == "__main__":
    sys.exit(main())
