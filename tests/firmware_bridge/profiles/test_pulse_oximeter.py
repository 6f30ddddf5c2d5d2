"""PLX Continuous Measurement: every flag combination comes back, any bytes are one or malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.pulse_oximeter import PulseOximeterMeasurement, Saturation, parse, serialise
from protocol.errors import Malformed

NUMBERS = st.builds(MedicalNumber, st.integers(0, 2045).map(float))
SATURATIONS = st.builds(Saturation, NUMBERS, NUMBERS)
MEASUREMENTS = st.builds(
    PulseOximeterMeasurement,
    normal=SATURATIONS,
    fast=st.none() | SATURATIONS,
    slow=st.none() | SATURATIONS,
    status=st.none() | st.integers(0, 0xFFFF),
    sensor=st.none() | st.integers(0, 0xFFFFFF),
    amplitude=st.none() | st.builds(MedicalNumber, st.integers(0, 204).map(float)),
)


@given(MEASUREMENTS)
def test_every_flag_combination_comes_back(measurement):
    assert parse(serialise(measurement)) == measurement


@given(st.binary(max_size=24))
def test_any_bytes_are_a_measurement_or_malformed(data):
    try:
        measurement = parse(data)
    except Malformed:
        return
    assert isinstance(measurement, PulseOximeterMeasurement)


def test_known_bytes_read_as_the_specification_says():
    measurement = parse(bytes.fromhex("0061004800"))
    assert (measurement.normal.spo2.value, measurement.normal.pulse_rate.value) == (97, 72)


@pytest.mark.parametrize("data", ["", "00", "006100480099", "046100480001", "0861004800ffff"])
def test_a_value_of_another_length_than_its_flags_say_is_malformed(data):
    with pytest.raises(Malformed):
        parse(bytes.fromhex(data))


def test_a_status_too_wide_for_its_field_is_not_written():
    with pytest.raises(Malformed):
        serialise(PulseOximeterMeasurement(Saturation(MedicalNumber(97), MedicalNumber(70)), status=1 << 16))
