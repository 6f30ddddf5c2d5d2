"""Temperature Measurement (2A1C) of the Health Thermometer Profile 1.0."""

from dataclasses import dataclass

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_float, write_float
from edge.firmware_bridge.profiles.octets import Octets
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from protocol.metrics import Absence

_FAHRENHEIT, _TIMESTAMP, _TYPE = 0x01, 0x02, 0x04
_DECIMALS = 2


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
        taken_at=watch_time.take(octets) if flags & _TIMESTAMP else None,
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
    if measurement.taken_at is not None:
        flags |= _TIMESTAMP
        fields += watch_time.written(measurement.taken_at)
    if measurement.site is not None:
        if not 0 <= measurement.site <= 0xFF:
            raise Malformed(f"temperature type {measurement.site} does not fit a byte")
        flags |= _TYPE
        fields += bytes([measurement.site])
    return bytes([flags]) + fields
