"""The recent readings of one patient by metric, as far as they have arrived: late, out of order or twice.

Each series (one metric of one wearable) follows its own newest arrival, because a wearable that comes back after an hour hands
over that hour while the others are live: its old readings are then a window of their own time, not rubbish.
Nothing but the order of arrival matters, so pushing the same readings in the same order builds the same window again.
"""

from bisect import bisect_right, insort_right
from collections import OrderedDict
from uuid import UUID

from models.coverage import EXPECTED_EVERY_MS, coverage_of
from protocol.metrics import (
    BLOOD_GLUCOSE,
    BODY_TEMPERATURE,
    INTERSTITIAL_GLUCOSE,
    RR_INTERVAL,
    SYSTOLIC_PRESSURE,
)
from protocol.samples import NO_RECORD, Reading

KEEP_MS = 10 * 60_000
"""How far a series reaches back from its newest arrival."""
KEEP_SELDOM_MS = 130 * 60_000
"""A body's temperature, blood pressure and glucose are measured seldom; a forecast of glucose looks back two hours."""
_SELDOM = frozenset({BODY_TEMPERATURE.code, SYSTOLIC_PRESSURE.code, BLOOD_GLUCOSE.code, INTERSTITIAL_GLUCOSE.code})
REMEMBERED_RECORDS = 4096
"""Record numbers a wearable is remembered by, to know a record that is sent again."""


def _at(reading: Reading) -> int:
    return reading.at


def _cut(series: list[Reading], start: int, end: int) -> list[Reading]:
    return series[bisect_right(series, start, key=_at) : bisect_right(series, end, key=_at)]


class PatientWindow:
    """The last minutes of every metric of one patient."""

    def __init__(self) -> None:
        self._series: dict[tuple[int, UUID], list[Reading]] = {}
        self._records: dict[UUID, OrderedDict[int, None]] = {}
        self._latest_record: dict[UUID, int] = {}

    def push(self, reading: Reading) -> bool:
        """Take one reading; False when it had been taken before (a wearable sends again what it was not told to forget)."""
        series = self._series.setdefault((reading.metric, reading.wearable), [])
        if self._is_repeat(reading, series):
            return False
        insort_right(series, reading, key=_at)
        keep = KEEP_SELDOM_MS if reading.metric in _SELDOM else KEEP_MS
        if series[0].at <= reading.at - keep or series[-1].at >= reading.at + keep:
            series[:] = _cut(series, reading.at - keep, reading.at + keep - 1)
        return True

    def _is_repeat(self, reading: Reading, series: list[Reading]) -> bool:
        """Say whether the record came before; a record's readings arrive one after the other, so the newest record may go on."""
        if reading.record == NO_RECORD:
            return False
        records = self._records.setdefault(reading.wearable, OrderedDict())
        if self._latest_record.get(reading.wearable) == reading.record:
            newest = bisect_right(series, reading.at, key=_at)
            return any(other == reading for other in series[max(0, newest - 8) : newest])
        if reading.record in records:
            return True
        records[reading.record] = None
        self._latest_record[reading.wearable] = reading.record
        if len(records) > REMEMBERED_RECORDS:
            records.popitem(last=False)
        return False

    def between(self, metric: int, start: int, end: int) -> tuple[Reading, ...]:
        """Return the readings of `metric` with start < at <= end (ms UTC), by time, then arrival, of all wearables that say it."""
        found = [part for series in self._of(metric) if (part := _cut(series, start, end))]
        if len(found) <= 1:
            return tuple(found[0]) if found else ()
        return tuple(sorted((reading for part in found for reading in part), key=_at))

    def latest(self, metric: int, start: int, end: int) -> Reading | None:
        """Return the newest reading of `metric` with a value and start < at <= end, or None."""
        newest: Reading | None = None
        for series in self._of(metric):
            for position in range(bisect_right(series, end, key=_at) - 1, -1, -1):
                reading = series[position]
                if reading.at <= start or (newest is not None and reading.at <= newest.at):
                    break
                if not reading.absence:
                    newest = reading
                    break
        return newest

    def _of(self, metric: int) -> list[list[Reading]]:
        return [series for (code, _), series in self._series.items() if code == metric]

    def coverage(self, start: int, end: int) -> dict[str, float]:
        """Return received/expected (0..1) over (start, end] for each metric that has a rate, and for intervals between beats."""
        return coverage_of(
            tuple(r for metric in (*EXPECTED_EVERY_MS, RR_INTERVAL.code) for r in self.between(metric, start, end)), end - start
        )
