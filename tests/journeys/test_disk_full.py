"""The database's volume is full: ingestion pauses and says so to gateways, and goes on by itself once there is room; nothing is lost."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.ingest.meters import AWAY
from cloud.migrate import migrate
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.processes import Supervisor
from edge.gateway.outbox import Parcel
from protocol.receipts import read_receipt
from protocol.samples import Reading, batch_of
from tests.support.gateway import BELT, NOON
from tests.support.ingest import Exchange, exchange
from tests.support.postgres import PASSWORD, Addresses, addresses

READINGS = 20_000


@pytest.fixture
def volume() -> Iterator[Path]:
    """A volume of 192 MB."""
    if os.geteuid() != 0:
        pytest.skip("no root here: a small volume has to be mounted")
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    small = folder / "volume"
    small.mkdir(mode=0o711)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", str(small)], capture_output=True, text=True, check=False)
    if mounted.returncode:
        shutil.rmtree(folder)
        pytest.skip(f"no small volume can be mounted here: {mounted.stderr.strip()}")
    yield small
    subprocess.run(["umount", "-l", str(small)], check=True)
    shutil.rmtree(folder)


def migrated(url: str) -> Addresses:
    migrate(url, datetime.fromtimestamp(NOON / 1000, UTC), app_password=PASSWORD, ingest_password=PASSWORD)
    return addresses(url, "postgres")


def fill(volume: Path) -> Path:
    """Leave no room."""
    ballast = volume / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            return ballast


def busy(wire: Exchange) -> int:
    """Return how often a gateway was told to wait."""
    told = 0
    for _, _, data in wire.inlet.answers:
        epoch = data[17:33]
        told += read_receipt(data, wire.rig.keys(epoch).receipt_key).busy > 0
    return told


@pytest.mark.timeout(120)
async def test_a_full_volume_pauses_ingestion_and_loses_nothing(volume: Path) -> None:
    server = EmbeddedPostgres(volume / "postgres")
    server.prepare()
    with Supervisor(volume.parent / "logs") as processes:
        processes.start(server.program, seconds=60)
        async with exchange(await asyncio.to_thread(migrated, server.url), volume.parent / "gateway") as wire:
            ballast = fill(volume)
            readings = [Reading(BELT, 1, NOON + 1000 * n, 70.0, n) for n in range(READINGS)]
            wire.rig.outbox.put([Parcel(batch_of(readings[n : n + 1000]), NOON, NOON) for n in range(0, READINGS, 1000)], NOON)
            before = AWAY._value.get()
            settling = asyncio.create_task(wire.line._settle(wire.queued()))
            async with asyncio.timeout(60):
                while AWAY._value.get() < before + 2:
                    assert not settling.done(), "it was stored although there was no room"
                    await asyncio.sleep(0.1)
            assert busy(wire) >= 1
            assert wire.settled == [], "nothing is acknowledged that is not stored"
            ballast.unlink()
            async with asyncio.timeout(60):
                await settling
            wire.bring_back()
            assert wire.rig.outbox.depth() == 0
            assert wire.rows("select count(*), count(distinct record) from reading") == [(READINGS, READINGS)]
