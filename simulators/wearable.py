"""A wearable on the virtual air: a real GATT server that measures by itself and remembers until it is told to forget."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from struct import pack

from bumble import att, core, hci
from bumble.core import AdvertisingData, ProtocolError
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service

from simulators import wire
from simulators.radio import RadioLink, new_device, peripheral_controller
from simulators.record_memory import RecordMemory, Remembered
from simulators.sensors import Measured, service_of

_READ, _WRITE = Characteristic.Properties.READ, Characteristic.Properties.WRITE
_NOTIFY, _INDICATE = Characteristic.Properties.NOTIFY, Characteristic.Properties.INDICATE
_READABLE, _WRITEABLE, _CLOSED = Characteristic.Permissions.READABLE, Characteristic.Permissions.WRITEABLE, Characteristic.Permissions(0)

_MTU = 247
_ADVERTISING_MS = 200
_IN_HCI_UNITS = 0.625
_WRONG_SESSION = 0x80
_BURST, _BETWEEN_BURSTS_S = 16, 0.01
"""What is in memory goes out as fast as a good link takes it, not faster: 1,600 records a second."""

_MEASURED_BY = {
    "heart_rate_belt": ((wire.HEART_RATE_MEASUREMENT, _NOTIFY),),
    "pulse_oximeter": ((wire.PULSE_OXIMETER_CONTINUOUS, _NOTIFY),),
    "thermometer": ((wire.TEMPERATURE_MEASUREMENT, _INDICATE),),
    "ecg_patch": ((wire.WAVEFORM, _NOTIFY), (wire.RESPIRATORY_RATE, _NOTIFY)),
}


@dataclass(frozen=True, slots=True)
class WearableEvents:
    """Whom a wearable tells: that a gateway listens for the first time, and that a record is first on the air."""

    first_heard: Callable[[], None]
    on_air: Callable[[int, Remembered], None]


class SimulatedWearable:
    """One wearable. session: 1..2^31-1. hand_over: whether it offers the hand-over service and numbers its records.

    clock: ms since the session began, now; None for a wearable of older firmware, which does not tell it.
    """

    def __init__(
        self,
        link: RadioLink,
        kind: str,
        address: str,
        name: str,
        session: int,
        events: WearableEvents,
        memory: RecordMemory | None = None,
        *,
        clock: Callable[[], int] | None = None,
        hand_over: bool = True,
    ) -> None:
        self.session = session
        self.memory = memory or RecordMemory()
        self.battery = 100
        self._kind = kind
        self._hand_over = hand_over
        self._clock = clock
        self._events = events
        self._listened_to = False
        self._subscriber: Connection | None = None
        self._cursor = 0
        self._aired = 0
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.links_made = 0
        interval = _ADVERTISING_MS * _IN_HCI_UNITS
        configuration = DeviceConfiguration(
            name=name, address=hci.Address(address), advertising_interval_min=interval, advertising_interval_max=interval
        )
        self.controller = peripheral_controller(name, link)
        self._device = new_device(self.controller, configuration)
        self._device.gatt_server.max_mtu = _MTU
        self._measured_by = {number: self._measuring(number, how) for number, how in _MEASURED_BY[kind]}
        self._record = _characteristic(wire.RECORD, _NOTIFY, _CLOSED)
        self._record.on(Characteristic.EVENT_SUBSCRIPTION, self._on_record_subscription)
        self._device.add_services(self._services(address))
        self._device.advertising_data = _advertisement(kind, name)
        self._device.on(Device.EVENT_CONNECTION, self._on_connection)

    async def start(self) -> None:
        """Switch on and advertise."""
        await self._device.power_on()
        await self._device.start_advertising(auto_restart=False)
        if self._hand_over:
            self._spawn(self._hand_records_over())

    async def stop(self) -> None:
        """Switch off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._device.power_off()

    async def take(self, ticks_ms: int, measured: Measured) -> None:
        """Take a measurement that is complete now: number and remember it, or say it to whom it may concern."""
        if self._hand_over:
            self.memory.remember(ticks_ms, measured)
            self._news.set()
            return
        characteristic = self._measured_by.get(measured.characteristic)
        if characteristic is None or not self._device.connections:
            return
        if characteristic.properties & _INDICATE:
            await self._device.indicate_subscribers(characteristic, measured.value)
        else:
            await self._device.notify_subscribers(characteristic, measured.value)

    async def say(self, value: bytes) -> None:
        """Send any bytes as a record; a healthy wearable does not."""
        await self._device.notify_subscribers(self._record, value)

    @property
    def links(self) -> int:
        """How many links are up."""
        return len(self._device.connections)

    async def drop_links(self) -> None:
        """End every link from this side, as a reset does."""
        for connection in list(self._device.connections.values()):
            try:
                await connection.disconnect(hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR)
            except ProtocolError:
                continue

    def _services(self, address: str) -> list[Service]:
        battery = _characteristic(
            wire.BATTERY_LEVEL, _READ | _NOTIFY, _READABLE, CharacteristicValue(read=lambda _connection: bytes([self.battery]))
        )
        about = {
            wire.MANUFACTURER: b"MediAssist simulators",
            wire.MODEL: self._kind.encode(),
            wire.SERIAL: address.replace(":", "").encode(),
            wire.FIRMWARE: b"1",
        }
        services = [
            _service(service_of(self._kind), list(self._measured_by.values())),
            _service(wire.BATTERY_SERVICE, [battery]),
            _service(wire.DEVICE_INFORMATION_SERVICE, [_characteristic(n, _READ, _READABLE, value) for n, value in about.items()]),
        ]
        if self._hand_over:
            session = _characteristic(wire.SESSION, _READ, _READABLE, CharacteristicValue(read=self._read_session))
            kept = _characteristic(wire.KEPT, _WRITE, _WRITEABLE, CharacteristicValue(write=self._on_kept))
            services.append(_service(wire.HAND_OVER_SERVICE, [self._record, kept, session]))
        return services

    def _measuring(self, number: int, how: Characteristic.Properties) -> Characteristic[bytes]:
        characteristic = _characteristic(number, how, _CLOSED)
        characteristic.on(Characteristic.EVENT_SUBSCRIPTION, self._on_plain_subscription)
        return characteristic

    def _read_session(self, _connection: att.Bearer) -> bytes:
        return wire.session(self.session, self.memory.oldest, self.memory.next, None if self._clock is None else self._clock())

    def _on_kept(self, _connection: att.Bearer, value: bytes) -> None:
        kept = wire.parse_kept(value)
        if kept is None:
            raise att.ATT_Error(att.ErrorCode.INVALID_ATTRIBUTE_LENGTH)
        session, sequence = kept
        if session != self.session:
            raise att.ATT_Error(att.ErrorCode(_WRONG_SESSION))
        self.memory.forget(sequence)

    def _on_plain_subscription(self, _connection: Connection, notify: bool, indicate: bool) -> None:  # noqa: FBT001
        if notify or indicate:
            self._first_heard()

    def _on_record_subscription(self, connection: Connection, notify: bool, _indicate: bool) -> None:  # noqa: FBT001
        self._subscriber = connection if notify else None
        self._cursor = self.memory.oldest
        if notify:
            self._first_heard()
            self._news.set()

    def _first_heard(self) -> None:
        if not self._listened_to:
            self._listened_to = True
            self._events.first_heard()

    async def _hand_records_over(self) -> None:
        """Send what the subscriber has not got, oldest first, then what is new."""
        while True:
            await self._news.wait()
            self._news.clear()
            sent = 0
            while (subscriber := self._subscriber) is not None and self._cursor < self.memory.next:
                remembered = self.memory.recall(max(self._cursor, self.memory.oldest))
                self._cursor = remembered.sequence + 1
                await self._send(subscriber, remembered)
                sent += 1
                if sent % _BURST == 0:
                    await asyncio.sleep(_BETWEEN_BURSTS_S)

    async def _send(self, subscriber: Connection, remembered: Remembered) -> None:
        measured = remembered.measured
        value = wire.record(remembered.sequence, remembered.ticks_ms, measured.characteristic, measured.value)
        await self._device.notify_subscriber(subscriber, self._record, value)
        if remembered.sequence >= self._aired:
            self._aired = remembered.sequence + 1
            self._events.on_air(self.session, remembered)

    def _on_connection(self, connection: Connection) -> None:
        self.links_made += 1
        connection.on(Connection.EVENT_DISCONNECTION, partial(self._on_disconnection, connection))

    def _on_disconnection(self, connection: Connection, _reason: int) -> None:
        if self._subscriber is connection:
            self._subscriber = None
        self._spawn(self._advertise_again())

    async def _advertise_again(self) -> None:
        await asyncio.sleep(0.05)
        if not self._device.is_advertising and not self._device.connections:
            await self._device.start_advertising(auto_restart=False)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _characteristic(
    number: int,
    properties: Characteristic.Properties,
    permissions: Characteristic.Permissions,
    value: CharacteristicValue[bytes] | bytes = b"",
) -> Characteristic[bytes]:
    return Characteristic(core.UUID(wire.uuid_of(number)), properties, permissions, value)


def _service(number: int, characteristics: list[Characteristic[bytes]]) -> Service:
    return Service(core.UUID(wire.uuid_of(number)), characteristics)


def _advertisement(kind: str, name: str) -> bytes:
    number = service_of(kind)
    uuid = core.UUID(wire.uuid_of(number))
    listing = AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
    octets = pack("<H", number)
    if number < wire.HEART_RATE_SERVICE & 0xFF00:
        listing, octets = AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, uuid.to_bytes()
    name_octets = name.encode()[: 29 - 3 - 2 - len(octets)]
    return bytes(
        AdvertisingData([(AdvertisingData.Type.FLAGS, b"\x06"), (AdvertisingData.Type.COMPLETE_LOCAL_NAME, name_octets), (listing, octets)])
    )
