"""What a notification says: characteristic value -> readings and waveform pieces of the catalogue."""

import math
from collections.abc import Callable
from dataclasses import replace

from edge.firmware_bridge.profiles import (
    battery,
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
from edge.firmware_bridge.profiles.pulse_oximeter import MeasurementStatus, Saturation, SensorStatus
from edge.firmware_bridge.wearable import Notification
from protocol.errors import Malformed
from protocol.metrics import (
    BATTERY,
    BLOOD_GLUCOSE,
    BODY_TEMPERATURE,
    BODY_WEIGHT,
    DIASTOLIC_PRESSURE,
    HEART_RATE,
    INTERSTITIAL_GLUCOSE,
    MEAN_PRESSURE,
    PULSE_RATE,
    RESPIRATORY_RATE,
    RR_INTERVAL,
    SPO2,
    SYSTOLIC_PRESSURE,
    Absence,
    Metric,
)
from protocol.samples import NO_RECORD, Reading, WaveformPiece

_OFF_BODY = SensorStatus.NOT_ON_BODY | SensorStatus.DISPLACED | SensorStatus.DISCONNECTED
_BROKEN = SensorStatus.MALFUNCTION | SensorStatus.SENSOR_MALFUNCTION
_METER_FAILED = (
    glucose.Status.MALFUNCTION
    | glucose.Status.SAMPLE_TOO_SMALL
    | glucose.Status.STRIP_INSERTED_WRONGLY
    | glucose.Status.WRONG_STRIP
    | glucose.Status.PULLED_TOO_SOON
    | glucose.Status.FAULT
)
_SENSOR_FAILED = Annunciation.SESSION_STOPPED | Annunciation.WRONG_SENSOR | Annunciation.MALFUNCTION | Annunciation.FAULT
_WORTHLESS = MeasurementStatus.UNAVAILABLE | MeasurementStatus.INVALID | MeasurementStatus.DEMONSTRATION | MeasurementStatus.TESTING


def readings_of(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    """Return what one notification says.

    at: ms UTC when the measurement was complete: the last RR interval ends then, the last sample was taken then. Of what was measured at a time
    that cannot be told, only that is said: no value, which would be taken for one of `at`, and no waveform.

    Raises:
        Malformed: the value is not of its characteristic's form, or no such characteristic is known here.
    """
    read = _READERS.get(notification.characteristic)
    if read is None:
        raise Malformed(f"characteristic {notification.characteristic} is not known here")
    found = read(notification, at)
    return [_without_time(each) for each in found if isinstance(each, Reading)] if notification.timeless else found


def _without_time(reading: Reading) -> Reading:
    return replace(reading, value=math.nan, absence=Absence.TIME_UNKNOWN)


def _record_of(notification: Notification) -> int:
    if notification.session is None or notification.sequence is None:
        return NO_RECORD
    return (notification.session << 32) | notification.sequence


def _reading(notification: Notification, metric: Metric, at: int, number: MedicalNumber) -> Reading:
    """Make a reading; a number outside the catalogue's range is none."""
    value, absence = number.value, number.absence
    if absence is Absence.PRESENT and not metric.low <= value <= metric.high:
        value, absence = math.nan, Absence.OUT_OF_RANGE
    return Reading(notification.wearable, metric.code, at, value, _record_of(notification), absence)


def _heart_rate(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    measured = heart_rate.parse(notification.value)
    if measured.contact is False:
        return [_reading(notification, HEART_RATE, at, MedicalNumber(math.nan, Absence.OFF_BODY))]
    readings: list[Reading | WaveformPiece] = [_reading(notification, HEART_RATE, at, MedicalNumber(measured.bpm))]
    ends = _laid_back(measured.rr_ms, at)
    readings += [
        _reading(notification, RR_INTERVAL, end, MedicalNumber(interval)) for interval, end in zip(measured.rr_ms, ends, strict=True)
    ]
    return readings


def _laid_back(rr_ms: tuple[float, ...], at: int) -> list[int]:
    """When each interval ended: the last at `at`, each other one as much earlier as those after it last."""
    ends: list[int] = []
    later = 0.0
    for interval in reversed(rr_ms):
        ends.append(at - round(later))
        later += interval
    return ends[::-1]


def _pulse_oximeter(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    measured = pulse_oximeter.parse(notification.value)
    return _oxygen(notification, at, measured.normal, measured.sensor or 0, measured.status or 0)


def _spot_check(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    measured = pulse_oximeter.parse_spot(notification.value)
    return _oxygen(notification, at, measured.normal, measured.sensor or 0, measured.status or 0)


def _oxygen(notification: Notification, at: int, found: Saturation, sensor: int, status: int) -> list[Reading | WaveformPiece]:
    spo2, pulse = found.spo2, found.pulse_rate
    if sensor & _OFF_BODY:
        spo2 = pulse = MedicalNumber(math.nan, Absence.OFF_BODY)
    elif sensor & _BROKEN or status & _WORTHLESS:
        spo2 = pulse = MedicalNumber(math.nan, Absence.INVALID)
    return [_reading(notification, SPO2, at, spo2), _reading(notification, PULSE_RATE, at, pulse)]


def _blood_pressure(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    """Return the pressures, and the pulse rate where the cuff counted it; the mean only where the cuff gave one."""
    measured = blood_pressure.parse(notification.value)
    pressures = [(SYSTOLIC_PRESSURE, measured.systolic), (DIASTOLIC_PRESSURE, measured.diastolic)]
    if measured.mean.absence is Absence.PRESENT:
        pressures.append((MEAN_PRESSURE, measured.mean))
    readings: list[Reading | WaveformPiece] = [_reading(notification, metric, at, measured.mmhg(number)) for metric, number in pressures]
    if measured.pulse_rate is not None:
        readings.append(_reading(notification, PULSE_RATE, at, measured.pulse_rate))
    return readings


def _weight(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    kilograms = weight_scale.parse(notification.value).kilograms
    number = MedicalNumber(math.nan, Absence.INVALID) if kilograms is None else MedicalNumber(kilograms)
    return [_reading(notification, BODY_WEIGHT, at, number)]


def _glucose(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    """Return the concentration; nothing for control solution, which is no person's. Out of the meter's range is above or below it."""
    measured = glucose.parse(notification.value)
    found, status = measured.concentration, glucose.Status(measured.status or 0)
    if found is not None and found.sample == glucose.CONTROL_SOLUTION:
        return []
    if status & glucose.Status.ABOVE_RANGE:
        number = MedicalNumber(math.nan, Absence.POSITIVE_INFINITY)
    elif status & glucose.Status.BELOW_RANGE:
        number = MedicalNumber(math.nan, Absence.NEGATIVE_INFINITY)
    elif found is None or status & _METER_FAILED:
        number = MedicalNumber(math.nan, Absence.INVALID)
    else:
        number = found.mg_dl
    return [_reading(notification, BLOOD_GLUCOSE, at, number)]


def _continuous_glucose(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    """Return the concentration of one record without a CRC: its driver has checked that, and set records apart."""
    (measured,) = continuous_glucose.parse(notification.value, crc=False)[:1]
    if measured.annunciation & Annunciation.ABOVE_RANGE:
        number = MedicalNumber(math.nan, Absence.POSITIVE_INFINITY)
    elif measured.annunciation & Annunciation.BELOW_RANGE:
        number = MedicalNumber(math.nan, Absence.NEGATIVE_INFINITY)
    elif measured.annunciation & _SENSOR_FAILED:
        number = MedicalNumber(math.nan, Absence.INVALID)
    else:
        number = measured.glucose
    return [_reading(notification, INTERSTITIAL_GLUCOSE, at, number)]


def _temperature(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    return [_reading(notification, BODY_TEMPERATURE, at, health_thermometer.parse(notification.value).celsius)]


def _battery(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    return [_reading(notification, BATTERY, at, MedicalNumber(battery.parse(notification.value)))]


def _respiratory_rate(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    breaths = biosignal.parse_respiratory_rate(notification.value).breaths_per_minute
    number = MedicalNumber(math.nan, Absence.NAN) if breaths is None else MedicalNumber(breaths)
    return [_reading(notification, RESPIRATORY_RATE, at, number)]


def _waveform(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    piece = biosignal.parse_waveform(notification.value)
    began = at - round(len(piece.samples) * 1000 / piece.rate_hz)
    first_sample = ((notification.session or 0) << 32) | piece.first_sample
    record = _record_of(notification)
    return [WaveformPiece(notification.wearable, piece.metric, began, piece.rate_hz, piece.gain, first_sample, piece.samples, record)]


_READERS: dict[str, Callable[[Notification, int], list[Reading | WaveformPiece]]] = {
    identifiers.HEART_RATE_MEASUREMENT: _heart_rate,
    identifiers.PULSE_OXIMETER_CONTINUOUS: _pulse_oximeter,
    identifiers.PULSE_OXIMETER_SPOT: _spot_check,
    identifiers.TEMPERATURE_MEASUREMENT: _temperature,
    identifiers.BLOOD_PRESSURE_MEASUREMENT: _blood_pressure,
    identifiers.WEIGHT_MEASUREMENT: _weight,
    identifiers.GLUCOSE_MEASUREMENT: _glucose,
    identifiers.CONTINUOUS_GLUCOSE_MEASUREMENT: _continuous_glucose,
    identifiers.BATTERY_LEVEL: _battery,
    identifiers.RESPIRATORY_RATE: _respiratory_rate,
    identifiers.WAVEFORM: _waveform,
}
