"""Glucose Measurement (2A18) and its Context (2A34) of the Glucose Profile 1.0."""

from dataclasses import dataclass, replace
from enum import IntFlag

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_sfloat, write_sfloat
from edge.firmware_bridge.profiles.octets import Octets, written
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from protocol.metrics import Absence

_OFFSET, _CONCENTRATION, _MOLAR, _STATUS, _CONTEXT = 0x01, 0x02, 0x04, 0x08, 0x10
MG_DL_IN_KG_L = 100_000.0
MG_DL_IN_MOL_L = 18_015.6
"""Molar mass of glucose 180.156 g/mol."""
CONTROL_SOLUTION = 10
"""Sample type of a test of the meter itself: no reading of a person."""


class Status(IntFlag):
    """Bits of the sensor status annunciation (16 in all)."""

    BATTERY_LOW = 1 << 0
    MALFUNCTION = 1 << 1
    SAMPLE_TOO_SMALL = 1 << 2
    STRIP_INSERTED_WRONGLY = 1 << 3
    WRONG_STRIP = 1 << 4
    ABOVE_RANGE = 1 << 5
    BELOW_RANGE = 1 << 6
    TOO_WARM = 1 << 7
    TOO_COLD = 1 << 8
    PULLED_TOO_SOON = 1 << 9
    FAULT = 1 << 10
    TIME_FAULT = 1 << 11


@dataclass(frozen=True, slots=True)
class Concentration:
    """What was measured. amount: kg/L, or mol/L where `molar`. sample: type of what was tested; site: where it was taken (both 0..15)."""

    amount: MedicalNumber
    molar: bool
    sample: int
    site: int

    @property
    def mg_dl(self) -> MedicalNumber:
        """The concentration in mg/dL."""
        if self.amount.absence is not Absence.PRESENT:
            return self.amount
        return MedicalNumber(round(self.amount.value * (MG_DL_IN_MOL_L if self.molar else MG_DL_IN_KG_L), 1))


@dataclass(frozen=True, slots=True)
class GlucoseMeasurement:
    """One stored record of a meter.

    sequence: 0..65535. base_time: by the meter's watch as it was first set; offset_minutes: what its user has since moved it by, or None.
    status: all 16 bits as they came, or None. context_follows: a GlucoseContext of the same sequence comes after it.
    """

    sequence: int
    base_time: WatchTime
    offset_minutes: int | None = None
    concentration: Concentration | None = None
    status: int | None = None
    context_follows: bool = False


def parse(data: bytes) -> GlucoseMeasurement:
    """Read a measurement.

    Raises:
        Malformed: too short for its flags, bytes that no flag announces, or a time that no watch shows.
    """
    octets = Octets("glucose measurement", data)
    flags = octets.unsigned(1, "flags")
    measurement = GlucoseMeasurement(
        sequence=octets.unsigned(2, "sequence"),
        base_time=watch_time.take(octets),
        offset_minutes=int.from_bytes(octets.take(2, "time offset"), "little", signed=True) if flags & _OFFSET else None,
        context_follows=bool(flags & _CONTEXT),
    )
    if flags & _CONCENTRATION:
        amount, kind = parse_sfloat(octets.take(2, "concentration")), octets.unsigned(1, "type and location")
        measurement = replace(measurement, concentration=Concentration(amount, bool(flags & _MOLAR), kind & 0xF, kind >> 4))
    if flags & _STATUS:
        measurement = replace(measurement, status=octets.unsigned(2, "status"))
    octets.end()
    return measurement


def serialise(measurement: GlucoseMeasurement) -> bytes:
    """Write a measurement: to 1 mg/dL, or to 0.1 mmol/L.

    Raises:
        Malformed: a number or a time outside what its field can say.
    """
    flags = _CONTEXT * measurement.context_follows
    fields = written(measurement.sequence, 2, "sequence") + watch_time.written(measurement.base_time)
    if (offset := measurement.offset_minutes) is not None:
        if not -0x8000 <= offset < 0x8000:
            raise Malformed(f"glucose measurement: a time offset of {offset} minutes does not fit 16 bits")
        flags, fields = flags | _OFFSET, fields + offset.to_bytes(2, "little", signed=True)
    if (found := measurement.concentration) is not None:
        if not (0 <= found.sample <= 15 and 0 <= found.site <= 15):
            raise Malformed(f"glucose measurement: type {found.sample} at {found.site} does not fit 4 bits each")
        flags |= _CONCENTRATION | _MOLAR * found.molar
        fields += write_sfloat(found.amount, 4 if found.molar else 5) + bytes([found.site << 4 | found.sample])
    if measurement.status is not None:
        flags, fields = flags | _STATUS, fields + written(measurement.status, 2, "status")
    return bytes([flags]) + fields


