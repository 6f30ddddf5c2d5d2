"""Battery Level (2A19) of the Battery Service 1.0."""

from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed


def parse(data: bytes) -> int:
    """Return the level in %: 0..100 by the specification, up to 255 by a battery that does not keep to it.

    Raises:
        Malformed: not one byte.
    """
    octets = Octets("battery level", data)
    level = octets.unsigned(1, "level")
    octets.end()
    return level


def serialise(level: int) -> bytes:
    """Write a level in %, 0..255.

    Raises:
        Malformed: it does not fit a byte.
    """
    if not 0 <= level <= 0xFF:
        raise Malformed(f"battery level {level} does not fit a byte")
    return bytes([level])
