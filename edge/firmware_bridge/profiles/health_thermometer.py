"""Temperature Measurement (2A1C) of the Health Thermometer Profile 1.0."""

from dataclasses import dataclass
from struct import pack

from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_float, write_float
from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed
from protocol.metrics import Absence

_FAHRENHEIT, _TIMESTAMP, _TYPE = 0x01, 0x02, 0x04
_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class WatchTime:
    """A date and time of the thermometer's own watch, no zone. year: 1582..9999; year, month, day: 0 = not known."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int


@dataclass(frozen=True, slots=True)
class TemperatureMeasurement:
    """One measurement.

    temperature: in degrees Celsius, or Fahrenheit where `fahrenheit`. taken_at: by the thermometer's watch, or None.
    site: where it was taken (1 armpit .. 9 ear drum, others reserved), or None.
    """

    temperature: MedicalNumber
    fahrenheit: bool = False
    taken_at: WatchTime | None = None
    site: int | None = None

    @property
    def celsius(self) -> MedicalNumber:
        """The temperature in degrees Celsius."""
        if not self.fahrenheit or self.temperature.absence is not Absence.PRESENT:
            return self.temperature
        return MedicalNumber((self.temperature.value - 32) / 1.8)


def parse(data: bytes) -> TemperatureMeasurement:
    """Read a value.

    Raises:
        Malformed: too short for its flags, bytes that no flag announces, or a time that no watch shows.
    """
    octets = Octets("temperature measurement", data)
    flags = octets.unsigned(1, "flags")
    measurement = TemperatureMeasurement(
        temperature=parse_float(octets.take(4, "temperature")),
        fahrenheit=bool(flags & _FAHRENHEIT),
        taken_at=_watch_time(octets) if flags & _TIMESTAMP else None,
        site=octets.unsigned(1, "temperature type") if flags & _TYPE else None,
    )
    octets.end()
    return measurement


def serialise(measurement: TemperatureMeasurement) -> bytes:
    """Write a value, the temperature with two decimals.

    Raises:
        Malformed: a number or a time outside what its field can say.
    """
    flags = _FAHRENHEIT * measurement.fahrenheit
    fields = write_float(measurement.temperature, _DECIMALS)
    if (time := measurement.taken_at) is not None:
        _check(time)
        flags |= _TIMESTAMP
        fields += pack("<HBBBBB", time.year, time.month, time.day, time.hour, time.minute, time.second)
    if measurement.site is not None:
        if not 0 <= measurement.site <= 0xFF:
            raise Malformed(f"temperature type {measurement.site} does not fit a byte")
        flags |= _TYPE
        fields += bytes([measurement.site])
    return bytes([flags]) + fields


def _watch_time(octets: Octets) -> WatchTime:
    year = octets.unsigned(2, "year")
    month, day, hour, minute, second = (octets.unsigned(1, field) for field in ("month", "day", "hour", "minute", "second"))
    time = WatchTime(year, month, day, hour, minute, second)
    _check(time)
    return time


def _check(time: WatchTime) -> None:
    known = time.year == 0 or 1582 <= time.year <= 9999
    if not (
        known and 0 <= time.month <= 12 and 0 <= time.day <= 31 and 0 <= time.hour < 24 and 0 <= time.minute < 60 and 0 <= time.second < 60
    ):
        raise Malformed(f"no watch shows {time}")
