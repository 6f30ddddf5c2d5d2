"""Is a vital outside its patient's limits, and was it so for long enough? The cloud and the gateways ask alike. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from protocol.findings import Detector
from protocol.metrics import METRICS
from protocol.samples import Reading

VERSION = "1"
DETECTOR = Detector("threshold", VERSION, sha256(b"mediassist threshold rule " + VERSION.encode()).hexdigest())
COVERED = 0.8
"""Of the time that it must have lasted, this much must lie between the first and the last value: two values are no minute."""

STALE_MS = 60_000
"""Nothing is concluded from values that end longer ago; silence is an alert of its own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is in order: low <= value <= high; None: no limit. for_seconds: how long it must have been otherwise."""

    low: float | None
    high: float | None
    for_seconds: int

    def numbers(self, metric: int) -> dict[str, float]:
        """Return the limits of a metric (code) by name, as a finding keeps them."""
        given = {"metric": float(metric), "low": self.low, "high": self.high, "for_seconds": float(self.for_seconds)}
        return {name: value for name, value in given.items() if value is not None}


def limits_of(numbers: dict[str, float]) -> Limits:
    """Return limits from what a finding keeps."""
    return Limits(numbers.get("low"), numbers.get("high"), int(numbers["for_seconds"]))


def distance(limits: Limits, value: float) -> float:
    """Return how far a value lies outside its limits, in its unit; 0: not at all."""
    below = 0.0 if limits.low is None else limits.low - value
    above = 0.0 if limits.high is None else value - limits.high
    return max(0.0, below, above)


def score(limits: Limits, readings: Sequence[Reading]) -> float:
    """Return the least distance of all values: how far outside the vital has been all the time. 0 where there is none."""
    return min((distance(limits, reading.value) for reading in readings if not reading.absence), default=0.0)


def breached(limits: Limits, readings: Sequence[Reading], now: int) -> bool:
    """Say whether all values of the last `for_seconds` lie outside, on one side or the other, and cover that time.

    readings: of one metric, now - for_seconds <= at <= now, ascending. now: ms UTC. A reason for absence is no value.
    """
    values = [reading for reading in readings if not reading.absence]
    if not values or now - values[-1].at > STALE_MS:
        return False
    lasted = values[-1].at - values[0].at
    return lasted >= COVERED * 1000 * limits.for_seconds and score(limits, values) > 0


def explain(limits: Limits, last: Reading) -> str:
    """Say in one line what was left, for how long, and on which side; no name, no id. last: the newest value, outside."""
    metric = METRICS[last.metric]
    below = limits.low is not None and last.value < limits.low
    side, bound = ("below", limits.low) if below else ("above", limits.high)
    return f"{metric.name} {last.value:.{metric.decimals}f} {metric.unit}, for {limits.for_seconds} s {side} {bound:g}"
