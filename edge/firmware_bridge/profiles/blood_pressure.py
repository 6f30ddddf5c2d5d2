"""Blood Pressure Measurement (2A35) and Intermediate Cuff Pressure (2A36) of the Blood Pressure Profile 1.1.

Both have one form. An intermediate cuff pressure says the cuff's pressure in the place of the systolic one, and NaN in the other two.
"""

from dataclasses import dataclass
from enum import IntFlag

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_sfloat, write_sfloat
from edge.firmware_bridge.profiles.octets import Octets, written
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.metrics import Absence

_KILOPASCAL, _TIMESTAMP, _PULSE, _USER, _STATUS = 0x01, 0x02, 0x04, 0x08, 0x10
MMHG_IN_KPA = 7.500616827
"""1 kPa in mmHg (BIPM: 1 mmHg = 133.322387415 Pa)."""
UNKNOWN_USER = 255


class Status(IntFlag):
    """Bits of the measurement status (16 in all)."""

    BODY_MOVEMENT = 1 << 0
    CUFF_TOO_LOOSE = 1 << 1
    IRREGULAR_PULSE = 1 << 2
    PULSE_ABOVE_RANGE = 1 << 3
    PULSE_BELOW_RANGE = 1 << 4
    IMPROPER_POSITION = 1 << 5


@dataclass(frozen=True, slots=True)
class BloodPressure:
    """One measurement. systolic, diastolic, mean: mmHg, or kPa where `kilopascal`. pulse_rate: /min or None.

    user: number of the person in the cuff's memory (255: unknown) or None. status: all 16 bits as they came, or None.
    """

    systolic: MedicalNumber
    diastolic: MedicalNumber
    mean: MedicalNumber
    kilopascal: bool = False
    taken_at: WatchTime | None = None
    pulse_rate: MedicalNumber | None = None
    user: int | None = None
    status: int | None = None

    def mmhg(self, pressure: MedicalNumber) -> MedicalNumber:
        """Return one of this measurement's pressures in mmHg."""
        if not self.kilopascal or pressure.absence is not Absence.PRESENT:
            return pressure
        return MedicalNumber(pressure.value * MMHG_IN_KPA)


def parse(data: bytes) -> BloodPressure:
    """Read a value.

    Raises:
        Malformed: too short for its flags, bytes that no flag announces, or a time that no watch shows.
    """
    octets = Octets("blood pressure", data)
    flags = octets.unsigned(1, "flags")
    systolic, diastolic, mean = (parse_sfloat(octets.take(2, field)) for field in ("systolic", "diastolic", "mean arterial pressure"))
    measurement = BloodPressure(
        systolic,
        diastolic,
        mean,
        kilopascal=bool(flags & _KILOPASCAL),
        taken_at=watch_time.take(octets) if flags & _TIMESTAMP else None,
        pulse_rate=parse_sfloat(octets.take(2, "pulse rate")) if flags & _PULSE else None,
        user=octets.unsigned(1, "user") if flags & _USER else None,
        status=octets.unsigned(2, "status") if flags & _STATUS else None,
    )
    octets.end()
    return measurement


def serialise(measurement: BloodPressure) -> bytes:
    """Write a value: pressures as whole mmHg or with one decimal in kPa, the pulse rate as a whole number.

    Raises:
        Malformed: a number, a user, a status or a time outside what its field can say.
    """
    decimals = 1 if measurement.kilopascal else 0
    flags = _KILOPASCAL * measurement.kilopascal
    fields = b"".join(write_sfloat(each, decimals) for each in (measurement.systolic, measurement.diastolic, measurement.mean))
    if measurement.taken_at is not None:
        flags, fields = flags | _TIMESTAMP, fields + watch_time.written(measurement.taken_at)
    if measurement.pulse_rate is not None:
        flags, fields = flags | _PULSE, fields + write_sfloat(measurement.pulse_rate)
    if measurement.user is not None:
        flags, fields = flags | _USER, fields + written(measurement.user, 1, "user")
    if measurement.status is not None:
        flags, fields = flags | _STATUS, fields + written(measurement.status, 2, "status")
    return bytes([flags]) + fields
