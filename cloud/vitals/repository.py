"""SQL of readings and waveforms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import TupleRow, class_row

from cloud.data_keys.data_key import KeyRing
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Connection
from cloud.traces import Point, Strip
from cloud.vitals.places import place_of_strip

LONGEST_PIECE = timedelta(seconds=60)
"""No stored waveform piece lasts longer; older ones cannot reach into a window."""


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """A series of a patient. metric: code."""

    id: int
    metric: int


async def series_keys(connection: Connection, patient: UUID, metrics: Sequence[int]) -> list[SeriesKey]:
    """Return the series that a patient has of these metrics; several wearables may give the same one."""
    async with connection.cursor(row_factory=class_row(SeriesKey)) as cursor:
        await cursor.execute(
            "select id, metric::int as metric from series where patient_id = %s and metric = any(%s) order by metric, id",
            [patient, list(metrics)],
        )
        return await cursor.fetchall()


async def points(connection: Connection, series: Sequence[SeriesKey], since: datetime, until: datetime, limit: int) -> list[Point]:
    """Return the readings since <= at < until of series of one metric, oldest first, at most `limit`."""
    async with connection.cursor(row_factory=class_row(Point)) as cursor:
        await cursor.execute(
            """select %s::int as metric, at, value from own_reading
               where series_id = any(%s) and at >= %s and at < %s order by at limit %s""",
            [series[0].metric, [key.id for key in series], since, until, limit],
        )
        return await cursor.fetchall()


async def thinned_points(
    connection: Connection, series: Sequence[SeriesKey], since: datetime, until: datetime, buckets: int
) -> list[Point]:
    """Return the smallest and the largest reading of each of `buckets` equal parts of since <= at < until, oldest first.

    A part in which the sensor only gave reasons for absence keeps one point without a value, so that a gap stays a gap.
    """
    metric = series[0].metric
    cursor = await connection.execute(
        """select (array_agg(at order by value, at) filter (where value is not null))[1], min(value),
                  (array_agg(at order by value desc, at) filter (where value is not null))[1], max(value), min(at)
           from own_reading
           where series_id = any(%(series)s) and at >= %(since)s and at < %(until)s
           group by date_bin(%(width)s, at, %(since)s) order by min(at)""",
        {"series": [key.id for key in series], "since": since, "until": until, "width": (until - since) / buckets},
    )
    found: list[Point] = []
    for at_low, low, at_high, high, first in await cursor.fetchall():
        if low is None:
            found.append(Point(metric, first, None))
            continue
        pair = [Point(metric, at_low, low), Point(metric, at_high, high)]
        found.extend(sorted(pair, key=lambda point: point.at) if at_low != at_high or low != high else pair[:1])
    return found


async def strips(connection: Connection, data_keys: DataKeys, series: Sequence[SeriesKey], since: datetime, until: datetime) -> list[Strip]:
    """Return the waveform pieces that may reach into since <= t < until, oldest first.

    Raises:
        Destroyed: the key of one of them is. SealBroken: one was altered.
    """
    metric = {key.id: key.metric for key in series}
    cursor = await connection.execute(
        """select series_id, first_sample, key_version, at, rate_hz, gain, samples, encoding, bytes from waveform
           where series_id = any(%s) and at >= %s and at < %s order by at""",
        [list(metric), since - LONGEST_PIECE, until],
    )
    rows = await cursor.fetchall()
    ring = await data_keys.for_reading(connection, (row[2] for row in rows))
    return [_strip(ring, metric[row[0]], row) for row in rows]


async def newest_readings(connection: Connection, series: Sequence[SeriesKey]) -> dict[int, datetime]:
    """Return when the newest reading of each series was measured; a series without one is not in it."""
    cursor = await connection.execute(
        "select series_id, at from newest_reading where series_id = any(%s)",
        [[key.id for key in series]],
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def newest_strips(connection: Connection, series: Sequence[SeriesKey]) -> dict[int, datetime]:
    """Return when the newest waveform piece of each series began; a series without one is not in it."""
    cursor = await connection.execute(
        """select s.id, w.at from unnest(%s::int[]) s (id)
           cross join lateral (select at from waveform where series_id = s.id order by at desc limit 1) w""",
        [[key.id for key in series]],
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def readings_since(
    connection: Connection, since: Mapping[int, datetime], limit: int
) -> list[tuple[int, int, datetime, float | None]]:
    """Return series, record, time and value of each reading at or after its series' `since`, at most `limit` a series, oldest first."""
    cursor = await connection.execute(
        """select s.id, coalesce(r.record, -1), r.at, r.value from unnest(%s::int[], %s::timestamptz[]) s (id, since)
           cross join lateral (
               select at, value, record from own_reading where series_id = s.id and at >= s.since order by at limit %s
           ) r""",
        [list(since.keys()), list(since.values()), limit],
    )
    return [(row[0], row[1], row[2], row[3]) for row in await cursor.fetchall()]


async def strips_since(
    connection: Connection, data_keys: DataKeys, series: Sequence[SeriesKey], since: Mapping[int, datetime], limit: int
) -> list[tuple[int, int, Strip]]:
    """Return series, first sample's number and piece at or after its series' `since`, at most `limit` a series, oldest first.

    A piece whose key is destroyed is no news.
    """
    metric = {key.id: key.metric for key in series}
    cursor = await connection.execute(
        """select s.id, w.first_sample, w.key_version, w.at, w.rate_hz, w.gain, w.samples, w.encoding, w.bytes
           from unnest(%s::int[], %s::timestamptz[]) s (id, since)
           cross join lateral (
               select at, rate_hz, gain, first_sample, samples, encoding, bytes, key_version from waveform
               where series_id = s.id and at >= s.since order by at limit %s
           ) w""",
        [list(since.keys()), list(since.values()), limit],
    )
    rows = await cursor.fetchall()
    ring = await data_keys.for_reading(connection, (row[2] for row in rows))
    return [(row[0], row[1], _strip(ring, metric[row[0]], row)) for row in rows if ring.has(row[2])]


def _strip(ring: KeyRing, metric: int, row: TupleRow) -> Strip:
    """Open a row: series, first sample, key version, at, rate, gain, samples, encoding, bytes."""
    series, first_sample, version, at, rate_hz, gain, samples, encoding, stored = row
    return Strip(metric, at, rate_hz, gain, samples, encoding, ring.open(version, stored, place_of_strip(series, at, first_sample)))


async def has_patient(connection: Connection, patient: UUID) -> bool:
    """Say whether the organisation has this patient."""
    cursor = await connection.execute("select from patient where id = %s", [patient])
    return await cursor.fetchone() is not None
