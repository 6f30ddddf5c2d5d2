"""The values of the Continuous Glucose Monitoring Service 1.0.2.

Measurement (2AA7), feature (2AA8), status (2AA9), session start and run time (2AAA, 2AAB), and what may be asked at the control point
(2AAC). Concentrations are mg/dL, times are minutes since the session began.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.current_time import LocalTime, parse_local, serialise_local, utc_of
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_sfloat, write_sfloat
from edge.firmware_bridge.profiles.octets import Octets
from edge.firmware_bridge.profiles.watch_time import WatchTime, watch_time_of
from protocol.errors import Malformed

_TREND, _QUALITY, _WARNING, _CALIBRATION, _STATUS = 0x01, 0x02, 0x20, 0x40, 0x80
_LEAST_SIZE = 6
_NO_CRC = 0xFFFF


class Feature(IntFlag):
    """Bits of the feature field (24 in all) that change what is said."""

    CALIBRATION = 1 << 0
    HIGH_LOW_ALERTS = 1 << 1
    CRC = 1 << 12
    TREND = 1 << 15
    QUALITY = 1 << 16


class Annunciation(IntFlag):
    """Bits of status, calibration and warning (8 each, in this order from the lowest)."""

    SESSION_STOPPED = 1 << 0
    BATTERY_LOW = 1 << 1
    WRONG_SENSOR = 1 << 2
    MALFUNCTION = 1 << 3
    SPECIFIC_ALERT = 1 << 4
    FAULT = 1 << 5
    TIME_SYNCHRONISATION_REQUIRED = 1 << 8
    CALIBRATION_NOT_ALLOWED = 1 << 9
    CALIBRATION_RECOMMENDED = 1 << 10
    CALIBRATION_REQUIRED = 1 << 11
    TOO_WARM = 1 << 12
    TOO_COLD = 1 << 13
    BELOW_PATIENT_LOW = 1 << 16
    ABOVE_PATIENT_HIGH = 1 << 17
    BELOW_HYPO = 1 << 18
    ABOVE_HYPER = 1 << 19
    FALLING_TOO_FAST = 1 << 20
    RISING_TOO_FAST = 1 << 21
    BELOW_RANGE = 1 << 22
    ABOVE_RANGE = 1 << 23


@dataclass(frozen=True, slots=True)
class ContinuousGlucose:
    """One record. glucose: mg/dL. minute: since the session began. trend: mg/dL a minute. quality: %.

    annunciation: bits of `Annunciation`; an octet that was not said is 0.
    """

    glucose: MedicalNumber
    minute: int
    annunciation: int = 0
    trend: MedicalNumber | None = None
    quality: MedicalNumber | None = None


def crc16(data: bytes) -> int:
    """Return the service's E2E-CRC: CRC-16/MCRF4XX (polynomial 0x1021 reflected, start 0xFFFF)."""
    crc = 0xFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc


def checked(data: bytes, what: str) -> bytes:
    """Return a value without the CRC at its end.

    Raises:
        Malformed: too short for one, or it is not that of the bytes before it.
    """
    if len(data) < 2 or crc16(data[:-2]) != int.from_bytes(data[-2:], "little"):
        raise Malformed(f"{what}: its CRC is not that of its bytes")
    return data[:-2]


def with_crc(data: bytes) -> bytes:
    """Return a value with its CRC at the end."""
    return data + crc16(data).to_bytes(2, "little")


def parse(data: bytes, *, crc: bool) -> list[ContinuousGlucose]:
    """Read a notification, which may hold several records. crc: whether the sensor's feature says that records have one.

    Raises:
        Malformed: empty, a record shorter than its flags or size say, or a wrong CRC.
    """
    records: list[ContinuousGlucose] = []
    while data:
        size = data[0]
        if not _LEAST_SIZE <= size <= len(data):
            raise Malformed(f"continuous glucose: a record of {size} bytes where {len(data)} are left")
        record, data = data[:size], data[size:]
        records.append(_parse_record(checked(record, "continuous glucose") if crc else record))
    if not records:
        raise Malformed("continuous glucose: no record")
    return records


def _parse_record(data: bytes) -> ContinuousGlucose:
    octets = Octets("continuous glucose", data)
    octets.unsigned(1, "size")
    flags = octets.unsigned(1, "flags")
    glucose, minute = parse_sfloat(octets.take(2, "glucose")), octets.unsigned(2, "time offset")
    annunciation = 0
    for bit, shift in ((_STATUS, 0), (_CALIBRATION, 8), (_WARNING, 16)):
        if flags & bit:
            annunciation |= octets.unsigned(1, "annunciation") << shift
    trend = parse_sfloat(octets.take(2, "trend")) if flags & _TREND else None
    quality = parse_sfloat(octets.take(2, "quality")) if flags & _QUALITY else None
    octets.end()
    return ContinuousGlucose(glucose, minute, annunciation, trend, quality)


