"""Weight Measurement (2A9D) of the Weight Scale Profile 1.0."""

from dataclasses import dataclass

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.octets import Octets, written
from edge.firmware_bridge.profiles.watch_time import WatchTime

_IMPERIAL, _TIMESTAMP, _USER, _STATURE = 0x01, 0x02, 0x04, 0x08
_UNSUCCESSFUL = 0xFFFF
KG_IN_STEP, KG_IN_IMPERIAL_STEP = 0.005, 0.01 * 0.45359237
M_IN_STEP, M_IN_IMPERIAL_STEP = 0.001, 0.1 * 0.0254


@dataclass(frozen=True, slots=True)
class Stature:
    """bmi_tenths: body mass index in 0.1 kg/m2. height_steps: in 1 mm, or 0.1 inch where the measurement is imperial."""

    bmi_tenths: int
    height_steps: int


@dataclass(frozen=True, slots=True)
class WeightMeasurement:
    """One measurement. steps: in 5 g, or 0.01 lb where `imperial`; None: the scale failed to measure. user: 255 is unknown."""

    steps: int | None
    imperial: bool = False
    taken_at: WatchTime | None = None
    user: int | None = None
    stature: Stature | None = None

    @property
    def kilograms(self) -> float | None:
        """The weight, to a gram; None where the scale failed."""
        return None if self.steps is None else round(self.steps * (KG_IN_IMPERIAL_STEP if self.imperial else KG_IN_STEP), 3)

    @property
    def metres(self) -> float | None:
        """The height, to a millimetre; None where none was said."""
        step = M_IN_IMPERIAL_STEP if self.imperial else M_IN_STEP
        return None if self.stature is None else round(self.stature.height_steps * step, 3)


def parse(data: bytes) -> WeightMeasurement:
    """Read a value.

    Raises:
        Malformed: too short for its flags, bytes that no flag announces, or a time that no watch shows.
    """
    octets = Octets("weight", data)
    flags = octets.unsigned(1, "flags")
    steps = octets.unsigned(2, "weight")
    measurement = WeightMeasurement(
        steps=None if steps == _UNSUCCESSFUL else steps,
        imperial=bool(flags & _IMPERIAL),
        taken_at=watch_time.take(octets) if flags & _TIMESTAMP else None,
        user=octets.unsigned(1, "user") if flags & _USER else None,
        stature=Stature(octets.unsigned(2, "body mass index"), octets.unsigned(2, "height")) if flags & _STATURE else None,
    )
    octets.end()
    return measurement


def serialise(measurement: WeightMeasurement) -> bytes:
    """Write a value.

    Raises:
        Malformed: a number or a time outside what its field can say.
    """
    flags = _IMPERIAL * measurement.imperial
    fields = (
        _UNSUCCESSFUL.to_bytes(2, "little") if measurement.steps is None else written(measurement.steps, 2, "weight", _UNSUCCESSFUL - 1)
    )
    if measurement.taken_at is not None:
        flags, fields = flags | _TIMESTAMP, fields + watch_time.written(measurement.taken_at)
    if measurement.user is not None:
        flags, fields = flags | _USER, fields + written(measurement.user, 1, "user")
    if measurement.stature is not None:
        flags |= _STATURE
        fields += written(measurement.stature.bmi_tenths, 2, "body mass index") + written(measurement.stature.height_steps, 2, "height")
    return bytes([flags]) + fields
