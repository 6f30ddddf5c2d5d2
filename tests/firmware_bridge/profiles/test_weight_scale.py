"""Weight Measurement: every flag combination comes back, any bytes are one or malformed, pounds become kilograms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.weight_scale import Stature, WeightMeasurement, parse, serialise
from protocol.errors import Malformed
from tests.firmware_bridge.profiles.times import OCTET, TIMES, WORD

MEASUREMENTS = st.builds(
    WeightMeasurement,
    steps=st.none() | st.integers(0, 0xFFFE),
    imperial=st.booleans(),
    taken_at=st.none() | TIMES,
    user=st.none() | OCTET,
    stature=st.none() | st.builds(Stature, WORD, WORD),
)


@given(MEASUREMENTS)
def test_every_flag_combination_comes_back(measurement: WeightMeasurement) -> None:
    assert parse(serialise(measurement)) == measurement


@given(st.binary(max_size=18))
def test_any_bytes_are_a_measurement_or_malformed(data: bytes) -> None:
    try:
        assert isinstance(parse(data), WeightMeasurement)
    except Malformed:
        return


def test_steps_are_five_grams_or_a_hundredth_of_a_pound() -> None:
    assert WeightMeasurement(14_260).kilograms == 71.3
    assert WeightMeasurement(15_719, imperial=True).kilograms == pytest.approx(71.3, abs=0.005)
    assert WeightMeasurement(1, stature=Stature(233, 1750)).metres == 1.75
    assert WeightMeasurement(1, imperial=True, stature=Stature(233, 689)).metres == 1.75


def test_a_scale_that_failed_says_no_weight() -> None:
    failed = parse(bytes.fromhex("00ffff"))
    assert (failed.steps, failed.kilograms, failed.metres) == (None, None, None)


@pytest.mark.parametrize(
    "wrong", [WeightMeasurement(0xFFFF), WeightMeasurement(1, user=256), WeightMeasurement(1, stature=Stature(0, 70000))]
)
def test_what_no_field_can_say_is_not_written(wrong: WeightMeasurement) -> None:
    with pytest.raises(Malformed):
        serialise(wrong)
