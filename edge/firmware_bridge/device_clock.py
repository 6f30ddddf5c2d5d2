"""When was it, by UTC? A wearable's own clock mapped to the gateway's, from when its records arrived.

A record arrives after it was measured, never before: arrival - ticks is the clock's offset plus a delay of unknown length,
so the truth lies on the lower envelope of what was seen. Records sent again late lie far above it and change nothing.
The two clocks drift apart by a few parts in a million; over long spans the envelope's slope tells how fast.
"""

import json
from dataclasses import dataclass
from statistics import fmean, median
from uuid import UUID

from protocol.errors import Malformed
from protocol.samples import ClockEvidence

WORST_DRIFT = 200e-6
"""No quartz of a wearable is worse: 200 ppm."""

_BUCKET_MS = 20_000
_MOST_POINTS = 48
_LONG_SPAN_MS = 600_000
_FEWEST_FOR_DRIFT = 5
_SHORTEST_DELAY_MS = 15.0
"""About what radio and stack take at best: half a connection interval and more."""


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """What is known of one session of one wearable's clock; the empty one knows nothing.

    envelope: (ticks_ms, arrival - ticks in ms), rising ticks, the earliest arrivals only; at most 48.
    """

    envelope: tuple[tuple[int, int], ...] = ()


def observe(clock: DeviceClock, ticks_ms: int, arrived_at: int) -> DeviceClock:
    """Take one record's evidence; the clock itself comes back where it teaches nothing.

    ticks_ms: ms since the session began, by the wearable. arrived_at: ms UTC, by the gateway.
    """
    seen = (ticks_ms, arrived_at - ticks_ms)
    if any(
        offset + WORST_DRIFT * abs(ticks - ticks_ms) <= seen[1] and _near(ticks, ticks_ms) for ticks, offset in reversed(clock.envelope)
    ):
        return clock
    if _bound(clock.envelope, ticks_ms) < seen[1]:
        return clock
    kept = [
        point
        for point in clock.envelope
        if point[1] < seen[1] + WORST_DRIFT * abs(point[0] - ticks_ms) and not (_near(point[0], ticks_ms) and point[1] >= seen[1])
    ]
    return DeviceClock(_thinned(sorted([*kept, seen])))


def to_utc(clock: DeviceClock, ticks_ms: int) -> int:
    """Return when the wearable's clock showed `ticks_ms`, ms UTC.

    Raises:
        Malformed: nothing was observed yet.
    """
    return round(ticks_ms + _offset(clock, ticks_ms))


def evidence(clock: DeviceClock, wearable: UUID, at: int) -> ClockEvidence:
    """Return how ticks are mapped now; `at` is ms UTC, and stands in the evidence.

    Raises:
        Malformed: nothing was observed yet.
    """
    slope = _slope(clock)
    newest = _newest(clock)
    spread = median(offset - _offset(clock, ticks) for ticks, offset in clock.envelope)
    unknown_drift = WORST_DRIFT if slope is None else WORST_DRIFT / 10
    age = max(0.0, at - newest - _offset(clock, newest))
    uncertainty = _SHORTEST_DELAY_MS + max(0.0, spread) + unknown_drift * age
    drift_ppm = 0.0 if slope is None else -slope * 1e6
    return ClockEvidence(wearable, at, _offset(clock, newest), drift_ppm, uncertainty)


def write_clock(clock: DeviceClock) -> str:
    """Return the JSON that `read_clock` reads, so that a clock outlives its process."""
    return json.dumps(clock.envelope)


def read_clock(text: str) -> DeviceClock:
    """Read what `write_clock` wrote.

    Raises:
        Malformed: it did not write this.
    """
    try:
        return DeviceClock(tuple((int(ticks), int(offset)) for ticks, offset in json.loads(text)))
    except (ValueError, TypeError) as error:
        raise Malformed(f"{text[:80]!r} is no device clock") from error


def _near(ticks: int, other: int) -> bool:
    return abs(ticks - other) < _BUCKET_MS


def _bound(envelope: tuple[tuple[int, int], ...], ticks_ms: int) -> float:
    """The highest offset possible at `ticks_ms`, given every point and the worst drift."""
    return min((offset + WORST_DRIFT * abs(ticks - ticks_ms) for ticks, offset in envelope), default=float("inf"))


def _thinned(points: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Keep at most `_MOST_POINTS`: of the two that stand closest together, the one that tells less goes."""
    while len(points) > _MOST_POINTS:
        gaps = [points[i + 1][0] - points[i][0] for i in range(len(points) - 1)]
        closest = gaps.index(min(gaps))
        first, second = points[closest], points[closest + 1]
        points.remove(first if first[1] >= second[1] and closest > 0 else second)
    return tuple(points)


def _newest(clock: DeviceClock) -> int:
    if not clock.envelope:
        raise Malformed("a device clock that has seen no record tells no time")
    return clock.envelope[-1][0]


def _slope(clock: DeviceClock) -> float | None:
    """How the offset changes (ms per ms), by least squares; None over a span too short to tell."""
    points = clock.envelope
    if len(points) < _FEWEST_FOR_DRIFT or points[-1][0] - points[0][0] < _LONG_SPAN_MS:
        return None
    middle_ticks, middle_offset = fmean(ticks for ticks, _ in points), fmean(offset for _, offset in points)
    spread = sum((ticks - middle_ticks) ** 2 for ticks, _ in points)
    slope = sum((ticks - middle_ticks) * (offset - middle_offset) for ticks, offset in points) / spread
    return max(-WORST_DRIFT, min(WORST_DRIFT, slope))


def _offset(clock: DeviceClock, ticks_ms: int) -> float:
    """Offset at `ticks_ms`: the line under all points where the slope is known, else the lowest point possible."""
    _newest(clock)
    slope = _slope(clock)
    if slope is None:
        return min(offset for _, offset in clock.envelope)
    return min(offset + slope * (ticks_ms - ticks) for ticks, offset in clock.envelope)
