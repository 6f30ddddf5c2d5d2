"""What a service manager hears: ready, alive for as long as the disk answers, stopping; and of a gateway's process itself."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.gateway.service_manager import ServiceManager
from tests.support.gateway import a_gateways_folder

ROOT = Path(__file__).resolve().parents[2]


class Manager:
    """The manager's end of the socket."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(20)

    def hear(self) -> str:
        return self._socket.recv(4096).decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.close()


async def test_it_hears_of_life_only_while_the_disk_answers(manager: Manager) -> None:
    ready, answers = asyncio.Event(), asyncio.Event()
    answers.set()
    asked = 0

    async def disk() -> None:
        nonlocal asked
        asked += 1
        await answers.wait()

    told = asyncio.create_task(ServiceManager({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000"}).keep_told(ready.wait(), disk))
    await asyncio.sleep(0.05)
    assert asked == 0
    ready.set()
    heard = [await asyncio.to_thread(manager.hear) for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    answers.clear()
    await asyncio.sleep(0.1)
    before = asked
    await asyncio.sleep(0.1)
    assert asked == before, "it waits for the answer that does not come, and says nothing"
    told.cancel()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_whom_the_manager_watches(environment: dict[str, str], seconds: float | None) -> None:
    assert ServiceManager(environment).watchdog_s == seconds


def test_a_manager_that_is_not_there_is_not_insisted_on(tmp_path: Path) -> None:
    ServiceManager({}).say("READY=1")
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).say("READY=1")


def test_an_abstract_address_is_understood(tmp_path: Path) -> None:
    name = f"mediassist-{tmp_path.name}-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(5)
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).say("READY=1")
        assert listening.recv(100) == b"READY=1"


async def test_a_gateways_process_is_ready_lives_and_stops_as_it_is_told(tmp_path: Path, manager: Manager) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GATEWAY_STATE": str(a_gateways_folder(tmp_path / "state")),
        "GATEWAY_BROKER_PORT": "1",
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "600000",
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/no-bus",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "edge.gateway", env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        began = time.monotonic()
        heard = [await asyncio.to_thread(manager.hear) for _ in range(4)]
        assert heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
        assert time.monotonic() - began < 20
        process.send_signal(signal.SIGTERM)
        while (word := await asyncio.to_thread(manager.hear)) == "WATCHDOG=1":
            pass
        assert word == "STOPPING=1"
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
