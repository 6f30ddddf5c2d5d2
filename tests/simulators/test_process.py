"""`python -m simulators` as a process: it says when it is ready, measures, drains, and ends cleanly."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.wearable import ClockReading, KnownWearable
from protocol.pace import Pace, write_pace
from simulators.bus import private_bus
from tests.firmware_bridge.air import dbus_daemon, sequences

ROOT = Path(__file__).resolve().parents[2]
PATCH = {"id": str(UUID(int=2)), "kind": "ecg_patch", "address": "C0:11:22:33:00:01", "name": "Patch"}


def plan(folder: Path, bus: str) -> Path:
    home = {"bus": bus, "patient": str(UUID(int=1)), "source": {"kind": "physiology", "seed": 1, "story": "calm_day"}, "wearables": [PATCH]}
    path = folder / "plan.json"
    path.write_text(json.dumps({"homes": [home], "produced": str(folder / "produced.jsonl")}))
    return path


async def started(**environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators",
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def produced(folder: Path) -> list[int]:
    path = folder / "produced.jsonl"
    return [json.loads(line)["sequence"] for line in path.read_text().splitlines()] if path.exists() else []


async def until_silent(wearables, then, told_to_stop):
    """Take notifications until the wearables have been told to stop measuring and nothing came for two seconds."""
    got = []
    notifications = wearables.notifications()
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(2 if told_to_stop() else 60):
                notification = await anext(notifications)
            if not isinstance(notification, ClockReading):
                got.append(notification)
                then(notification)
    return got


async def test_everything_on_the_air_is_in_the_journal_and_measuring_can_be_stopped(tmp_path, monkeypatch):
    pace = Pace(datetime.now(UTC), 5.0)
    with private_bus(Path(dbus_daemon()), tmp_path) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        process = await started(SIMULATOR_PLAN=str(plan(tmp_path, bus.address)), MEDIASSIST_PACE=write_pace(pace), MEDIASSIST_DEMO="1")
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        wearables = BleakWearables([KnownWearable(UUID(int=2), UUID(int=1), PATCH["address"], "ecg_patch")], lambda: 0, pace)

        told: set[int] = set()

        def disturb(notification):
            for sequence, word in ((10, signal.SIGUSR1), (30, signal.SIGUSR2)):
                if notification.sequence == sequence and sequence not in told:
                    told.add(sequence)
                    process.send_signal(word)

        got = await until_silent(wearables, disturb, lambda: len(told) == 2)
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    heard = set(sequences(got, UUID(int=2)))
    journal = produced(tmp_path)
    assert sorted(journal) == sorted(set(journal)) == sorted(heard)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, b"set SIMULATOR_PLAN"),
        ({"SIMULATOR_PLAN": "/nowhere/plan.json"}, b"/nowhere/plan.json"),
        ({"MEDIASSIST_PACE": "0,5.0"}, b"only a demonstration"),
        ({"MEDIASSIST_PACE": "now"}, b"pace 'now'"),
    ],
)
async def test_a_process_that_cannot_begin_says_why(environment, reason):
    process = await started(**environment)
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert reason in errors
