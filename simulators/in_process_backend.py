"""bleak's backend classes on the virtual air itself: no D-Bus and no BlueZ, gateway and wearables in one process.

For machines where no dbus-daemon is to be had: the classes are handed to bleak's `backend=`, and the gateway's code stays
what it is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode
from bumble import att, hci
from bumble.core import AdvertisingData, PhysicalTransport, ProtocolError
from bumble.device import Advertisement, Connection, Device
from bumble.gatt_client import CharacteristicProxy, ServiceProxy

from simulators.remote_gatt import advertised_name, advertised_services, end_subscription, explore, flags_of, uuid_text

T = TypeVar("T")

DISCONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class InProcessBackend:
    """The classes for bleak's `backend=`, bound to one radio."""

    scanner: type[BaseBleakScanner]
    client: type[BaseBleakClient]


class _Radio:
    """One central, shared by scanners and clients: one scan, one connect at a time."""

    def __init__(self, central: Device) -> None:
        self.central = central
        self.connecting = asyncio.Lock()
        self._listeners: list[Callable[[Advertisement], None]] = []
        central.on(Device.EVENT_ADVERTISEMENT, self._heard)

    async def listen(self, heard: Callable[[Advertisement], None]) -> None:
        self._listeners.append(heard)
        if len(self._listeners) == 1:
            await self.central.start_scanning(filter_duplicates=False)

    async def rest(self, heard: Callable[[Advertisement], None]) -> None:
        self._listeners.remove(heard)
        if not self._listeners:
            await self.central.stop_scanning()

    def _heard(self, advertisement: Advertisement) -> None:
        for listener in list(self._listeners):
            listener(advertisement)


def in_process_backend(central: Device) -> InProcessBackend:
    """Return backend classes that use `central`, a powered-on radio."""
    radio = _Radio(central)

    class Scanner(_Scanner):
        shared = radio

    class Client(_Client):
        shared = radio

    return InProcessBackend(Scanner, Client)


class _Scanner(BaseBleakScanner):
    shared: _Radio

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: Literal["active", "passive"],
        **_platform: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        del scanning_mode

    async def start(self) -> None:
        self.seen_devices = {}
        await self.shared.listen(self._heard)

    async def stop(self) -> None:
        await self.shared.rest(self._heard)

    def _heard(self, advertisement: Advertisement) -> None:
        services = advertised_services(advertisement.data)
        if not self.is_allowed_uuid(services):
            return
        name = advertised_name(advertisement.data)
        power = advertisement.data.get(AdvertisingData.Type.TX_POWER_LEVEL)
        data = AdvertisementData(
            local_name=name,
            manufacturer_data={},
            service_data={},
            service_uuids=services,
            tx_power=power if isinstance(power, int) else None,
            rssi=advertisement.rssi,
            platform_data=(advertisement,),
        )
        address = advertisement.address.to_string(with_type_qualifier=False)
        self.call_detection_callbacks(self.create_or_update_device(address, address, name, advertisement.address, data), data)


class _Client(BaseBleakClient):
    shared: _Radio

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **_platform: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._wanted = services
        self._name = address_or_ble_device.name if isinstance(address_or_ble_device, BLEDevice) else None
        self._connection: Connection | None = None
        self._mtu = 23
        self._subscriptions: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        return self._name or self.address

    @property
    def mtu_size(self) -> int:
        return self._mtu

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_options: Any) -> None:  # noqa: FBT001
        if pair:
            raise BleakError("the virtual air does not pair")
        if self._connection is not None:
            raise BleakError("already connected")
        async with self.shared.connecting:
            try:
                connection = await self.shared.central.connect(
                    hci.Address(self.address), transport=PhysicalTransport.LE, timeout=self._timeout
                )
            except ProtocolError as error:
                raise BleakError(f"cannot connect to {self.address}: {error}") from error
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnected)
        try:
            self._mtu, services = await self._procedure(explore(connection))
        except BaseException:
            await self.disconnect()
            raise
        self.services = self._collected(services)

    async def disconnect(self) -> None:
        if self._connection is not None:
            try:
                async with asyncio.timeout(DISCONNECT_TIMEOUT_S):
                    await self._connection.disconnect()
            except ProtocolError as error:
                raise BleakError(str(error)) from error
            except TimeoutError as error:
                raise BleakError(f"{self.address} did not hang up within {DISCONNECT_TIMEOUT_S:g} s") from error

    async def pair(self, *_args: Any, **_options: Any) -> None:
        raise BleakError("the virtual air does not pair")

    async def unpair(self) -> None:
        raise BleakError("the virtual air does not pair")

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_options: Any) -> bytearray:
        return bytearray(await self._procedure(_proxy_of(characteristic).read_value()))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_options: Any) -> bytearray:
        raise BleakError(f"descriptor {descriptor.uuid} is not shown by this backend")

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:  # noqa: FBT001
        await self._procedure(_proxy_of(characteristic).write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        del data
        raise BleakError(f"descriptor {descriptor.uuid} is not shown by this backend")

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_options: Any) -> None:
        def take(value: bytes) -> None:
            callback(bytearray(value))

        self._subscriptions[characteristic.handle] = take
        await self._procedure(_proxy_of(characteristic).subscribe(take))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        take = self._subscriptions.pop(characteristic.handle)
        await self._procedure(end_subscription(_proxy_of(characteristic), take))

    async def _procedure(self, work: Awaitable[T]) -> T:
        connection = self._connection
        if connection is None:
            raise BleakError("not connected")
        try:
            return await connection.cancel_on_disconnection(work)
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(BleakGATTProtocolErrorCode(error.error_code)) from error
        except ProtocolError as error:
            raise BleakError(str(error)) from error
        except asyncio.CancelledError:
            if self._connection is connection:
                raise
            raise BleakError("disconnected") from None

    def _collected(self, services: list[ServiceProxy]) -> BleakGATTServiceCollection:
        collection = BleakGATTServiceCollection()
        for service in services:
            uuid = uuid_text(service.uuid)
            if self._wanted is not None and uuid not in self._wanted:
                continue
            shown = BleakGATTService(service, service.handle, uuid)
            collection.add_service(shown)
            for proxy in service.characteristics:
                words = cast("list[CharacteristicPropertyName]", flags_of(proxy.properties))
                collection.add_characteristic(
                    BleakGATTCharacteristic(proxy, proxy.handle - 1, uuid_text(proxy.uuid), words, lambda: self._mtu - 3, shown)
                )
        return collection

    def _on_disconnected(self, _reason: int) -> None:
        self._connection, self.services = None, None
        self._subscriptions.clear()
        if self._disconnected_callback is not None:
            self._disconnected_callback()


def _proxy_of(characteristic: BleakGATTCharacteristic) -> CharacteristicProxy[bytes]:
    """Return what this backend put into the characteristic when it was found."""
    proxy: CharacteristicProxy[bytes] = characteristic.obj
    return proxy
