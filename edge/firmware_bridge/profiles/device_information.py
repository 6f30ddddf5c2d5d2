"""The texts of the Device Information Service 1.1: who made a device, and what runs on it."""

from dataclasses import dataclass

from edge.firmware_bridge.profiles import identifiers

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What a device says of itself; "" where it says nothing."""

    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    hardware: str = ""
    firmware: str = ""
    software: str = ""


FIELDS: dict[str, str] = {
    "manufacturer": identifiers.MANUFACTURER_NAME,
    "model": identifiers.MODEL_NUMBER,
    "serial": identifiers.SERIAL_NUMBER,
    "hardware": identifiers.HARDWARE_REVISION,
    "firmware": identifiers.FIRMWARE_REVISION,
    "software": identifiers.SOFTWARE_REVISION,
}
"""Field -> characteristic."""


def parse_text(data: bytes) -> str:
    """Read a text: UTF-8, shown to people, so that what is no printable character is left out, and what follows a NUL or 64 characters too."""
    text = data.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(character for character in text if character.isprintable())[:_LONGEST].strip()


def serialise_text(text: str) -> bytes:
    """Write a text."""
    return text.encode()
