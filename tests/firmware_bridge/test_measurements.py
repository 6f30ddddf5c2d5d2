"""Notifications become readings: values, reasons for none, and the time of each."""

import math
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.measurements import readings_of
from edge.firmware_bridge.profiles import (
    biosignal,
    blood_pressure,
    continuous_glucose,
    glucose,
    health_thermometer,
    heart_rate,
    identifiers,
    pulse_oximeter,
    weight_scale,
)
from edge.firmware_bridge.profiles.continuous_glucose import Annunciation
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.pulse_oximeter import MeasurementStatus, PulseOximeterMeasurement, Saturation, SensorStatus
from edge.firmware_bridge.profiles.watch_time import WatchTime
from edge.firmware_bridge.wearable import Notification
from protocol.errors import Malformed
from protocol.metrics import (
    BLOOD_GLUCOSE,
    BODY_TEMPERATURE,
    BODY_WEIGHT,
    DIASTOLIC_PRESSURE,
    HEART_RATE,
    INTERSTITIAL_GLUCOSE,
    PULSE_RATE,
    RESPIRATORY_RATE,
    RR_INTERVAL,
    SPO2,
    SYSTOLIC_PRESSURE,
    Absence,
)
from protocol.samples import NO_RECORD, Reading, WaveformPiece

WEARABLE = UUID(int=1)
AT = 1_800_000_000_000
KNOWN = (
    identifiers.PULSE_OXIMETER_SPOT,
    identifiers.BLOOD_PRESSURE_MEASUREMENT,
    identifiers.WEIGHT_MEASUREMENT,
    identifiers.GLUCOSE_MEASUREMENT,
    identifiers.CONTINUOUS_GLUCOSE_MEASUREMENT,
    identifiers.HEART_RATE_MEASUREMENT,
    identifiers.PULSE_OXIMETER_CONTINUOUS,
    identifiers.TEMPERATURE_MEASUREMENT,
    identifiers.BATTERY_LEVEL,
    identifiers.RESPIRATORY_RATE,
    identifiers.WAVEFORM,
)


def said(characteristic: str, value: bytes, session: int | None = None, sequence: int | None = None) -> list[Reading | WaveformPiece]:
    return readings_of(Notification(WEARABLE, characteristic, value, AT, session, sequence), AT)


def test_rr_intervals_are_laid_back_from_the_moment_of_the_record():
    value = heart_rate.serialise(heart_rate.HeartRateMeasurement(75, (1024, 512, 768)))
    rate, *intervals = said(identifiers.HEART_RATE_MEASUREMENT, value, 7, 3)
    assert isinstance(rate, Reading)
    assert (rate.metric, rate.at, rate.value, rate.record) == (HEART_RATE.code, AT, 75, (7 << 32) | 3)
    assert [(i.metric, i.at, i.value) for i in intervals if isinstance(i, Reading)] == [
        (RR_INTERVAL.code, AT - 1250, 1000.0),
        (RR_INTERVAL.code, AT - 750, 500.0),
        (RR_INTERVAL.code, AT, 750.0),
    ]


def test_a_belt_without_skin_contact_gives_no_rate():
    value = heart_rate.serialise(heart_rate.HeartRateMeasurement(0, (900,), contact=False))
    [reading] = said(identifiers.HEART_RATE_MEASUREMENT, value)
    assert isinstance(reading, Reading)
    assert math.isnan(reading.value)
    assert (reading.absence, reading.record) == (Absence.OFF_BODY, NO_RECORD)


def test_a_value_that_no_living_person_has_is_none():
    value = heart_rate.serialise(heart_rate.HeartRateMeasurement(400, (20,)))
    readings = said(identifiers.HEART_RATE_MEASUREMENT, value)
    assert [r.absence for r in readings if isinstance(r, Reading)] == [Absence.OUT_OF_RANGE, Absence.OUT_OF_RANGE]
    assert all(math.isnan(r.value) for r in readings if isinstance(r, Reading))


NORMAL = Saturation(MedicalNumber(97), MedicalNumber(71))
NO_VALUE = MedicalNumber(math.nan, Absence.NAN)


