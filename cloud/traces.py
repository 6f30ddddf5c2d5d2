"""What a screen draws: series of values, waveform strips, last values. Said by HTTP and by the live feed alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from protocol.errors import Malformed
from protocol.metrics import METRICS, Absence
from protocol.waveform import decode_samples

Grain = Literal["reading", "minute", "hour", "day"]
WIDTH: dict[Grain, timedelta] = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one metric, oldest first.

    metric: name in the catalogue. unit: UCUM. decimals: what a screen shows. at: ms since 1970 UTC. value: null where the
    sensor spoke but gave no number, or was not heard; as long as `at`. grain: of what the values are the smallest and the largest, each
    extreme a value of its own: "reading" = nothing was put together.
    """

    metric: str
    unit: str
    decimals: int
    at: list[int]
    value: list[float | None]
    grain: Grain = "reading"


@dataclass(frozen=True, slots=True)
class WaveformOut:
    """Evenly sampled values. at: ms since 1970 UTC of the first. rate_hz: samples a second. values: in `unit`."""

    metric: str
    unit: str
    at: int
    rate_hz: float
    values: list[float]


@dataclass(frozen=True, slots=True)
class LatestValue:
    """The newest value of one metric. value: null exactly when `absence` says why."""

    metric: str
    unit: str
    decimals: int
    value: float | None
    absence: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Point:
    """One reading as it is stored. metric: code."""

    metric: int
    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Outline:
    """The readings from `at` on, for one grain: how many have a value, the smallest and the largest. low, high: None exactly when n is 0."""

    at: datetime
    n: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Strip:
    """One waveform piece as it is stored, its samples packed. metric: code."""

    metric: int
    at: datetime
    rate_hz: float
    gain: float
    samples: int
    encoding: str
    bytes: bytes


def to_ms(at: datetime) -> int:
    """Return milliseconds since 1970 UTC, exactly."""
    return (at - EPOCH) // _MILLISECOND


def from_ms(at: int) -> datetime:
    """Return the instant `at` milliseconds after 1970 UTC."""
    return EPOCH + at * _MILLISECOND


def minutes_of(day: date, zone: ZoneInfo) -> int:
    """Return how many minutes a day has in a zone: 1,440, but for the days of a change of the clock."""
    start, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return int((end - start) / timedelta(minutes=1))


def drawn(metric: int, outlines: Sequence[Outline], grain: Grain) -> list[Point]:
    """Return what a line through `outlines` (ascending) goes through: both extremes of each, and no value where nothing was heard.

    The largest stands half a grain after the smallest: when in that time they were is not kept.
    """
    width = WIDTH[grain]
    points: list[Point] = []
    for outline, following in pairwise([*outlines, None]):
        assert outline is not None
        points.append(Point(metric, outline.at, outline.low))
        if outline.low != outline.high:
            points.append(Point(metric, outline.at + width / 2, outline.high))
        if following is not None and following.at > outline.at + width:
            points.append(Point(metric, outline.at + width, None))
    return points


def series_of(points: Iterable[Point], grain: Grain = "reading") -> list[Series]:
    """Sort points, of any order and metric, into one series a metric, in the catalogue's order."""
    by_metric: dict[int, list[Point]] = {}
    for point in points:
        by_metric.setdefault(point.metric, []).append(point)
    found: list[Series] = []
    for code in sorted(by_metric):
        metric = METRICS[code]
        of_it = sorted(by_metric[code], key=lambda point: point.at)
        found.append(
            Series(metric.name, metric.unit, metric.decimals, [to_ms(point.at) for point in of_it], [point.value for point in of_it], grain)
        )
    return found


def waveform_of(strip: Strip, since: datetime | None = None, until: datetime | None = None) -> WaveformOut | None:
    """Unpack a strip, cut to since <= t < until; None when nothing of it lies there, or it cannot be unpacked."""
    metric = METRICS[strip.metric]
    try:
        samples = decode_samples(strip.encoding, strip.bytes, strip.samples)
    except Malformed:
        return None
    step = timedelta(seconds=1) / strip.rate_hz
    first = 0 if since is None else max(0, -((strip.at - since) // step))
    last = len(samples) if until is None else min(len(samples), -((strip.at - until) // step))
    if first >= last:
        return None
    values: list[float] = np.round(samples[first:last].astype(np.float64) * strip.gain, 6).tolist()
    return WaveformOut(metric.name, metric.unit, to_ms(strip.at + first * step), strip.rate_hz, values)


def latest_value(metric: int, at: datetime, value: float | None, absence: int | None) -> LatestValue:
    """Put a stored reading into words."""
    known = METRICS[metric]
    return LatestValue(known.name, known.unit, known.decimals, value, None if absence is None else Absence(absence).name.lower(), at)
