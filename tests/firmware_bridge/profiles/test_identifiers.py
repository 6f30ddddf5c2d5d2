"""UUIDs and their 16-bit numbers go both ways."""

import pytest

from edge.firmware_bridge.profiles import identifiers

ALL = [value for name, value in vars(identifiers).items() if name.isupper() and isinstance(value, str)]


@pytest.mark.parametrize("uuid", ALL)
def test_a_uuid_comes_back_from_its_number(uuid):
    assert identifiers.uuid_of(identifiers.number_of(uuid)) == uuid