@pytest.mark.parametrize(
    ("measurement", "absences"),
    [
        (PulseOximeterMeasurement(NORMAL), [Absence.PRESENT, Absence.PRESENT]),
        (PulseOximeterMeasurement(Saturation(NO_VALUE, MedicalNumber(71))), [Absence.NAN, Absence.PRESENT]),
        (PulseOximeterMeasurement(NORMAL, sensor=SensorStatus.NOT_ON_BODY), [Absence.OFF_BODY, Absence.OFF_BODY]),
        (PulseOximeterMeasurement(NORMAL, sensor=SensorStatus.MALFUNCTION), [Absence.INVALID, Absence.INVALID]),
        (PulseOximeterMeasurement(NORMAL, status=MeasurementStatus.INVALID), [Absence.INVALID, Absence.INVALID]),
        (PulseOximeterMeasurement(NORMAL, status=MeasurementStatus.FULLY_QUALIFIED), [Absence.PRESENT, Absence.PRESENT]),
    ],
)
def test_an_oximeter_says_what_its_values_are_worth(measurement, absences):
    readings = said(identifiers.PULSE_OXIMETER_CONTINUOUS, pulse_oximeter.serialise(measurement))
    assert [r.metric for r in readings] == [SPO2.code, PULSE_RATE.code]
    assert [r.absence for r in readings if isinstance(r, Reading)] == absences


def test_a_temperature_in_fahrenheit_is_read_in_celsius():
    value = health_thermometer.serialise(health_thermometer.TemperatureMeasurement(MedicalNumber(98.6), fahrenheit=True))
    [reading] = said(identifiers.TEMPERATURE_MEASUREMENT, value)
    assert isinstance(reading, Reading)
    assert reading.metric == BODY_TEMPERATURE.code
    assert reading.value == pytest.approx(37.0)


def test_a_patch_without_signal_gives_no_respiratory_rate():
    [absent] = said(identifiers.RESPIRATORY_RATE, b"\x01\x00")
    [present] = said(identifiers.RESPIRATORY_RATE, b"\x00\x10")
    assert isinstance(absent, Reading)
    assert isinstance(present, Reading)
    assert absent.absence is Absence.NAN
    assert (present.metric, present.value) == (RESPIRATORY_RATE.code, 16)


def test_a_waveform_piece_ends_at_the_moment_of_its_record():
    value = biosignal.serialise_waveform(biosignal.WaveformValue(20, 125.0, 0.005, 250, np.arange(25, dtype=np.int16)))
    [piece] = said(identifiers.WAVEFORM, value, 9, 4)
    assert isinstance(piece, WaveformPiece)
    assert piece.at == AT - 200
    assert (piece.first_sample, piece.record) == ((9 << 32) | 250, (9 << 32) | 4)
    [plain] = said(identifiers.WAVEFORM, value)
    assert isinstance(plain, WaveformPiece)
    assert (plain.first_sample, plain.record) == (250, NO_RECORD)


@given(st.sampled_from(KNOWN), st.binary(max_size=40))
def test_any_bytes_are_readings_or_malformed(characteristic, value):
    try:
        readings = said(characteristic, value)
    except Malformed:
        return
    for reading in readings:
        if isinstance(reading, Reading):
            assert math.isnan(reading.value) == (reading.absence is not Absence.PRESENT)


def test_what_was_measured_at_a_time_that_cannot_be_told_gives_no_value_and_no_waveform():
    belt = Notification(UUID(int=1), identifiers.HEART_RATE_MEASUREMENT, b"\x16\x48\x00\x04", 5_000, 7, 1, timeless=True)
    found = readings_of(belt, 5_000)
    assert [(r.at, r.absence) for r in found if isinstance(r, Reading)] == [(5_000, Absence.TIME_UNKNOWN)] * 2
    assert len(found) == 2


def test_a_characteristic_that_nobody_knows_is_malformed():
    with pytest.raises(Malformed, match="not known here"):
        said("00002a5b-0000-1000-8000-00805f9b34fb", b"\x00")