def serialise(records: list[ContinuousGlucose], *, crc: bool) -> bytes:
    """Write records: glucose as whole mg/dL, trend and quality with one decimal; octets of annunciation only where a bit is set.

    Raises:
        Malformed: none, or a number outside what its field can say.
    """
    if not records:
        raise Malformed("continuous glucose: no record")
    return b"".join(_written(record, crc) for record in records)


def _written(record: ContinuousGlucose, crc: bool) -> bytes:  # noqa: FBT001
    if not (0 <= record.minute <= 0xFFFF and 0 <= record.annunciation < 1 << 24):
        raise Malformed(f"continuous glucose: {record} cannot be written")
    flags, fields = 0, write_sfloat(record.glucose) + record.minute.to_bytes(2, "little")
    for bit, shift in ((_STATUS, 0), (_CALIBRATION, 8), (_WARNING, 16)):
        if octet := record.annunciation >> shift & 0xFF:
            flags, fields = flags | bit, fields + bytes([octet])
    if record.trend is not None:
        flags, fields = flags | _TREND, fields + write_sfloat(record.trend, 1)
    if record.quality is not None:
        flags, fields = flags | _QUALITY, fields + write_sfloat(record.quality, 1)
    data = bytes([2 + len(fields) + 2 * crc, flags]) + fields
    return with_crc(data) if crc else data


@dataclass(frozen=True, slots=True)
class Features:
    """What a sensor can do. bits: of `Feature`. sample, site: as in `glucose.Concentration`."""

    bits: int
    sample: int = 1
    site: int = 1


def parse_features(data: bytes) -> Features:
    """Read the feature value.

    Raises:
        Malformed: not 6 bytes, or a wrong CRC (0xFFFF where the sensor has none).
    """
    octets = Octets("continuous glucose feature", data)
    bits, kind, crc = octets.unsigned(3, "feature"), octets.unsigned(1, "type and location"), octets.unsigned(2, "CRC")
    octets.end()
    if bits & Feature.CRC:
        checked(data, "continuous glucose feature")
    elif crc != _NO_CRC:
        raise Malformed("continuous glucose feature: a CRC where the sensor says that it has none")
    return Features(bits, kind & 0xF, kind >> 4)


def serialise_features(features: Features) -> bytes:
    """Write the feature value.

    Raises:
        Malformed: a number outside what its field can say.
    """
    if not (0 <= features.bits < 1 << 24 and 0 <= features.sample <= 15 and 0 <= features.site <= 15):
        raise Malformed(f"continuous glucose feature: {features} cannot be written")
    data = features.bits.to_bytes(3, "little") + bytes([features.site << 4 | features.sample])
    return with_crc(data) if features.bits & Feature.CRC else data + _NO_CRC.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """minute: of the session, now. annunciation: bits of `Annunciation`."""

    minute: int
    annunciation: int


def parse_status(data: bytes, *, crc: bool) -> SensorStatus:
    """Read the status.

    Raises:
        Malformed: not 5 bytes (7 with a CRC), or a wrong CRC.
    """
    octets = Octets("continuous glucose status", checked(data, "continuous glucose status") if crc else data)
    status = SensorStatus(octets.unsigned(2, "time offset"), octets.unsigned(3, "status"))
    octets.end()
    return status


def serialise_status(status: SensorStatus, *, crc: bool) -> bytes:
    """Write the status.

    Raises:
        Malformed: a number outside what its field can say.
    """
    if not (0 <= status.minute <= 0xFFFF and 0 <= status.annunciation < 1 << 24):
        raise Malformed(f"continuous glucose status: {status} cannot be written")
    data = status.minute.to_bytes(2, "little") + status.annunciation.to_bytes(3, "little")
    return with_crc(data) if crc else data


@dataclass(frozen=True, slots=True)
class SessionStart:
    """When a session began, by the watch that a collector told the sensor; all zeros while it was told none."""

    shown: WatchTime
    local: LocalTime

    @property
    def began(self) -> datetime | None:
        """UTC; None while no collector has told the sensor the time."""
        return utc_of(self.shown, self.local)


def session_start_of(moment: datetime) -> SessionStart:
    """Return a start in UTC, to the second."""
    return SessionStart(watch_time_of(moment.astimezone(UTC)), LocalTime(0, 0))


