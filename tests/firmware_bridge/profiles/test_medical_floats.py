"""SFLOAT and FLOAT: numbers come back, special values are never numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.medical_floats import MedicalNumber, parse_float, parse_sfloat, write_float, write_sfloat
from protocol.errors import Malformed
from protocol.metrics import Absence

SFLOAT_SPECIALS = {
    "ff07": Absence.NAN,
    "0008": Absence.NRES,
    "fe07": Absence.POSITIVE_INFINITY,
    "0208": Absence.NEGATIVE_INFINITY,
    "0108": Absence.RESERVED,
}
FLOAT_SPECIALS = {
    "ffff7f00": Absence.NAN,
    "00008000": Absence.NRES,
    "feff7f00": Absence.POSITIVE_INFINITY,
    "02008000": Absence.NEGATIVE_INFINITY,
    "01008000": Absence.RESERVED,
}


@pytest.mark.parametrize(("raw", "absence"), SFLOAT_SPECIALS.items())
def test_a_special_sfloat_is_an_absence_and_comes_back(raw, absence):
    number = parse_sfloat(bytes.fromhex(raw))
    assert math.isnan(number.value)
    assert number.absence is absence
    assert write_sfloat(number) == bytes.fromhex(raw)


@pytest.mark.parametrize(("raw", "absence"), FLOAT_SPECIALS.items())
def test_a_special_float_is_an_absence_and_comes_back(raw, absence):
    number = parse_float(bytes.fromhex(raw))
    assert math.isnan(number.value)
    assert number.absence is absence
    assert write_float(number) == bytes.fromhex(raw)


def test_known_values_read_as_the_specification_says():
    assert parse_sfloat(bytes.fromhex("72f0")).value == 11.4
    assert parse_sfloat(bytes.fromhex("6100")).value == 97
    assert parse_float(bytes.fromhex("6c0100ff")).value == 36.4
    assert parse_float(bytes.fromhex("94feffff")).value == -36.4


@given(st.integers(-2045, 2045), st.integers(0, 8))
def test_an_sfloat_comes_back(mantissa, decimals):
    number = MedicalNumber(float(f"{mantissa}e-{decimals}"))
    assert parse_sfloat(write_sfloat(number, decimals)) == number


@given(st.integers(-8388605, 8388605), st.integers(0, 20))
def test_a_float_comes_back(mantissa, decimals):
    number = MedicalNumber(float(f"{mantissa}e-{decimals}"))
    assert parse_float(write_float(number, decimals)) == number


@given(st.binary(max_size=6))
def test_any_bytes_are_a_number_an_absence_or_malformed(data):
    for parse, octets in ((parse_sfloat, 2), (parse_float, 4)):
        if len(data) != octets:
            with pytest.raises(Malformed):
                parse(data)
        else:
            number = parse(data)
            assert math.isfinite(number.value) == (number.absence is Absence.PRESENT)


@pytest.mark.parametrize("number", [MedicalNumber(2046), MedicalNumber(math.inf), MedicalNumber(math.nan)])
def test_what_does_not_fit_is_not_written(number):
    with pytest.raises(Malformed):
        write_sfloat(number)


def test_more_decimals_than_the_exponent_can_say_are_not_written():
    with pytest.raises(Malformed, match="has 0"):
        write_sfloat(MedicalNumber(1), 9)
