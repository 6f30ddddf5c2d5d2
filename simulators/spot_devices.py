"""Devices that are used now and then, on the virtual air: a cuff, a scale, a blood glucose meter, a continuous glucose sensor.

Real GATT servers of the SIG's profiles with a watch of their own that may be wrong; their bytes are written here and not by the reader's
own code. What was measured out of reach of a gateway is stored, and said when one listens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import pack, unpack

from bumble import att, hci
from bumble.core import ProtocolError
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service

from simulators import gatt, wire
from simulators.radio import RadioLink, new_device, peripheral_controller

BLOOD_PRESSURE_SERVICE, WEIGHT_SERVICE, GLUCOSE_SERVICE, SENSOR_SERVICE, TIME_SERVICE = 0x1810, 0x181D, 0x1808, 0x181F, 0x1805
PRESSURE, WEIGHT, GLUCOSE, RECORDS, CURRENT_TIME = 0x2A35, 0x2A9D, 0x2A18, 0x2A52, 0x2A2B
SENSOR, SENSOR_FEATURE, SENSOR_STATUS, SENSOR_START, SENSOR_RUN_TIME, SENSOR_CONTROL = 0x2AA7, 0x2AA8, 0x2AA9, 0x2AAA, 0x2AAB, 0x2AAC
SERVICES = {"blood_pressure_cuff": 0x1810, "weight_scale": 0x181D, "glucose_meter": 0x1808, "glucose_sensor": 0x181F}

_FEATURES = 1 << 12 | 1 << 15
"""Of the sensor: CRC, and trend."""


@dataclass(slots=True)
class Watch:
    """A device's own watch. now: the true local time. wrong_by: what it shows beyond that. settable: whether a gateway may set it."""

    now: Callable[[], datetime]
    wrong_by: timedelta = timedelta()
    settable: bool = True

    def shown(self) -> datetime:
        """Return what it shows."""
        return self.now() + self.wrong_by

    def read(self) -> bytes:
        """Return its Current Time value."""
        shown = self.shown()
        return stamp(shown) + bytes([shown.isoweekday(), shown.microsecond * 256 // 1_000_000, 0])

    def set(self, value: bytes) -> None:
        """Take a Current Time value; a watch that may not be set answers "data field ignored"."""
        if not self.settable:
            raise att.ATT_Error(att.ErrorCode(0x80))
        year, month, day, hour, minute, second = unpack("<HBBBBB", value[:7])
        now = self.now()
        told = datetime(year, month, day, hour, minute, second, value[8] * 1_000_000 // 256, now.tzinfo)
        self.wrong_by = told - now


def stamp(shown: datetime) -> bytes:
    """Return a Date Time value."""
    return pack("<HBBBBB", shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second)


def pressure(systolic: int, diastolic: int, pulse: int, shown: datetime) -> bytes:
    """Return a blood pressure measurement in mmHg with its stamp and pulse."""
    return pack("<BHHH", 0x06, systolic, diastolic, (systolic + 2 * diastolic) // 3) + stamp(shown) + pack("<H", pulse)


def weight(kilograms: float, shown: datetime) -> bytes:
    """Return a weight measurement with its stamp."""
    return pack("<BH", 0x02, round(kilograms / 0.005)) + stamp(shown)


def blood_glucose(sequence: int, mg_dl: int, shown: datetime) -> bytes:
    """Return a glucose measurement of capillary whole blood from a finger."""
    return pack("<BH", 0x02, sequence) + stamp(shown) + pack("<HB", 0xB000 | mg_dl, 0x11)


def sensor_record(minute: int, mg_dl: int, trend_tenths: int) -> bytes:
    """Return one record of a continuous glucose sensor, with its trend and CRC."""
    return with_crc(pack("<BBHHH", 10, 0x01, mg_dl, minute, 0xF000 | (trend_tenths & 0x0FFF)))


def with_crc(data: bytes) -> bytes:
    """Return data and its CRC-16/MCRF4XX."""
    crc = 0xFFFF
    for octet in data:
        low = octet ^ crc & 0xFF
        low ^= (low << 4) & 0xFF
        crc = ((low << 8 | crc >> 8) ^ low >> 4 ^ low << 3) & 0xFFFF
    return data + pack("<H", crc)


@dataclass(slots=True)
class Sensing:
    """A continuous glucose sensor's session. began: as a gateway told it (9 octets), zeros before."""

    minute: int = 0
    running: bool = False
    began: bytes = bytes(9)


class SpotDevice:
    """One device. stored: number -> value, of a meter or sensor; pending: values of a cuff or scale that nobody has heard yet."""

    def __init__(self, link: RadioLink, kind: str, address: str, name: str, watch: Watch) -> None:
        self.watch = watch
        self.stored: dict[int, bytes] = {}
        self.pending: list[bytes] = []
        self.sensing = Sensing()
        self.requests: list[bytes] = []
        self._kind = kind
        self._errands = gatt.Errands()
        configuration = DeviceConfiguration(
            name=name,
            address=hci.Address(address),
        )
        self.controller = peripheral_controller(name, link)
        self._device = new_device(self.controller, configuration)
        self._records = gatt.characteristic(
            RECORDS, gatt.WRITE | gatt.INDICATE, gatt.WRITEABLE, CharacteristicValue(write=self._on_records_asked)
        )
        self._control = gatt.characteristic(
            SENSOR_CONTROL, gatt.WRITE | gatt.INDICATE, gatt.WRITEABLE, CharacteristicValue(write=self._on_control)
        )
        number, how = _MEASURED[kind]
        self._measured = gatt.characteristic(number, how, gatt.CLOSED)
        self._measured.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        self._device.add_services(self._services())
        self._device.advertising_data = gatt.advertisement(SERVICES[kind], name)
        self._device.on(Device.EVENT_CONNECTION, self._on_connection)

    async def start(self) -> None:
        """Switch on and advertise."""
        await self._device.power_on()
        self._errands.begin(gatt.advertise(self._device))

    async def stop(self) -> None:
        """Switch off."""
        await self._errands.end()
        await self._device.power_off()

    async def drop_links(self) -> None:
        """End every link from this side."""
        for connection in list(self._device.connections.values()):
            try:
                await connection.disconnect(hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR)
            except ProtocolError:
                continue

    async def measure(self, value: bytes, number: int | None = None) -> None:
        """Take a measurement: a meter (with a number) stores it and says it to whom listens; a cuff or scale says it, or keeps it for later."""
        if number is not None:
            self.stored[number] = value
            await self._device.notify_subscribers(self._measured, value)
            return
        self.pending.append(value)
        if self._device.connections:
            await self._say_pending()

    def _services(self) -> list[Service]:
        time = gatt.READ | gatt.WRITE
        current = CharacteristicValue(read=lambda _connection: self.watch.read(), write=lambda _connection, value: self.watch.set(value))
        services = [
            gatt.service(
                wire.DEVICE_INFORMATION_SERVICE,
                [
                    gatt.characteristic(wire.MANUFACTURER, gatt.READ, gatt.READABLE, b"MediAssist simulators"),
                    gatt.characteristic(wire.MODEL, gatt.READ, gatt.READABLE, self._kind.encode()),
                ],
            )
        ]
        measuring = [self._measured]
        if self._kind == "glucose_meter":
            measuring.append(self._records)
        if self._kind == "glucose_sensor":
            measuring += [self._records, self._control, *self._sensor_values()]
        else:
            services.append(gatt.service(TIME_SERVICE, [gatt.characteristic(CURRENT_TIME, time, gatt.READABLE | gatt.WRITEABLE, current)]))
        return [gatt.service(SERVICES[self._kind], measuring), *services]

    def _sensor_values(self) -> list[Characteristic[bytes]]:
        feature = with_crc(_FEATURES.to_bytes(3, "little") + b"\x11")
        start = CharacteristicValue(read=lambda _connection: with_crc(self.sensing.began), write=self._on_start)
        return [
            gatt.characteristic(SENSOR_FEATURE, gatt.READ, gatt.READABLE, feature),
            gatt.characteristic(SENSOR_STATUS, gatt.READ, gatt.READABLE, CharacteristicValue(read=lambda _connection: self._status())),
            gatt.characteristic(SENSOR_START, gatt.READ | gatt.WRITE, gatt.READABLE | gatt.WRITEABLE, start),
            gatt.characteristic(SENSOR_RUN_TIME, gatt.READ, gatt.READABLE, with_crc(pack("<H", 14 * 24))),
        ]

    def _status(self) -> bytes:
        return with_crc(pack("<H", self.sensing.minute) + bytes([0 if self.sensing.running else 1, 0, 0]))

    def _on_start(self, _connection: att.Bearer, value: bytes) -> None:
        if value != with_crc(value[:-2]) or len(value) != 11:
            raise att.ATT_Error(att.ErrorCode(0x80))
        self.sensing.began = value[:-2]

    def _on_control(self, connection: att.Bearer, value: bytes) -> None:
        self.requests.append(value)
        known = value == with_crc(b"\x1a")
        self.sensing.running = self.sensing.running or known
        self._errands.begin(self._indicate(connection, self._control, with_crc(bytes([0x1C, value[0], 1 if known else 2]))))

    def _on_records_asked(self, connection: att.Bearer, value: bytes) -> None:
        self.requests.append(value)
        self._errands.begin(self._access(connection, value))

    async def _access(self, connection: att.Bearer, request: bytes) -> None:
        """Report or delete what is asked for, and say how it went."""
        opcode, operator = request[0], request[1]
        numbers = sorted(self.stored)
        match operator, request[2:]:
            case 1, b"":
                chosen = numbers
            case (3, operand) if len(operand) == 3:
                chosen = [n for n in numbers if n >= unpack("<xH", operand)[0]]
            case (2, operand) if len(operand) == 3:
                chosen = [n for n in numbers if n <= unpack("<xH", operand)[0]]
            case 6, b"":
                chosen = numbers[-1:]
            case _:
                await self._indicate(connection, self._records, bytes([6, 0, opcode, 4]))
                return
        if opcode == 2:
            for number in chosen:
                del self.stored[number]
        elif opcode == 1:
            for number in chosen:
                await self._device.notify_subscribers(self._measured, self.stored[number])
        outcome = (1 if chosen else 6) if opcode in (1, 2) else 2
        await self._indicate(connection, self._records, bytes([6, 0, opcode, outcome]))

    async def _indicate(self, _connection: att.Bearer, characteristic: Characteristic[bytes], value: bytes) -> None:
        await self._device.indicate_subscribers(characteristic, value)

    def _on_subscription(self, _connection: Connection, notify: bool, indicate: bool) -> None:  # noqa: FBT001
        if notify or indicate:
            self._errands.begin(self._say_pending())

    async def _say_pending(self) -> None:
        while self.pending:
            value = self.pending.pop(0)
            await self._device.indicate_subscribers(self._measured, value)

    def _on_connection(self, connection: Connection) -> None:
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)

    def _on_disconnection(self, _reason: int) -> None:
        self._errands.begin(gatt.advertise_again(self._device))


_MEASURED = {
    "blood_pressure_cuff": (PRESSURE, gatt.INDICATE),
    "weight_scale": (WEIGHT, gatt.INDICATE),
    "glucose_meter": (GLUCOSE, gatt.NOTIFY),
    "glucose_sensor": (SENSOR, gatt.NOTIFY),
}
