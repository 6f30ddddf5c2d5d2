"""Glucose Measurement and its Context: every flag combination comes back, any bytes are one or malformed, units become mg/dL."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles import glucose
from edge.firmware_bridge.profiles.glucose import Concentration, GlucoseContext, GlucoseMeasurement, Status
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from protocol.metrics import Absence
from tests.firmware_bridge.profiles.times import OCTET, TIMES, WORD, numbers

NIBBLE, NOTHING = st.integers(0, 15), st.none()
CONCENTRATIONS = st.booleans().flatmap(
    lambda molar: st.builds(Concentration, numbers(0, 400, -4) if molar else numbers(0, 900, -5), st.just(molar), NIBBLE, NIBBLE)
)
MEASUREMENTS = st.builds(
    GlucoseMeasurement, WORD, TIMES, NOTHING | st.integers(-0x8000, 0x7FFF), NOTHING | CONCENTRATIONS, NOTHING | WORD, st.booleans()
)
SUBSTANCES = st.tuples(OCTET, numbers(0, 2000, -3))
CONTEXTS = st.builds(
    GlucoseContext,
    sequence=WORD,
    extended=NOTHING | OCTET,
    carbohydrate=NOTHING | SUBSTANCES,
    meal=NOTHING | OCTET,
    tester_and_health=NOTHING | st.tuples(NIBBLE, NIBBLE),
    exercise=NOTHING | st.tuples(WORD, OCTET),
    medication=NOTHING | SUBSTANCES,
    litres=st.booleans(),
    hba1c=NOTHING | numbers(0, 2000, -1),
)
NOON = WatchTime(2026, 11, 26, 12, 0, 0)


@given(MEASUREMENTS)
def test_every_flag_combination_comes_back(measurement: GlucoseMeasurement) -> None:
    assert glucose.parse(glucose.serialise(measurement)) == measurement


@given(CONTEXTS)
def test_every_context_comes_back(context: GlucoseContext) -> None:
    assert glucose.parse_context(glucose.serialise_context(context)) == context


@given(st.binary(max_size=24))
def test_any_bytes_are_one_or_malformed(data: bytes) -> None:
    for parse in (glucose.parse, glucose.parse_context):
        try:
            parse(data)
        except Malformed:
            continue


def test_a_meter_as_it_is_sold() -> None:
    """Sequence 5, 26 November 2026 12:00, moved by an hour, 0.00112 kg/L = 112 mg/dL of capillary blood from a finger."""
    found = glucose.parse(bytes.fromhex("0b0500ea070b1a0c00003c0070b0110100"))
    assert (found.sequence, found.base_time, found.offset_minutes) == (5, NOON, 60)
    assert found.concentration is not None
    assert (found.concentration.mg_dl.value, found.concentration.sample, found.concentration.site) == (112.0, 1, 1)
    assert found.status == Status.BATTERY_LOW


def test_molar_concentrations_become_mg_dl_and_an_absence_stays_one() -> None:
    assert Concentration(MedicalNumber(0.0055), molar=True, sample=1, site=1).mg_dl.value == pytest.approx(99.1)
    nothing = MedicalNumber(math.nan, Absence.POSITIVE_INFINITY)
    assert Concentration(nothing, molar=True, sample=1, site=1).mg_dl is nothing


@pytest.mark.parametrize(
    "wrong",
    [
        GlucoseMeasurement(1 << 16, NOON),
        GlucoseMeasurement(1, NOON, 1 << 15),
        GlucoseMeasurement(1, NOON, concentration=Concentration(MedicalNumber(0.001), molar=False, sample=16, site=1)),
        GlucoseMeasurement(1, NOON, status=1 << 16),
    ],
)
def test_what_no_field_can_say_is_not_written(wrong: GlucoseMeasurement) -> None:
    with pytest.raises(Malformed):
        glucose.serialise(wrong)


@pytest.mark.parametrize("wrong", [GlucoseContext(1, meal=256), GlucoseContext(1, tester_and_health=(16, 0)), GlucoseContext(-1)])
def test_what_no_context_can_say_is_not_written(wrong: GlucoseContext) -> None:
    with pytest.raises(Malformed):
        glucose.serialise_context(wrong)
