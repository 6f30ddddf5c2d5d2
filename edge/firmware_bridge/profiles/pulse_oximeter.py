"""PLX Spot-Check Measurement (2A5E) and Continuous Measurement (2A5F) of the Pulse Oximeter Profile 1.0."""

from dataclasses import dataclass
from enum import IntFlag

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_sfloat, write_sfloat
from edge.firmware_bridge.profiles.octets import Octets, written
from edge.firmware_bridge.profiles.watch_time import WatchTime

_FAST, _SLOW, _STATUS, _SENSOR, _AMPLITUDE = 0x01, 0x02, 0x04, 0x08, 0x10
_SPOT_TIMESTAMP, _SPOT_STATUS, _SPOT_SENSOR, _SPOT_AMPLITUDE, _SPOT_CLOCK_NOT_SET = 0x01, 0x02, 0x04, 0x08, 0x10


class MeasurementStatus(IntFlag):
    """Bits of the measurement status field that change what a value is worth (16 bits in all)."""

    ONGOING = 1 << 5
    EARLY_ESTIMATE = 1 << 6
    VALIDATED = 1 << 7
    FULLY_QUALIFIED = 1 << 8
    FROM_STORAGE = 1 << 9
    DEMONSTRATION = 1 << 10
    TESTING = 1 << 11
    CALIBRATING = 1 << 12
    UNAVAILABLE = 1 << 13
    QUESTIONABLE = 1 << 14
    INVALID = 1 << 15


class SensorStatus(IntFlag):
    """Bits of the device and sensor status field that change what a value is worth (24 bits in all)."""

    MALFUNCTION = 1 << 1
    LOW_PERFUSION = 1 << 5
    NOT_ON_BODY = 1 << 11
    UNKNOWN_SENSOR = 1 << 12
    DISPLACED = 1 << 13
    SENSOR_MALFUNCTION = 1 << 14
    DISCONNECTED = 1 << 15


@dataclass(frozen=True, slots=True)
class Saturation:
    """Oxygen saturation in % and pulse rate in /min, averaged over the same time."""

    spo2: MedicalNumber
    pulse_rate: MedicalNumber


@dataclass(frozen=True, slots=True)
class PulseOximeterMeasurement:
    """One continuous measurement.

    normal: always there; fast, slow: averaged over a shorter or longer time, or None. amplitude: pulse amplitude index
    in %, or None. status (16 bits), sensor (24 bits): all bits as they came, reserved ones too, or None.
    """

    normal: Saturation
    fast: Saturation | None = None
    slow: Saturation | None = None
    status: int | None = None
    sensor: int | None = None
    amplitude: MedicalNumber | None = None


def parse(data: bytes) -> PulseOximeterMeasurement:
    """Read a value.

    Raises:
        Malformed: too short for its flags, or bytes that no flag announces.
    """
    octets = Octets("pulse oximeter measurement", data)
    flags = octets.unsigned(1, "flags")
    measurement = PulseOximeterMeasurement(
        normal=_saturation(octets, "normal"),
        fast=_saturation(octets, "fast") if flags & _FAST else None,
        slow=_saturation(octets, "slow") if flags & _SLOW else None,
        status=octets.unsigned(2, "measurement status") if flags & _STATUS else None,
        sensor=octets.unsigned(3, "sensor status") if flags & _SENSOR else None,
        amplitude=parse_sfloat(octets.take(2, "pulse amplitude")) if flags & _AMPLITUDE else None,
    )
    octets.end()
    return measurement


def serialise(measurement: PulseOximeterMeasurement) -> bytes:
    """Write a value: saturations and rates as whole numbers, the amplitude index with one decimal.

    Raises:
        Malformed: a number or a status outside what its field can say.
    """
    flags, fields = 0, _written(measurement.normal)
    if measurement.fast is not None:
        flags, fields = flags | _FAST, fields + _written(measurement.fast)
    if measurement.slow is not None:
        flags, fields = flags | _SLOW, fields + _written(measurement.slow)
    if measurement.status is not None:
        flags, fields = flags | _STATUS, fields + written(measurement.status, 2, "status")
    if measurement.sensor is not None:
        flags, fields = flags | _SENSOR, fields + written(measurement.sensor, 3, "sensor status")
    if measurement.amplitude is not None:
        flags, fields = flags | _AMPLITUDE, fields + write_sfloat(measurement.amplitude, 1)
    return bytes([flags]) + fields


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """One spot check. taken_at: by the oximeter's watch, or None; clock_not_set: that watch was never set. The rest as above."""

    normal: Saturation
    taken_at: WatchTime | None = None
    clock_not_set: bool = False
    status: int | None = None
    sensor: int | None = None
    amplitude: MedicalNumber | None = None


def parse_spot(data: bytes) -> SpotCheck:
    """Read a spot check.

    Raises:
        Malformed: too short for its flags, bytes that no flag announces, or a time that no watch shows.
    """
    octets = Octets("pulse oximeter spot check", data)
    flags = octets.unsigned(1, "flags")
    check = SpotCheck(
        normal=_saturation(octets, "spot"),
        taken_at=watch_time.take(octets) if flags & _SPOT_TIMESTAMP else None,
        clock_not_set=bool(flags & _SPOT_CLOCK_NOT_SET),
        status=octets.unsigned(2, "measurement status") if flags & _SPOT_STATUS else None,
        sensor=octets.unsigned(3, "sensor status") if flags & _SPOT_SENSOR else None,
        amplitude=parse_sfloat(octets.take(2, "pulse amplitude")) if flags & _SPOT_AMPLITUDE else None,
    )
    octets.end()
    return check


def serialise_spot(check: SpotCheck) -> bytes:
    """Write a spot check, its numbers as those of a continuous measurement.

    Raises:
        Malformed: a number, a status or a time outside what its field can say.
    """
    flags, fields = _SPOT_CLOCK_NOT_SET * check.clock_not_set, _written(check.normal)
    if check.taken_at is not None:
        flags, fields = flags | _SPOT_TIMESTAMP, fields + watch_time.written(check.taken_at)
    if check.status is not None:
        flags, fields = flags | _SPOT_STATUS, fields + written(check.status, 2, "status")
    if check.sensor is not None:
        flags, fields = flags | _SPOT_SENSOR, fields + written(check.sensor, 3, "sensor status")
    if check.amplitude is not None:
        flags, fields = flags | _SPOT_AMPLITUDE, fields + write_sfloat(check.amplitude, 1)
    return bytes([flags]) + fields


def _saturation(octets: Octets, which: str) -> Saturation:
    return Saturation(parse_sfloat(octets.take(2, f"{which} SpO2")), parse_sfloat(octets.take(2, f"{which} pulse rate")))


def _written(saturation: Saturation) -> bytes:
    return write_sfloat(saturation.spo2) + write_sfloat(saturation.pulse_rate)