@dataclass(frozen=True, slots=True)
class GlucoseContext:
    """What a person told the meter about a measurement; each None where nothing was told.

    carbohydrate: (kind, kg). meal: 1 before .. 5 bedtime. tester, health: 0..15. exercise: (seconds, % of most).
    medication: (kind, kg, or litres where `litres`). hba1c: %. extended: flags that no profile has given a meaning yet.
    """

    sequence: int
    extended: int | None = None
    carbohydrate: tuple[int, MedicalNumber] | None = None
    meal: int | None = None
    tester_and_health: tuple[int, int] | None = None
    exercise: tuple[int, int] | None = None
    medication: tuple[int, MedicalNumber] | None = None
    litres: bool = False
    hba1c: MedicalNumber | None = None


_CARBOHYDRATE, _MEAL, _TESTER, _EXERCISE, _MEDICATION, _LITRES, _HBA1C, _EXTENDED = (1 << bit for bit in range(8))


def parse_context(data: bytes) -> GlucoseContext:
    """Read a context.

    Raises:
        Malformed: too short for its flags, or bytes that no flag announces.
    """
    octets = Octets("glucose context", data)
    flags = octets.unsigned(1, "flags")
    sequence = octets.unsigned(2, "sequence")

    def substance(field: str) -> tuple[int, MedicalNumber]:
        return octets.unsigned(1, field), parse_sfloat(octets.take(2, field))

    extended = octets.unsigned(1, "extended flags") if flags & _EXTENDED else None
    carbohydrate = substance("carbohydrate") if flags & _CARBOHYDRATE else None
    meal = octets.unsigned(1, "meal") if flags & _MEAL else None
    told = octets.unsigned(1, "tester and health") if flags & _TESTER else None
    exercise = (octets.unsigned(2, "exercise"), octets.unsigned(1, "intensity")) if flags & _EXERCISE else None
    medication = substance("medication") if flags & _MEDICATION else None
    hba1c = parse_sfloat(octets.take(2, "HbA1c")) if flags & _HBA1C else None
    octets.end()
    tester = None if told is None else (told & 0xF, told >> 4)
    return GlucoseContext(sequence, extended, carbohydrate, meal, tester, exercise, medication, bool(flags & _LITRES), hba1c)


def serialise_context(context: GlucoseContext) -> bytes:
    """Write a context: substances to a gram or a millilitre, HbA1c to 0.1 %.

    Raises:
        Malformed: a number outside what its field can say.
    """
    flags, fields = _LITRES * context.litres, written(context.sequence, 2, "sequence")
    if context.extended is not None:
        flags, fields = flags | _EXTENDED, fields + written(context.extended, 1, "extended flags")
    if context.carbohydrate is not None:
        flags, fields = flags | _CARBOHYDRATE, fields + _substance(context.carbohydrate, "carbohydrate")
    if context.meal is not None:
        flags, fields = flags | _MEAL, fields + written(context.meal, 1, "meal")
    if context.tester_and_health is not None:
        tester, health = context.tester_and_health
        if not (0 <= tester <= 15 and 0 <= health <= 15):
            raise Malformed(f"glucose context: tester {tester} and health {health} do not fit 4 bits each")
        flags, fields = flags | _TESTER, fields + bytes([health << 4 | tester])
    if context.exercise is not None:
        seconds, intensity = context.exercise
        flags, fields = flags | _EXERCISE, fields + written(seconds, 2, "exercise") + written(intensity, 1, "intensity")
    if context.medication is not None:
        flags, fields = flags | _MEDICATION, fields + _substance(context.medication, "medication")
    if context.hba1c is not None:
        flags, fields = flags | _HBA1C, fields + write_sfloat(context.hba1c, 1)
    return bytes([flags]) + fields


def _substance(said: tuple[int, MedicalNumber], field: str) -> bytes:
    kind, amount = said
    return written(kind, 1, field) + write_sfloat(amount, 3)
