"""Battery Level: one byte, and nothing else."""

import pytest

from edge.firmware_bridge.profiles.battery import parse, serialise
from protocol.errors import Malformed


@pytest.mark.parametrize("level", range(256))
def test_every_level_comes_back(level):
    assert parse(serialise(level)) == level


@pytest.mark.parametrize("data", [b"", b"\x01\x02"])
def test_no_byte_and_two_bytes_are_malformed(data):
    with pytest.raises(Malformed):
        parse(data)


def test_a_level_that_fits_no_byte_is_not_written():
    with pytest.raises(Malformed):
        serialise(256)