def parse_session_start(data: bytes, *, crc: bool) -> SessionStart:
    """Read the session's start.

    Raises:
        Malformed: not 9 bytes (11 with a CRC), a wrong CRC, a time that no watch shows, or an offset that no place has.
    """
    octets = Octets("session start", checked(data, "session start") if crc else data)
    start = SessionStart(watch_time.take(octets), parse_local(octets.take(2, "local time")))
    octets.end()
    return start


def serialise_session_start(start: SessionStart, *, crc: bool) -> bytes:
    """Write the session's start.

    Raises:
        Malformed: a time that no watch shows, or an offset that no place has.
    """
    data = watch_time.written(start.shown) + serialise_local(start.local)
    return with_crc(data) if crc else data


def parse_run_time(data: bytes, *, crc: bool) -> timedelta:
    """Read how long a session is expected to last.

    Raises:
        Malformed: not 2 bytes (4 with a CRC), or a wrong CRC.
    """
    octets = Octets("session run time", checked(data, "session run time") if crc else data)
    hours = octets.unsigned(2, "hours")
    octets.end()
    return timedelta(hours=hours)


class Control(IntEnum):
    """What may be asked at the control point, of what a collector needs."""

    SET_INTERVAL = 0x01
    SET_CALIBRATION = 0x04
    START_SESSION = 0x1A
    STOP_SESSION = 0x1B
    ANSWER = 0x1C


class ControlOutcome(IntEnum):
    """How it went."""

    SUCCESS = 1
    NOT_SUPPORTED = 2
    INVALID_OPERAND = 3
    NOT_COMPLETED = 4
    OUT_OF_RANGE = 5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A finger-stick value to calibrate by. glucose: mg/dL. minute: of the session when it was taken. sample, site: of the blood."""

    glucose: float
    minute: int
    sample: int = 1
    site: int = 1


def start_session(*, crc: bool) -> bytes:
    """Write the request to begin a session."""
    return _control(bytes([Control.START_SESSION]), crc)


def stop_session(*, crc: bool) -> bytes:
    """Write the request to end a session."""
    return _control(bytes([Control.STOP_SESSION]), crc)


def set_interval(minutes: int, *, crc: bool) -> bytes:
    """Write the request to notify every so many minutes (1..254; 0 never, 255 as often as the sensor can).

    Raises:
        Malformed: it does not fit a byte.
    """
    if not 0 <= minutes <= 0xFF:
        raise Malformed(f"continuous glucose: an interval of {minutes} minutes does not fit a byte")
    return _control(bytes([Control.SET_INTERVAL, minutes]), crc)


def calibrate(by: Calibration, *, crc: bool) -> bytes:
    """Write the request to calibrate; next calibration time, record number and status are the sensor's to fill (0).

    Raises:
        Malformed: a number outside what its field can say.
    """
    if not (0 <= by.minute <= 0xFFFF and 0 <= by.sample <= 15 and 0 <= by.site <= 15):
        raise Malformed(f"continuous glucose: {by} cannot be written")
    head = bytes([Control.SET_CALIBRATION]) + write_sfloat(MedicalNumber(by.glucose)) + by.minute.to_bytes(2, "little")
    return _control(head + bytes([by.site << 4 | by.sample]) + bytes(5), crc)


def parse_control(data: bytes, *, crc: bool) -> tuple[int, bytes]:
    """Read a request: (opcode, operand).

    Raises:
        Malformed: empty, or a wrong CRC.
    """
    octets = Octets("continuous glucose request", checked(data, "continuous glucose request") if crc else data)
    return octets.unsigned(1, "opcode"), octets.rest()


def parse_control_answer(data: bytes, *, crc: bool) -> tuple[int, int]:
    """Read an answer: (opcode that was asked, outcome, a `ControlOutcome` or a number that is none of ours).

    Raises:
        Malformed: it is none, or a wrong CRC.
    """
    octets = Octets("continuous glucose answer", checked(data, "continuous glucose answer") if crc else data)
    opcode, asked, outcome = octets.unsigned(1, "opcode"), octets.unsigned(1, "request"), octets.unsigned(1, "response")
    octets.end()
    if opcode != Control.ANSWER:
        raise Malformed(f"continuous glucose answer: opcode {opcode} is none")
    return asked, outcome


def serialise_control_answer(asked: int, outcome: ControlOutcome, *, crc: bool) -> bytes:
    """Write an answer."""
    return _control(bytes([Control.ANSWER, asked & 0xFF, outcome]), crc)


def _control(data: bytes, crc: bool) -> bytes:  # noqa: FBT001
    return with_crc(data) if crc else data
