"""The catalogue of what is measured: code, name, LOINC, UCUM, MDC and the range a value may have.

Sources: LOINC 2.8x vital signs, UCUM, ISO/IEEE 11073-10101. The range is what a working sensor can say
about a living person, not what is healthy: a value outside it is refused as a measurement error.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from protocol.errors import Malformed


class Form(StrEnum):
    """Whether a metric is said as single values or as evenly sampled pieces."""

    VALUE = "value"
    WAVEFORM = "waveform"


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured quantity. `low` and `high` are in `unit` (UCUM); `decimals` is what a screen shows."""

    code: int
    name: str
    loinc: str | None
    mdc: int | None
    unit: str
    low: float
    high: float
    decimals: int
    form: Form = Form.VALUE


HEART_RATE = Metric(1, "heart_rate", "8867-4", 147842, "/min", 0, 350, 0)
RR_INTERVAL = Metric(2, "rr_interval", "8637-1", None, "ms", 100, 10000, 0)
SPO2 = Metric(3, "spo2", "59408-5", 150456, "%", 0, 100, 0)
PULSE_RATE = Metric(4, "pulse_rate", "8889-8", 149530, "/min", 0, 350, 0)
BODY_TEMPERATURE = Metric(5, "body_temperature", "8310-5", 150364, "Cel", 10, 50, 1)
RESPIRATORY_RATE = Metric(6, "respiratory_rate", "9279-1", 151562, "/min", 0, 120, 0)
BATTERY = Metric(7, "battery", None, 67996, "%", 0, 100, 0)
SYSTOLIC_PRESSURE = Metric(8, "systolic_pressure", "8480-6", 150021, "mm[Hg]", 0, 300, 0)
DIASTOLIC_PRESSURE = Metric(9, "diastolic_pressure", "8462-4", 150022, "mm[Hg]", 0, 300, 0)
MEAN_PRESSURE = Metric(10, "mean_pressure", "8478-0", 150023, "mm[Hg]", 0, 300, 0)
BLOOD_GLUCOSE = Metric(11, "blood_glucose", "41653-7", 160184, "mg/dL", 1, 1500, 0)
INTERSTITIAL_GLUCOSE = Metric(12, "interstitial_glucose", "99504-3", None, "mg/dL", 1, 1500, 0)
BODY_WEIGHT = Metric(13, "body_weight", "29463-7", 188736, "kg", 0.2, 650, 1)
ECG = Metric(20, "ecg", "11524-6", 131328, "mV", -20, 20, 3, Form.WAVEFORM)
PLETHYSMOGRAM = Metric(21, "plethysmogram", None, 150452, "1", -100, 100, 3, Form.WAVEFORM)
RESPIRATION = Metric(22, "respiration", None, None, "1", -100, 100, 3, Form.WAVEFORM)

METRICS: dict[int, Metric] = {
    metric.code: metric
    for metric in (
        HEART_RATE,
        RR_INTERVAL,
        SPO2,
        PULSE_RATE,
        BODY_TEMPERATURE,
        RESPIRATORY_RATE,
        BATTERY,
        SYSTOLIC_PRESSURE,
        DIASTOLIC_PRESSURE,
        MEAN_PRESSURE,
        BLOOD_GLUCOSE,
        INTERSTITIAL_GLUCOSE,
        BODY_WEIGHT,
        ECG,
        PLETHYSMOGRAM,
        RESPIRATION,
    )
}
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS.values()}


class Absence(IntEnum):
    """Why a sensor that spoke gave no number. 0 = it gave one.

    NAN to RESERVED are the special values of IEEE 11073-20601 (SFLOAT, FLOAT); OFF_BODY is said by a sensor-contact or
    status bit; OUT_OF_RANGE is a number no living person has; TIME_UNKNOWN was measured at a time that its watch, set back since, cannot tell.
    """

    PRESENT = 0
    NAN = 1
    NRES = 2
    POSITIVE_INFINITY = 3
    NEGATIVE_INFINITY = 4
    RESERVED = 5
    OFF_BODY = 6
    OUT_OF_RANGE = 7
    INVALID = 8
    TIME_UNKNOWN = 9


def metric_of(code: int) -> Metric:
    """Look a code up.

    Raises:
        Malformed: no such metric.
    """
    try:
        return METRICS[code]
    except KeyError:
        raise Malformed(f"metric code {code} is not in the catalogue") from None
