"""A cursor over bytes gives what is there and complains of what is not."""

import pytest

from edge.firmware_bridge.profiles.octets import Octets, written
from protocol.errors import Malformed


def test_fields_are_taken_in_order_and_the_rest_is_left():
    octets = Octets("value", b"\x01\x02\x03\x04")
    assert octets.unsigned(2, "first") == 0x0201
    assert octets.rest() == b"\x03\x04"
    octets.end()


def test_a_field_that_is_cut_off_is_named():
    with pytest.raises(Malformed, match="value ends within colour: 2 bytes wanted at 0, 1 there"):
        Octets("value", b"\x01").take(2, "colour")


def test_bytes_that_nothing_announced_are_counted():
    with pytest.raises(Malformed, match="1 bytes more"):
        Octets("value", b"\x01").end()


def test_a_number_fits_its_field_or_is_refused_by_name():
    assert written(0x0102, 2, "colour") == b"\x02\x01"
    for number in (-1, 0x100):
        with pytest.raises(Malformed, match=f"colour {number} is not between 0 and 255"):
            written(number, 1, "colour")
    with pytest.raises(Malformed, match="not between 0 and 9"):
        written(10, 1, "colour", most=9)
