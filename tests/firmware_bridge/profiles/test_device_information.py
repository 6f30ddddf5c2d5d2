"""What a device says of itself is shown to people: printable, and not without end."""

from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.device_information import FIELDS, DeviceInformation, parse_text, serialise_text


@given(st.binary(max_size=600))
def test_any_bytes_are_a_short_printable_text(data: bytes) -> None:
    text = parse_text(data)
    assert len(text) <= 64
    assert text.isprintable()


def test_a_text_comes_back_and_ends_at_its_nul() -> None:
    assert parse_text(serialise_text("Größe 3")) == "Größe 3"
    assert parse_text(b"M3\0\0junk") == "M3"
    assert parse_text(b" <b>\x1b[31mred\r\n ") == "<b>[31mred"


def test_every_field_has_a_characteristic() -> None:
    assert set(FIELDS) == set(DeviceInformation.__slots__)
