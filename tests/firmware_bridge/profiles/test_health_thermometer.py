"""Temperature Measurement: every flag combination comes back, any bytes are one or malformed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.health_thermometer import TemperatureMeasurement, parse, serialise
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from protocol.metrics import Absence
from tests.firmware_bridge.profiles.times import TIMES

MEASUREMENTS = st.builds(
    TemperatureMeasurement,
    temperature=st.builds(MedicalNumber, st.integers(-5000, 20000).map(lambda hundredths: float(f"{hundredths}e-2"))),
    fahrenheit=st.booleans(),
    taken_at=st.none() | TIMES,
    site=st.none() | st.integers(0, 255),
)


@given(MEASUREMENTS)
def test_every_flag_combination_comes_back(measurement):
    assert parse(serialise(measurement)) == measurement


@given(st.binary(max_size=16))
def test_any_bytes_are_a_measurement_or_malformed(data):
    try:
        assert isinstance(parse(data), TemperatureMeasurement)
    except Malformed:
        return


def test_fahrenheit_becomes_celsius_and_an_absence_stays_one():
    assert TemperatureMeasurement(MedicalNumber(212), fahrenheit=True).celsius.value == 100
    nothing = MedicalNumber(math.nan, Absence.NRES)
    assert TemperatureMeasurement(nothing, fahrenheit=True).celsius is nothing


@pytest.mark.parametrize("data", ["", "006c0100", "026c0100ffe9070d01000000", "026c0100ff01000101000000", "006c0100ff00"])
def test_a_malformed_value_is_refused(data):
    with pytest.raises(Malformed):
        parse(bytes.fromhex(data))


def test_what_no_field_can_say_is_not_written():
    with pytest.raises(Malformed):
        serialise(TemperatureMeasurement(MedicalNumber(37), site=256))
    with pytest.raises(Malformed):
        serialise(TemperatureMeasurement(MedicalNumber(37), taken_at=WatchTime(2026, 13, 1, 0, 0, 0)))
