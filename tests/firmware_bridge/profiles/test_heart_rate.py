"""Heart Rate Measurement: every flag combination comes back, any bytes are one or malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.heart_rate import HeartRateMeasurement, parse, serialise
from protocol.errors import Malformed

U16 = st.integers(0, 0xFFFF)
MEASUREMENTS = st.builds(
    lambda bpm, rr, contact, energy, wide: HeartRateMeasurement(bpm, tuple(rr), contact, energy, wide or bpm > 255),
    U16,
    st.lists(U16, max_size=9),
    st.sampled_from([None, False, True]),
    st.none() | U16,
    st.booleans(),
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
    assert parse(serialise(measurement)) == measurement


def test_a_real_belts_bytes_read_as_their_maker_says():
    measurement = parse(bytes.fromhex("1648320343 03".replace(" ", "")))
    assert measurement == HeartRateMeasurement(72, (818, 835), contact=True)
    assert measurement.rr_ms == (818 * 1000 / 1024, 835 * 1000 / 1024)


@pytest.mark.parametrize(
    ("data", "reason"),
    [("", "flags"), ("00", "heart rate"), ("0148", "heart rate"), ("084801", "energy"), ("104801", "RR interval"), ("004801", "more than")],
)
def test_a_malformed_value_says_where_it_is_wrong(data, reason):
    with pytest.raises(Malformed, match=reason):
        parse(bytes.fromhex(data))


def test_what_no_field_can_say_is_not_written():
    with pytest.raises(Malformed):
        serialise(HeartRateMeasurement(70, rr=(70000,)))
