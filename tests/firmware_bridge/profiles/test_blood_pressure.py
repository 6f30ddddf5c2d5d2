"""Blood Pressure Measurement and Intermediate Cuff Pressure: every flag combination comes back, any bytes are one or malformed."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.blood_pressure import BloodPressure, Status, parse, serialise
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from protocol.metrics import Absence
from tests.firmware_bridge.profiles.times import OCTET, TIMES, WORD, numbers


@st.composite
def measurements(draw: st.DrawFn) -> BloodPressure:
    kilopascal = draw(st.booleans())
    pressure = numbers(0, 600, -1) if kilopascal else numbers(0, 300)
    optional = st.none()
    return BloodPressure(
        *(draw(pressure) for _ in range(3)),
        kilopascal=kilopascal,
        taken_at=draw(optional | TIMES),
        pulse_rate=draw(optional | numbers(0, 300)),
        user=draw(optional | OCTET),
        status=draw(optional | WORD),
    )


@given(measurements())
def test_every_flag_combination_comes_back(measurement: BloodPressure) -> None:
    assert parse(serialise(measurement)) == measurement


@given(st.binary(max_size=24))
def test_any_bytes_are_a_measurement_or_malformed(data: bytes) -> None:
    try:
        assert isinstance(parse(data), BloodPressure)
    except Malformed:
        return


def test_a_cuff_as_it_is_sold() -> None:
    found = parse(bytes.fromhex("1e8000500060 00ea070b1a0d050a48000104 00".replace(" ", "")))
    assert (found.systolic.value, found.diastolic.value, found.mean.value) == (128, 80, 96)
    assert found.taken_at == WatchTime(2026, 11, 26, 13, 5, 10)
    assert found.pulse_rate == MedicalNumber(72)
    assert (found.user, found.status) == (1, Status.IRREGULAR_PULSE)


def test_kilopascals_become_millimetres_of_mercury_and_an_absence_stays_one() -> None:
    found = BloodPressure(MedicalNumber(16.0), MedicalNumber(10.7), MedicalNumber(math.nan, Absence.NAN), kilopascal=True)
    assert found.mmhg(found.systolic).value == pytest.approx(120.0, abs=0.05)
    assert found.mmhg(found.mean) is found.mean


@pytest.mark.parametrize("wrong", [{"user": 256}, {"status": 1 << 16}, {"systolic": MedicalNumber(3000)}])
def test_what_no_field_can_say_is_not_written(wrong: dict[str, Any]) -> None:
    usual = {"systolic": MedicalNumber(120), "diastolic": MedicalNumber(80), "mean": MedicalNumber(93)}
    with pytest.raises(Malformed):
        serialise(BloodPressure(**{**usual, **wrong}))
