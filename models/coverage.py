"""How much of a window was measured, metric by metric: what a finding says beside its score, since what is missing calms nobody."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, METRICS, PULSE_RATE, RESPIRATORY_RATE, RR_INTERVAL, SPO2
from protocol.samples import Reading

EXPECTED_EVERY_MS: Mapping[int, int] = MappingProxyType(
    {
        HEART_RATE.code: 1_000,
        PULSE_RATE.code: 1_000,
        SPO2.code: 1_000,
        RESPIRATORY_RATE.code: 5_000,
        BODY_TEMPERATURE.code: 60_000,
    }
)
"""How often a wearable is expected to say a metric. Intervals between beats are expected to fill the time instead."""

_MARGIN_MS = 2_000


def coverage_of(readings: Sequence[Reading], span_ms: int) -> dict[str, float]:
    """Return received/expected (0..1) of what fell into `span_ms`; a reading without a value was not received."""
    counts = dict.fromkeys(EXPECTED_EVERY_MS, 0)
    beating = 0.0
    for reading in readings:
        if reading.absence:
            continue
        if reading.metric in counts:
            counts[reading.metric] += 1
        elif reading.metric == RR_INTERVAL.code:
            beating += reading.value
    covered = {METRICS[code].name: min(1.0, count * EXPECTED_EVERY_MS[code] / span_ms) for code, count in counts.items()}
    # The first interval began before the window did: allow for it at the rim.
    covered[RR_INTERVAL.name] = min(1.0, beating / max(1, span_ms - _MARGIN_MS))
    return covered
