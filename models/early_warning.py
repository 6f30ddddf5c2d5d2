"""How sick is this patient by the National Early Warning Score 2, and what can be said where parameters are missing?

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, charts 1 and 2. No wearable knows
consciousness or oxygen supply, and blood pressure is known for an hour after a cuff was used, so the score is a RANGE: low counts a missing parameter as 0, high as its most.
Priorities follow the low bound (missing data raises no false alarm); the high bound is said beside it (missing data is no calm).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import floor

from protocol.findings import Detector, Priority
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, SPO2, SYSTOLIC_PRESSURE
from protocol.samples import Reading

Band = tuple[float, int]
"""Greatest value (inclusive) of the band, and its points."""
_ABOVE = float("inf")

BANDS: dict[str, tuple[Band, ...]] = {
    "respiratory_rate": ((8, 3), (11, 1), (20, 0), (24, 2), (_ABOVE, 3)),
    "spo2_scale_1": ((91, 3), (93, 2), (95, 1), (_ABOVE, 0)),
    "spo2_scale_2_on_air": ((83, 3), (85, 2), (87, 1), (_ABOVE, 0)),
    "spo2_scale_2_on_oxygen": ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (_ABOVE, 3)),
    "pulse": ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (_ABOVE, 3)),
    "systolic_pressure": ((90, 3), (100, 2), (110, 1), (219, 0), (_ABOVE, 3)),
    "temperature": ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (_ABOVE, 2)),
}
UNKNOWN: dict[str, int] = {"supplemental_oxygen": 2, "consciousness": 3}
"""What no wearable measures, with the most points it can bring."""

MEDIUM_AT, HIGH_AT, RED = 5, 7, 3
"""Aggregate scores of an urgent and an emergency response; the points of a single parameter that ask for an urgent one."""
THRESHOLDS: dict[str, float] = {"medium_at": MEDIUM_AT, "high_at": HIGH_AT, "single_parameter": RED}

SETTLE_MS: dict[str, int] = {"respiratory_rate": 15_000, "spo2": 10_000, "pulse": 10_000, "systolic_pressure": 1, "temperature": 15_000}
"""A parameter is the (lower) median of this long before its newest reading: one slip of a sensor is no score. A cuff measures once."""
GREATEST_AGE_MS: dict[str, int] = {
    "respiratory_rate": 60_000,
    "spo2": 30_000,
    "pulse": 30_000,
    "systolic_pressure": 60 * 60_000,
    "temperature": 30 * 60_000,
}
"""An older value counts as missing."""
SOURCES: dict[str, tuple[int, ...]] = {
    "respiratory_rate": (RESPIRATORY_RATE.code,),
    "spo2": (SPO2.code,),
    "pulse": (HEART_RATE.code, PULSE_RATE.code),
    "systolic_pressure": (SYSTOLIC_PRESSURE.code,),
    "temperature": (BODY_TEMPERATURE.code,),
}
"""Metrics that give a parameter, the preferred one first."""
METRICS_USED: frozenset[int] = frozenset(code for codes in SOURCES.values() for code in codes)

TABLE_SHA256 = sha256(repr((sorted(BANDS.items()), sorted(UNKNOWN.items()), sorted(THRESHOLDS.items()))).encode()).hexdigest()
"""Hash of the table's canonical text: what a finding names as its detector."""
DETECTOR = Detector("news2", "2017", TABLE_SHA256)
PERSIST_MS = 10_000
"""A level must have stood this long to be raised; one that a cuff's measurement brings, which is made once, a home raises at once."""
PRIORITIES = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)
"""Of the levels."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter at one moment. value: None when missing. age_ms: of the newest reading, None when there never was one.

    low, high: points, equal when nothing about it is unknown. used: the readings that the value was taken from.
    """

    name: str
    value: float | None
    age_ms: int | None
    low: int
    high: int
    used: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """The score at a moment as a range, 0 <= low <= high <= 20, and what it is made of."""

    low: int
    high: int
    parameters: tuple[Parameter, ...]

    @property
    def red(self) -> tuple[str, ...]:
        """Return the parameters that alone ask for an urgent response."""
        return tuple(each.name for each in self.parameters if each.low >= RED)

    @property
    def level(self) -> int:
        """Return 2 (emergency response), 1 (urgent response) or 0, of the low bound."""
        if self.low >= HIGH_AT:
            return 2
        return 1 if self.low >= MEDIUM_AT or self.red else 0

    @property
    def scoring(self) -> frozenset[str]:
        """Return the parameters that brought points."""
        return frozenset(each.name for each in self.parameters if each.low > 0)

    @property
    def present(self) -> frozenset[str]:
        """Return the parameters that are not missing."""
        return frozenset(each.name for each in self.parameters if each.value is not None)

    @property
    def evidence(self) -> tuple[Reading, ...]:
        """Return every reading that was used."""
        return tuple(reading for each in self.parameters for reading in each.used)

    def explain(self) -> str:
        """Say in one line what scores and what is missing; no name, no id."""
        scoring = ", ".join(f"{p.name} {p.value:g} gives {p.low}" for p in self.parameters if p.low > 0 and p.value is not None)
        missing = ", ".join(f"{p.name} ({_age(p.age_ms)})" for p in self.parameters if p.value is None)
        return f"NEWS2 {self.low} to {self.high}: {scoring or 'nothing scores'}; missing: {missing or 'nothing'}"


