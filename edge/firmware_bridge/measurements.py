"""What a notification says: characteristic value -> readings and waveform pieces of the catalogue."""

import math
from collections.abc import Callable

from edge.firmware_bridge.profiles import battery, biosignal, health_thermometer, heart_rate, identifiers, pulse_oximeter
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.pulse_oximeter import MeasurementStatus, SensorStatus
from edge.firmware_bridge.wearable import Notification
from protocol.errors import Malformed
from protocol.metrics import BATTERY, BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, RR_INTERVAL, SPO2, Absence, Metric
from protocol.samples import NO_RECORD, Reading, WaveformPiece

_OFF_BODY = SensorStatus.NOT_ON_BODY | SensorStatus.DISPLACED | SensorStatus.DISCONNECTED
_BROKEN = SensorStatus.MALFUNCTION | SensorStatus.SENSOR_MALFUNCTION
_WORTHLESS = MeasurementStatus.UNAVAILABLE | MeasurementStatus.INVALID | MeasurementStatus.DEMONSTRATION | MeasurementStatus.TESTING


def readings_of(notification: Notification, at: int) -> list[Reading | WaveformPiece]:
    """Return what one notification says.

    at: ms UTC when the measurement was complete: the last RR interval ends then, the last sample was taken then.

    Raises:
        Malformed: the value is not of its characteristic's form, or no such characteristic is known here.
    """
    read = _READERS.get(notification.characteristic)
    if read is None:
        raise Malformed(f"characteristic {notification.characteristic} is not known here")
    return read(notification, at)


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
    spo2, pulse = measured.normal.spo2, measured.normal.pulse_rate
    sensor, status = measured.sensor or 0, measured.status or 0
    if sensor & _OFF_BODY:
        spo2 = pulse = MedicalNumber(math.nan, Absence.OFF_BODY)
    elif sensor & _BROKEN or status & _WORTHLESS:
        spo2 = pulse = MedicalNumber(math.nan, Absence.INVALID)
    return [_reading(notification, SPO2, at, spo2), _reading(notification, PULSE_RATE, at, pulse)]


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
    identifiers.TEMPERATURE_MEASUREMENT: _temperature,
    identifiers.BATTERY_LEVEL: _battery,
    identifiers.RESPIRATORY_RATE: _respiratory_rate,
    identifiers.WAVEFORM: _waveform,
}
