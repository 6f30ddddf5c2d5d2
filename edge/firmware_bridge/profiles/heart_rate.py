"""Heart Rate Measurement (2A37) of the Heart Rate Profile 1.0."""

from dataclasses import dataclass
from struct import pack

from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed

_WIDE, _CONTACT, _CONTACT_SUPPORTED, _ENERGY, _RR = 0x01, 0x02, 0x04, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One measurement.

    bpm: 0..65535 beats/min. rr: RR intervals since the last measurement, oldest first, in 1/1024 s, each 0..65535.
    contact: skin contact, None when the sensor cannot tell. energy_kj: expended since the last reset, 0..65535, or None.
    wide: the rate travels in 16 bits even where 8 would do.
    """

    bpm: int
    rr: tuple[int, ...] = ()
    contact: bool | None = None
    energy_kj: int | None = None
    wide: bool = False

    @property
    def rr_ms(self) -> tuple[float, ...]:
        """RR intervals in milliseconds, oldest first."""
        return tuple(interval * 1000 / 1024 for interval in self.rr)


def parse(data: bytes) -> HeartRateMeasurement:
    """Read a value; bits reserved for the future are not looked at.

    Raises:
        Malformed: too short for its flags, half an RR interval, or bytes that no flag announces.
    """
    octets = Octets("heart rate measurement", data)
    flags = octets.unsigned(1, "flags")
    bpm = octets.unsigned(2 if flags & _WIDE else 1, "heart rate")
    energy = octets.unsigned(2, "energy") if flags & _ENERGY else None
    rr: tuple[int, ...] = ()
    if flags & _RR:
        rest = octets.rest()
        if len(rest) % 2:
            raise Malformed(f"heart rate measurement ends within an RR interval ({len(rest)} bytes)")
        rr = tuple(int.from_bytes(rest[i : i + 2], "little") for i in range(0, len(rest), 2))
    octets.end()
    contact = bool(flags & _CONTACT) if flags & _CONTACT_SUPPORTED else None
    return HeartRateMeasurement(bpm, rr, contact, energy, wide=bool(flags & _WIDE))


def serialise(measurement: HeartRateMeasurement) -> bytes:
    """Write a value.

    Raises:
        Malformed: a field outside its range.
    """
    wide = measurement.wide or measurement.bpm > 0xFF
    fields = (measurement.bpm, *measurement.rr, measurement.energy_kj or 0)
    if not all(0 <= field <= 0xFFFF for field in fields):
        raise Malformed(f"heart rate measurement has a field outside 0..65535: {measurement}")
    flags = _WIDE * wide | _RR * bool(measurement.rr) | _ENERGY * (measurement.energy_kj is not None)
    if measurement.contact is not None:
        flags |= _CONTACT_SUPPORTED | _CONTACT * measurement.contact
    energy = b"" if measurement.energy_kj is None else pack("<H", measurement.energy_kj)
    return pack("<BH" if wide else "<BB", flags, measurement.bpm) + energy + pack(f"<{len(measurement.rr)}H", *measurement.rr)
