"""What every simulated wearable is made of: services, characteristics and an advertisement, in bumble's terms."""

import asyncio
from collections.abc import Coroutine
from struct import pack

from bumble import core
from bumble.core import AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, CharacteristicValue, Service

from simulators import wire

READ, WRITE = Characteristic.Properties.READ, Characteristic.Properties.WRITE
NOTIFY, INDICATE = Characteristic.Properties.NOTIFY, Characteristic.Properties.INDICATE
READABLE, WRITEABLE, CLOSED = Characteristic.Permissions.READABLE, Characteristic.Permissions.WRITEABLE, Characteristic.Permissions(0)
ENCRYPTED = Characteristic.Permissions.READ_REQUIRES_ENCRYPTION
AUTHENTICATED = Characteristic.Permissions.READ_REQUIRES_AUTHENTICATION
FAST_MS, FAST_S, SLOW_MS = 30.0, 30.0, 1000.0
"""How often a wearable advertises at first, for how long, and then: what the profiles recommend (Heart Rate Profile 1.0, 5.1, and its like)."""
_HCI_UNIT = 0.625
_LONGEST_NAME_AND_LIST = 29 - 3 - 2
_FIRST_SIG_NUMBER = 0x1800


def characteristic(
    number: int,
    properties: Characteristic.Properties,
    permissions: Characteristic.Permissions,
    value: CharacteristicValue[bytes] | bytes = b"",
) -> Characteristic[bytes]:
    """Return a characteristic of a number (`wire.uuid_of`)."""
    return Characteristic(core.UUID(wire.uuid_of(number)), properties, permissions, value)


def service(number: int, characteristics: list[Characteristic[bytes]]) -> Service:
    """Return a service of a number."""
    return Service(core.UUID(wire.uuid_of(number)), characteristics)


def advertisement(number: int, name: str) -> bytes:
    """Return what is advertised: flags, the name as far as there is room, and the one service."""
    listing, octets = AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, pack("<H", number)
    if number < _FIRST_SIG_NUMBER:
        listing = AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
        octets = core.UUID(wire.uuid_of(number)).to_bytes()
    name_octets = name.encode()[: _LONGEST_NAME_AND_LIST - len(octets)]
    return bytes(
        AdvertisingData([(AdvertisingData.Type.FLAGS, b"\x06"), (AdvertisingData.Type.COMPLETE_LOCAL_NAME, name_octets), (listing, octets)])
    )


async def advertise(device: Device) -> None:
    """Advertise where no link is up: fast at first, then to save the battery."""
    if device.is_advertising or device.connections:
        return
    await _advertise_every(device, FAST_MS)
    await asyncio.sleep(FAST_S)
    if device.is_advertising:
        await device.stop_advertising()
        await _advertise_every(device, SLOW_MS)


async def advertise_again(device: Device) -> None:
    """Advertise once a link has fallen."""
    await asyncio.sleep(0.05)
    await advertise(device)


async def _advertise_every(device: Device, interval_ms: float) -> None:
    interval = interval_ms * _HCI_UNIT  # the virtual controller counts milliseconds where a real one counts units of HCI
    await device.start_advertising(auto_restart=False, advertising_interval_min=interval, advertising_interval_max=interval)


class Errands:
    """What a wearable does beside answering; it ends with the wearable."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Do something without waiting for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Stop all of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
