"""What each kind of wearable measures, how often, and as which bytes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, METRICS, PULSE_RATE, RESPIRATORY_RATE, RR_INTERVAL, SPO2
from simulators import wire
from simulators.body import Body, Channel

KINDS = ("heart_rate_belt", "pulse_oximeter", "thermometer", "ecg_patch")
_SERVICES = {
    "heart_rate_belt": wire.HEART_RATE_SERVICE,
    "pulse_oximeter": wire.PULSE_OXIMETER_SERVICE,
    "thermometer": wire.THERMOMETER_SERVICE,
    "ecg_patch": wire.BIOSIGNAL_SERVICE,
}
_SAMPLES_A_PIECE = 36


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement, ready to be sent.

    characteristic: its 16-bit number. values: how many values of each metric it carries, by name. samples and
    first_sample: of a waveform piece of `metric`, else 0.
    """

    characteristic: int
    value: bytes
    values: dict[str, int] = field(default_factory=dict[str, int])
    metric: str | None = None
    samples: int = 0
    first_sample: int = 0


@dataclass(frozen=True, slots=True)
class Sensor:
    """Something that measures each `period_s` seconds: measure(body, began_s, turn) -> what, or None for nothing.

    began_s: body time when the wearable began; turn: 0, 1, …; the measurement is complete at began_s + (turn + 1) * period_s.
    """

    period_s: float
    measure: Callable[[Body, float, int], Measured | None]


def sensors_of(kind: str, body: Body, often: float = 1.0) -> tuple[Sensor, ...]:
    """Return the sensors of a wearable of `kind` (one of KINDS) for which the body has a signal; perhaps none.

    often: how many times as often as such wearables do a belt or an oximeter measures.

    Raises:
        ValueError: no such kind.
    """
    if kind == "heart_rate_belt":
        return (_belt(1.0 / often),) if HEART_RATE.code in body.metrics else ()
    if kind == "pulse_oximeter":
        return (_oximeter(1.0 / often),) if SPO2.code in body.metrics else ()
    if kind == "thermometer":
        return (Sensor(5.0, _thermometer),) if BODY_TEMPERATURE.code in body.metrics else ()
    if kind == "ecg_patch":
        breaths = (Sensor(5.0, _breaths),) if RESPIRATORY_RATE.code in body.metrics else ()
        return (*(_stream(channel) for channel in body.channels), *breaths)
    raise ValueError(f"no wearable is of kind {kind!r}; there are {', '.join(KINDS)}")


def service_of(kind: str) -> int:
    """Return the number of the service that a kind of wearable is known by."""
    return _SERVICES[kind]


def _belt(period_s: float) -> Sensor:
    def measure(body: Body, began_s: float, turn: int) -> Measured | None:
        from_s, until_s = began_s + turn * period_s, began_s + (turn + 1) * period_s
        rate = body.value(HEART_RATE.code, until_s)
        if rate is None:
            return None
        intervals = [] if math.isnan(rate) else [beat.rr_s for beat in body.beats(from_s, until_s)][-9:]
        values = {HEART_RATE.name: 1} | ({RR_INTERVAL.name: len(intervals)} if intervals else {})
        return Measured(wire.HEART_RATE_MEASUREMENT, wire.heart_rate(rate, intervals), values)

    return Sensor(period_s, measure)


def _oximeter(period_s: float) -> Sensor:
    def measure(body: Body, began_s: float, turn: int) -> Measured | None:
        spo2, pulse = (body.value(metric.code, began_s + (turn + 1) * period_s) for metric in (SPO2, PULSE_RATE))
        if spo2 is None or pulse is None:
            return None
        return Measured(wire.PULSE_OXIMETER_CONTINUOUS, wire.pulse_oximeter(spo2, pulse), {SPO2.name: 1, PULSE_RATE.name: 1})

    return Sensor(period_s, measure)


def _thermometer(body: Body, began_s: float, turn: int) -> Measured | None:
    celsius = body.value(BODY_TEMPERATURE.code, began_s + 5.0 * (turn + 1))
    return None if celsius is None else Measured(wire.TEMPERATURE_MEASUREMENT, wire.temperature(celsius), {BODY_TEMPERATURE.name: 1})


def _breaths(body: Body, began_s: float, turn: int) -> Measured | None:
    breaths = body.value(RESPIRATORY_RATE.code, began_s + 5.0 * (turn + 1))
    return None if breaths is None else Measured(wire.RESPIRATORY_RATE, wire.respiratory_rate(breaths), {RESPIRATORY_RATE.name: 1})


def _stream(channel: Channel) -> Sensor:
    def measure(body: Body, began_s: float, turn: int) -> Measured:
        first = turn * _SAMPLES_A_PIECE
        samples = body.samples(channel.metric, round(began_s * channel.rate_hz) + first, _SAMPLES_A_PIECE)
        value = wire.waveform(channel.metric, channel.rate_hz, channel.gain, first, samples)
        return Measured(wire.WAVEFORM, value, metric=METRICS[channel.metric].name, samples=len(samples), first_sample=first)

    return Sensor(_SAMPLES_A_PIECE / channel.rate_hz, measure)