def _age(age_ms: int | None) -> str:
    return "not measured" if age_ms is None else f"{age_ms // 1000} s old"


def points(band: str, value: float) -> int:
    """Return the points of a value, rounded as the chart is printed (temperature to 0.1, the rest to whole numbers, half up)."""
    scale = 10 if band == "temperature" else 1
    rounded = floor(value * scale + 0.5) / scale
    return next(given for greatest, given in BANDS[band] if rounded <= greatest)


def score(readings: Sequence[Reading], at: int, scale: int = 1) -> Score:
    """Score the moment `at` (ms UTC) from readings at or before it.

    Args:
        readings: any order; those after `at` or without a value are not looked at.
        at: ms UTC.
        scale: 1, or 2 for people with hypercapnic respiratory failure (a clinician's decision).
    """
    known: dict[int, list[Reading]] = {}
    for reading in readings:
        if reading.at <= at and not reading.absence:
            known.setdefault(reading.metric, []).append(reading)
    measured = tuple(_parameter(name, known, at, scale) for name in SOURCES)
    unknown = tuple(Parameter(name, None, None, 0, most) for name, most in UNKNOWN.items())
    parameters = measured + unknown
    return Score(sum(each.low for each in parameters), sum(each.high for each in parameters), parameters)


def score_again(evidence: Sequence[Reading], at: int, scale: int = 1) -> tuple[int, int]:
    """Return (low, high) from a finding's evidence alone: the numbers the finding holds, bit for bit."""
    again = score(evidence, at, scale)
    return again.low, again.high


def _parameter(name: str, known: Mapping[int, Sequence[Reading]], at: int, scale: int) -> Parameter:
    age: int | None = None
    for metric in SOURCES[name]:
        readings = known.get(metric)
        if not readings:
            continue
        newest = max(r.at for r in readings)
        if at - newest <= GREATEST_AGE_MS[name]:
            used = tuple(sorted((r for r in readings if r.at > newest - SETTLE_MS[name]), key=lambda r: r.at))
            value = sorted(r.value for r in used)[(len(used) - 1) // 2]
            low, high = _range(name, value, scale)
            return Parameter(name, value, at - newest, low, high, used)
        age = at - newest if age is None else min(age, at - newest)
    return Parameter(name, None, age, 0, RED)


def _range(name: str, value: float, scale: int) -> tuple[int, int]:
    if name != "spo2":
        given = points(name, value)
        return given, given
    if scale == 1:
        given = points("spo2_scale_1", value)
        return given, given
    # Whether oxygen is given decides above 92 %, and no wearable knows it.
    both = points("spo2_scale_2_on_air", value), points("spo2_scale_2_on_oxygen", value)
    return min(both), max(both)