def test_a_cuff_in_kilopascals_gives_millimetres_of_mercury_and_the_mean_only_where_it_gave_one():
    nothing = MedicalNumber(math.nan, Absence.NAN)
    value = blood_pressure.serialise(blood_pressure.BloodPressure(MedicalNumber(16.0), MedicalNumber(10.0), nothing, kilopascal=True))
    systolic, diastolic = said(identifiers.BLOOD_PRESSURE_MEASUREMENT, value)
    assert isinstance(systolic, Reading)
    assert isinstance(diastolic, Reading)
    assert (systolic.metric, round(systolic.value), diastolic.metric, round(diastolic.value)) == (
        SYSTOLIC_PRESSURE.code,
        120,
        DIASTOLIC_PRESSURE.code,
        75,
    )


def test_a_scale_that_failed_gives_no_weight():
    [reading] = said(identifiers.WEIGHT_MEASUREMENT, weight_scale.serialise(weight_scale.WeightMeasurement(None)))
    assert isinstance(reading, Reading)
    assert (reading.metric, reading.absence) == (BODY_WEIGHT.code, Absence.INVALID)


def glucose_said(sample: int = 1, status: int | None = None, amount: float = 0.00112) -> list[Reading | WaveformPiece]:
    concentration = glucose.Concentration(MedicalNumber(amount), molar=False, sample=sample, site=1)
    record = glucose.GlucoseMeasurement(9, WatchTime(2026, 11, 26, 12, 0, 0), concentration=concentration, status=status)
    return said(identifiers.GLUCOSE_MEASUREMENT, glucose.serialise(record), 1, 9)


def test_a_meter_gives_mg_dl_and_control_solution_is_nobodys():
    [reading] = glucose_said()
    assert isinstance(reading, Reading)
    assert (reading.metric, reading.value, reading.record) == (BLOOD_GLUCOSE.code, 112.0, 1 << 32 | 9)
    assert glucose_said(sample=glucose.CONTROL_SOLUTION) == []


@pytest.mark.parametrize(
    ("status", "absence"),
    [
        (glucose.Status.ABOVE_RANGE, Absence.POSITIVE_INFINITY),
        (glucose.Status.BELOW_RANGE, Absence.NEGATIVE_INFINITY),
        (glucose.Status.SAMPLE_TOO_SMALL, Absence.INVALID),
        (glucose.Status.FAULT, Absence.INVALID),
        (glucose.Status.BATTERY_LOW, Absence.PRESENT),
    ],
)
def test_a_meters_status_says_what_a_value_is_worth(status, absence):
    [reading] = glucose_said(status=status)
    assert isinstance(reading, Reading)
    assert reading.absence is absence


@pytest.mark.parametrize(
    ("bits", "absence"),
    [
        (Annunciation.ABOVE_RANGE, Absence.POSITIVE_INFINITY),
        (Annunciation.BELOW_RANGE, Absence.NEGATIVE_INFINITY),
        (Annunciation.MALFUNCTION, Absence.INVALID),
        (Annunciation.CALIBRATION_RECOMMENDED | Annunciation.BELOW_HYPO, Absence.PRESENT),
    ],
)
def test_a_sensors_annunciation_says_what_a_value_is_worth(bits, absence):
    value = continuous_glucose.serialise([continuous_glucose.ContinuousGlucose(MedicalNumber(62), 5, bits)], crc=False)
    [reading] = said(identifiers.CONTINUOUS_GLUCOSE_MEASUREMENT, value, 1, 5)
    assert isinstance(reading, Reading)
    assert (reading.metric, reading.absence) == (INTERSTITIAL_GLUCOSE.code, absence)


def test_a_spot_check_off_the_finger_gives_no_value():
    check = pulse_oximeter.SpotCheck(Saturation(MedicalNumber(97), MedicalNumber(70)), sensor=SensorStatus.NOT_ON_BODY)
    for reading in said(identifiers.PULSE_OXIMETER_SPOT, pulse_oximeter.serialise_spot(check)):
        assert isinstance(reading, Reading)
        assert reading.absence is Absence.OFF_BODY
