"""What the wearables write, the gateway's profiles read: two codes, one format."""

import math

import numpy as np
import pytest

from edge.firmware_bridge.profiles import biosignal, hand_over, health_thermometer, heart_rate, identifiers, pulse_oximeter
from protocol.metrics import Absence
from simulators import wire

NAN = math.nan


def test_both_sides_name_the_same_things():
    pairs = {
        wire.HEART_RATE_MEASUREMENT: identifiers.HEART_RATE_MEASUREMENT,
        wire.PULSE_OXIMETER_CONTINUOUS: identifiers.PULSE_OXIMETER_CONTINUOUS,
        wire.TEMPERATURE_MEASUREMENT: identifiers.TEMPERATURE_MEASUREMENT,
        wire.WAVEFORM: identifiers.WAVEFORM,
        wire.RESPIRATORY_RATE: identifiers.RESPIRATORY_RATE,
        wire.HAND_OVER_SERVICE: identifiers.HAND_OVER_SERVICE,
        wire.RECORD: identifiers.RECORD,
        wire.KEPT: identifiers.KEPT,
        wire.SESSION: identifiers.SESSION,
        wire.BIOSIGNAL_SERVICE: identifiers.BIOSIGNAL_SERVICE,
    }
    assert {number: wire.uuid_of(number) for number in pairs} == pairs


def test_a_heart_rate_is_read_as_it_was_written():
    measurement = heart_rate.parse(wire.heart_rate(71.6, [0.8, 0.85]))
    assert (measurement.bpm, measurement.contact, measurement.rr) == (72, True, (819, 870))
    assert heart_rate.parse(wire.heart_rate(NAN, [])).contact is False


def test_a_saturation_is_read_as_it_was_written():
    measurement = pulse_oximeter.parse(wire.pulse_oximeter(96.7, NAN))
    assert measurement.normal.spo2.value == 97
    assert measurement.normal.pulse_rate.absence is Absence.NAN


@pytest.mark.parametrize("celsius", [36.61, -3.25, 0.0])
def test_a_temperature_is_read_as_it_was_written(celsius):
    measurement = health_thermometer.parse(wire.temperature(celsius))
    assert measurement.celsius.value == celsius
    assert measurement.site == 1


def test_no_temperature_is_read_as_none():
    assert health_thermometer.parse(wire.temperature(NAN)).celsius.absence is Absence.NAN


def test_breaths_and_their_absence_are_read_as_they_were_written():
    assert biosignal.parse_respiratory_rate(wire.respiratory_rate(15.6)).breaths_per_minute == 16
    assert biosignal.parse_respiratory_rate(wire.respiratory_rate(NAN)).breaths_per_minute is None


def test_a_waveform_is_read_as_it_was_written():
    samples = np.array([-5, 0, 1200], dtype=np.int16)
    value = biosignal.parse_waveform(wire.waveform(20, 360.0, 0.005, 72, samples))
    assert (value.metric, value.rate_hz, value.first_sample, list(value.samples)) == (20, 360.0, 72, [-5, 0, 1200])


def test_the_hand_over_is_read_as_it_was_written():
    assert hand_over.parse_record(wire.record(5, 6000, 0x2A37, b"xy")) == hand_over.Record(5, 6000, 0x2A37, b"xy")
    assert hand_over.parse_session(wire.session(9, 2, 7, 8000)) == hand_over.Session(9, 2, 7, 8000)
    assert hand_over.parse_session(wire.session(9, 2, 7, None)) == hand_over.Session(9, 2, 7, None)
    assert wire.parse_kept(hand_over.serialise_kept(hand_over.Kept(9, 4))) == (9, 4)
    assert wire.parse_kept(b"\x01") is None
