"""A home on the virtual air for tests: wearables in this process, and the gateway's own code to listen with."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.seeker import Backend
from edge.firmware_bridge.wearable import KnownWearable, Notification
from protocol.pace import Pace
from simulators.bluez.daemon import VirtualBlueZ
from simulators.bus import private_bus
from simulators.home import Home, HomeEvents
from simulators.in_process_backend import in_process_backend
from simulators.pairing import HowToPair
from simulators.physiology import STORIES, Physiology
from simulators.plan import PlannedWearable
from simulators.radio import central
from simulators.record_memory import Remembered

SPACE = UUID("6f1c2f5e-6f0e-4a4e-8a43-0d9a3c1b7f00")
PACE = Pace(datetime.now(UTC), 10.0)
DEADLINE_S = 30.0
PASSKEY = 314_159


def now() -> int:
    return int(PACE.at(datetime.now(UTC)).timestamp() * 1000)


@dataclass
class Air:
    """One home that can be listened to. aired: (wearable, sequence) first on the air. shown: numbers on displays."""

    home: Home
    known: list[KnownWearable]
    backend: Backend | None
    bus: str | None
    aired: list[tuple[UUID, int]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)

    def wearables(self) -> BleakWearables:
        return BleakWearables(self.known, now, PACE, self.backend, dice=lambda: 0.0)


@asynccontextmanager
async def living_home(
    radio: str,
    monkeypatch: pytest.MonkeyPatch,
    *kinds: str,
    hand_over: bool = True,
    pairing: HowToPair | None = None,
    bonds: Path | None = None,
    most_pending: int | None = None,
) -> AsyncIterator[Air]:
    """Yield a home whose radio is "bluez" (dbus-daemon, virtual org.bluez, bleak as it is) or "in_process"."""
    planned = tuple(
        PlannedWearable(uuid5(SPACE, kind), kind, f"C0:11:22:33:44:{i:02X}", f"W{i}", hand_over, pairing, PASSKEY)
        for i, kind in enumerate(kinds)
    )
    aired: list[tuple[UUID, int]] = []

    def on_air(wearable: PlannedWearable, _session: int, remembered: Remembered) -> None:
        aired.append((wearable.id, remembered.sequence))

    body = Physiology(STORIES["calm_day"], np.random.default_rng(7))
    shown: list[int] = []
    home = Home(body, planned, PACE, random.Random(7), HomeEvents(on_air, lambda _wearable, number: shown.append(number)), bonds)
    known = [KnownWearable(w.id, SPACE, w.address, w.kind) for w in planned]
    gateway_radio = await central(home.link, bonds=bonds)
    await home.start()
    try:
        if radio == "in_process":
            classes = in_process_backend(gateway_radio)
            yield Air(home, known, Backend(classes.scanner, classes.client), None, aired, shown)
            return
        with private_bus(Path(dbus_daemon())) as bus:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
            daemon = VirtualBlueZ(gateway_radio, bus.address, most_pending)
            await daemon.start()
            try:
                yield Air(home, known, None, bus.address, aired, shown)
            finally:
                await daemon.stop()
    finally:
        await home.stop()


def dbus_daemon() -> str:
    found = shutil.which("dbus-daemon")
    if found is None:
        pytest.skip("dbus-daemon is missing (Debian package dbus)")
    return found


async def listen(
    wearables: BleakWearables, enough: Callable[[list[Notification]], bool], then: Callable[[Notification], object] | None = None
) -> list[Notification]:
    """Take notifications until there are enough; `then` is told each one. What clocks show is left out."""
    got: list[Notification] = []
    async with asyncio.timeout(DEADLINE_S), aclosing(wearables.notifications()) as notifications:
        async for notification in notifications:
            if not isinstance(notification, Notification):
                continue
            got.append(notification)
            if then is not None:
                then(notification)
            if enough(got):
                break
    return got


def sequences(got: list[Notification], wearable: UUID) -> list[int]:
    return [n.sequence for n in got if n.wearable == wearable and n.sequence is not None]


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds, at most until the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.02)
