"""Is a vital far from what is usual for this very person? Pure; the cloud and the gateways ask alike.

What is usual is the median of the hourly means of two weeks, and their spread: the median distance from it, times 1.4826, which for a
normal distribution is the standard deviation (Hampel, J. Am. Stat. Assoc. 69:383, 1974). A night is in it, and so is a walk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from statistics import median

from protocol.findings import Detector
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, METRICS, PULSE_RATE, RESPIRATORY_RATE, SPO2
from protocol.samples import Reading

SPAN_SECONDS = 600
COVERED = 0.8
LEAST_VALUES = 8
"""A conclusion rests on ten minutes, of which this part lies between the first value and the last, and on so many values at least."""
FACTOR = 4.0
"""So many spreads from the median are far."""
DAYS, LEAST_HOURS = 14, 72
"""What is usual is known after so many hours with values, within so many days."""
LEAST_SPREAD = {HEART_RATE.code: 5.0, PULSE_RATE.code: 5.0, SPO2.code: 1.0, RESPIRATORY_RATE.code: 2.0, BODY_TEMPERATURE.code: 0.3}
"""Of the metrics that have a baseline, in their units: a person of clockwork has some spread yet."""
ONLY_LOW = frozenset({SPO2.code})
"""More of it than usual is no harm."""
VERSION = "1"
_TABLE = (VERSION, SPAN_SECONDS, COVERED, LEAST_VALUES, FACTOR, sorted(LEAST_SPREAD.items()), sorted(ONLY_LOW))
DETECTOR = Detector("personal_baseline", VERSION, sha256(repr(_TABLE).encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual for one person. metric: code, of LEAST_SPREAD. median, spread: in its unit, spread >= 0."""

    metric: int
    median: float
    spread: float

    def numbers(self) -> dict[str, float]:
        """Return it by name, as a finding keeps it."""
        return {"metric": float(self.metric), "median": self.median, "spread": self.spread, "factor": FACTOR}


def baseline_of(numbers: dict[str, float]) -> Baseline:
    """Return the baseline that a finding keeps."""
    return Baseline(int(numbers["metric"]), numbers["median"], numbers["spread"])


def departure(baseline: Baseline, value: float) -> float:
    """Return by how many spreads a value departs from what is usual, >= 0."""
    off = value - baseline.median
    if baseline.metric in ONLY_LOW:
        off = min(0.0, off)
    return abs(off) / max(baseline.spread, LEAST_SPREAD[baseline.metric])


def score(baseline: Baseline, readings: Sequence[Reading]) -> float:
    """Return by how many spreads the median of the readings departs; 0 where none has a value."""
    values = [reading.value for reading in readings if not reading.absence]
    return departure(baseline, median(values)) if values else 0.0


def departed(baseline: Baseline, readings: Sequence[Reading]) -> bool:
    """Say whether the median of ten minutes is far from what is usual.

    readings: of one metric, of the last SPAN_SECONDS, ascending. A reason for absence is no value.
    """
    values = [reading for reading in readings if not reading.absence]
    if len(values) < LEAST_VALUES or values[-1].at - values[0].at < COVERED * 1000 * SPAN_SECONDS:
        return False
    return score(baseline, values) >= FACTOR


def explain(baseline: Baseline, readings: Sequence[Reading]) -> str:
    """Say in one line how far it is from what is usual; no name, no id. readings: as they departed."""
    metric = METRICS[baseline.metric]
    now = median(reading.value for reading in readings if not reading.absence)
    usual = f"{baseline.median:.{metric.decimals}f} ± {max(baseline.spread, LEAST_SPREAD[baseline.metric]):.1f}"
    return f"{metric.name} {now:.{metric.decimals}f} {metric.unit} over {SPAN_SECONDS // 60} minutes, usually {usual} for this person"
