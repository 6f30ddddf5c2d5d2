"""A wearable on the virtual air: a real GATT server that measures by itself and remembers until it is told to forget."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bumble import att, hci
from bumble.core import ProtocolError
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service

from simulators import gatt, pairing, wire
from simulators.pairing import Display
from simulators.radio import RadioLink, keystore, new_device, peripheral_controller
from simulators.record_memory import RecordMemory, Remembered
from simulators.sensors import Measured, service_of

_MTU = 247
_WRONG_SESSION = 0x80
_BURST, _BETWEEN_BURSTS_S = 16, 0.01
"""What is in memory goes out as fast as a good link takes it, not faster: 1,600 records a second."""

_MEASURED_BY = {
    "heart_rate_belt": ((wire.HEART_RATE_MEASUREMENT, gatt.NOTIFY),),
    "pulse_oximeter": ((wire.PULSE_OXIMETER_CONTINUOUS, gatt.NOTIFY),),
    "thermometer": ((wire.TEMPERATURE_MEASUREMENT, gatt.INDICATE),),
    "ecg_patch": ((wire.WAVEFORM, gatt.NOTIFY), (wire.RESPIRATORY_RATE, gatt.NOTIFY)),
}


@dataclass(frozen=True, slots=True)
class WearableEvents:
    """Whom a wearable tells: that a gateway listens for the first time, that a record is first on the air, that a gateway subscribed to records."""

    first_heard: Callable[[], None]
    on_air: Callable[[int, Remembered], None]
    subscribed: Callable[[], None] = lambda: None


class SimulatedWearable:
    """One wearable. session: 1..2^31-1. hand_over: whether it offers the hand-over service and numbers its records.

    clock: ms since the session began, now; None for a wearable of older firmware, which does not tell it. display: of one that must be paired
    before it says anything. bonds: the file of its keys.
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
        display: Display | None = None,
        bonds: Path | None = None,
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
        self._errands = gatt.Errands()
        self.links_made = 0
        configuration = DeviceConfiguration(
            name=name,
            address=hci.Address(address),
            keystore=keystore(bonds),
        )
        self.controller = peripheral_controller(name, link)
        self._device = new_device(self.controller, configuration)
        self._device.gatt_server.max_mtu = _MTU
        self._readable = gatt.READABLE
        if display is not None:
            pairing.make_pairable(self._device, display)
            self._readable |= gatt.ENCRYPTED if display.how == "just_works" else gatt.AUTHENTICATED
        self._measured_by = {number: self._measuring(number, how) for number, how in _MEASURED_BY[kind]}
        self._record = gatt.characteristic(wire.RECORD, gatt.NOTIFY, gatt.CLOSED)
        self._record.on(Characteristic.EVENT_SUBSCRIPTION, self._on_record_subscription)
        self._device.add_services(self._services(address))
        self._device.advertising_data = gatt.advertisement(service_of(kind), name)
        self._device.on(Device.EVENT_CONNECTION, self._on_connection)

    async def start(self) -> None:
        """Switch on and advertise."""
        await self._device.power_on()
        self._errands.begin(gatt.advertise(self._device))
        if self._hand_over:
            self._errands.begin(self._hand_records_over())

    async def stop(self) -> None:
        """Switch off."""
        await self._errands.end()
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
        if characteristic.properties & gatt.INDICATE:
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

    async def forget_bonds(self) -> None:
        """Lose the keys of every bond, as a reset does."""
        await pairing.forget_bonds(self._device)

    def _services(self, address: str) -> list[Service]:
        battery = gatt.characteristic(
            wire.BATTERY_LEVEL, gatt.READ | gatt.NOTIFY, self._readable, CharacteristicValue(read=lambda _connection: bytes([self.battery]))
        )
        about = {
            wire.MANUFACTURER: b"MediAssist simulators",
            wire.MODEL: self._kind.encode(),
            wire.SERIAL: address.replace(":", "").encode(),
            wire.FIRMWARE: b"1",
        }
        services = [
            gatt.service(service_of(self._kind), list(self._measured_by.values())),
            gatt.service(wire.BATTERY_SERVICE, [battery]),
            gatt.service(
                wire.DEVICE_INFORMATION_SERVICE, [gatt.characteristic(n, gatt.READ, gatt.READABLE, value) for n, value in about.items()]
            ),
        ]
        if self._hand_over:
            session = gatt.characteristic(wire.SESSION, gatt.READ, self._readable, CharacteristicValue(read=self._read_session))
            kept = gatt.characteristic(wire.KEPT, gatt.WRITE, gatt.WRITEABLE, CharacteristicValue(write=self._on_kept))
            services.append(gatt.service(wire.HAND_OVER_SERVICE, [self._record, kept, session]))
        return services

    def _measuring(self, number: int, how: Characteristic.Properties) -> Characteristic[bytes]:
        characteristic = gatt.characteristic(number, how, gatt.CLOSED)
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
            self._events.subscribed()
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
        self._errands.begin(gatt.advertise_again(self._device))
