"""Pairing a new wearable: what is nearby while a person looks for one, and the pairing itself, with LE Secure Connections where it can."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakDBusError

from edge.firmware_bridge import bluez_agent
from edge.firmware_bridge.bluez_agent import Person
from edge.firmware_bridge.connect_gate import ConnectGate
from edge.firmware_bridge.seeker import KINDS, Seeker
from edge.firmware_bridge.wearable_link import LINK_FAILURES

CONNECT_SECONDS, PAIRING_SECONDS = 20.0, 60.0
"""The Security Manager gives a person 30 s an answer (Bluetooth Core 5.4, Vol 3 Part H, 3.4)."""
HEARD_AGAIN_SECONDS = 15.0
KEEP_SECONDS = 20.0

Why = Literal["wrong_answer", "refused", "gone"]


class PairingFailed(Exception):
    """A wearable was not paired. why: the number was wrong or was not the same; the wearable refused; it went away."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class Nearby:
    """A wearable that advertises. signal: dBm. heard_at: of the monotonic clock, s."""

    address: str
    name: str
    kind: str
    signal: int
    heard_at: float


class _Counted:
    """A person of whom it is known whether they were asked."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.asked = False

    async def passkey(self) -> int | None:
        self.asked = True
        return await self._person.passkey()

    async def same(self, number: int) -> bool:
        self.asked = True
        return await self._person.same(number)

    def type_there(self, number: int) -> None:
        self.asked = True
        self._person.type_there(number)


class Pairing:
    """One gateway's. gate: of its adapter's connects. aside: keeps the gateway from a wearable that is its own while a person pairs it. monotonic: s."""

    def __init__(
        self,
        seeker: Seeker,
        gate: ConnectGate,
        aside: Callable[[str], AbstractAsyncContextManager[None]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seeker, self._gate, self._aside, self._monotonic = seeker, gate, aside, monotonic
        self._found: dict[str, tuple[BLEDevice, Nearby]] = {}
        self._news = asyncio.Event()

    @asynccontextmanager
    async def window(self) -> AsyncGenerator[None]:
        """Look around while the context lasts; `nearby` says what was heard.

        Raises:
            BleakError, OSError: the radio cannot listen.
        """
        self._found.clear()
        async with self._seeker.listening(self._heard):
            yield

    def nearby(self) -> list[Nearby]:
        """Return what was heard lately and measures something that we know, the nearest first."""
        since = self._monotonic() - KEEP_SECONDS
        return sorted((one for _, one in self._found.values() if one.heard_at >= since), key=lambda one: (-one.signal, one.address))

    async def pair(self, address: str, person: Person) -> bool:
        """Pair a wearable that is nearby, within a window; an older bond with it is forgotten first. The link is ended afterwards.

        Returns:
            Whether a person vouched for it by a number. False: it can only do "just works".

        Raises:
            PairingFailed: it was not.
        """
        counted = _Counted(person)
        try:
            async with self._aside(address), bluez_agent.answering(counted, address):
                device = await self._unbonded(address)
                client = BleakClient(device, timeout=CONNECT_SECONDS)
                try:
                    async with self._gate.alone():
                        await client.connect()
                    async with asyncio.timeout(PAIRING_SECONDS):
                        await client.pair()
                finally:
                    with suppress(*LINK_FAILURES):
                        await client.disconnect()
        except BleakDBusError as error:
            if "Authentication" not in error.dbus_error:
                raise PairingFailed("gone", str(error)) from error
            raise PairingFailed("wrong_answer" if counted.asked else "refused", error.dbus_error) from error
        except LINK_FAILURES as error:
            raise PairingFailed("gone", f"{type(error).__name__}: {error}") from error
        return counted.asked

    async def _unbonded(self, address: str) -> BLEDevice:
        """Return the device, heard anew where a bond with it had to be forgotten."""
        device = await self._device(address)
        if bluez_agent.is_bonded(device):
            await BleakClient(device).unpair()
            self._found.pop(address, None)
            device = await self._device(address)
        return device

    async def _device(self, address: str) -> BLEDevice:
        async with asyncio.timeout(HEARD_AGAIN_SECONDS):
            while (found := self._found.get(address)) is None:
                self._news.clear()
                await self._news.wait()
        return found[0]

    def _heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        kind = next((KINDS[uuid.lower()] for uuid in advertisement.service_uuids if uuid.lower() in KINDS), None)
        if kind is not None:
            address = device.address.upper()
            name = advertisement.local_name or device.name or ""
            self._found[address] = (device, Nearby(address, name, kind, advertisement.rssi, self._monotonic()))
            self._news.set()
