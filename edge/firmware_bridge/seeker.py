"""Hears what advertises, with the one scanner of a gateway; it runs only while somebody waits.

BlueZ allows one discovery per client, so whoever seeks a wearable, or looks around for a new one, does it here.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bleak import BleakAdapter, BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

from edge.firmware_bridge.profiles import identifiers
from edge.firmware_bridge.wearable_link import LINK_FAILURES

KINDS = {
    identifiers.HEART_RATE_SERVICE: "heart_rate_belt",
    identifiers.PULSE_OXIMETER_SERVICE: "pulse_oximeter",
    identifiers.HEALTH_THERMOMETER_SERVICE: "thermometer",
    identifiers.BLOOD_PRESSURE_SERVICE: "blood_pressure_cuff",
    identifiers.WEIGHT_SCALE_SERVICE: "weight_scale",
    identifiers.GLUCOSE_SERVICE: "glucose_meter",
    identifiers.CONTINUOUS_GLUCOSE_SERVICE: "glucose_sensor",
    identifiers.BIOSIGNAL_SERVICE: "ecg_patch",
}
"""Service -> the kind of wearable that offers it."""

_SIGNALS = 8
Heard = Callable[[BLEDevice, AdvertisementData], None]


@dataclass(frozen=True, slots=True)
class Backend:
    """bleak's own classes for another radio than the platform's, handed through to its `backend=`.

    A radio of one process has no links that outlive it: without an `adapter` beside a `scanner` none are looked for.
    """

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None
    adapter: type[BaseBleakAdapter] | None = None


class Seeker:
    """The one scanner."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._sought: dict[str, asyncio.Future[BLEDevice]] = {}
        self._listeners: list[Heard] = []
        self._scanner: BleakScanner | None = None
        self._lock = asyncio.Lock()
        self._signals: dict[str, deque[int]] = {}
        self._asked = self._served = 0

    async def find(self, address: str) -> BLEDevice:
        """Return the device once it is heard, or at once where its link is already up."""
        if (device := await self._connected(address)) is not None:
            return device
        found: asyncio.Future[BLEDevice] = asyncio.get_running_loop().create_future()
        self._sought[address] = found
        try:
            await self._listen()
            return await found
        finally:
            self._sought.pop(address, None)
            await self._rest()

    def signals(self, address: str) -> list[int]:
        """Return how strong a device that was sought was heard lately, dBm, the last at the end; a link says nothing of that."""
        return list(self._signals.get(address, ()))

    @asynccontextmanager
    async def listening(self, heard: Heard) -> AsyncGenerator[None]:
        """Have every advertisement told while the context lasts."""
        self._listeners.append(heard)
        try:
            await self._listen()
            yield
        finally:
            self._listeners.remove(heard)
            await self._rest()

    async def _connected(self, address: str) -> BLEDevice | None:
        if self._backend.scanner is not None and self._backend.adapter is None:
            return None
        adapter = await BleakAdapter.get(backend=self._backend.adapter)
        devices = await adapter.get_connected_devices(list(KINDS))
        return next((device for device in devices if device.address.upper() == address), None)

    async def _listen(self) -> None:
        """Start the scanner, or start it anew: BlueZ tells of an unchanged advertisement only once in a discovery.

        Those who ask while another starts it share the next start.
        """
        self._asked += 1
        asked = self._asked
        async with self._lock:
            if self._served >= asked and self._scanner is not None:
                return
            await self._stop()
            serving = self._asked
            scanner = BleakScanner(self._heard, scanning_mode="active", backend=self._backend.scanner)
            await scanner.start()
            self._scanner, self._served = scanner, serving

    async def _rest(self) -> None:
        async with self._lock:
            if not self._sought and not self._listeners:
                with suppress(*LINK_FAILURES):
                    await self._stop()

    async def _stop(self) -> None:
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            await scanner.stop()

    def _heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        for heard in self._listeners:
            heard(device, advertisement)
        address = device.address.upper()
        found = self._sought.get(address)
        if found is not None:
            self._signals.setdefault(address, deque(maxlen=_SIGNALS)).append(advertisement.rssi)
            if not found.done():
                found.set_result(device)
