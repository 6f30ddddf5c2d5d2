"""SQL of readings and waveforms."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.rows import TupleRow, class_row

from cloud.data_keys.data_key import KeyRing
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Connection, naming, value_of
from cloud.traces import WIDTH, Grain, Outline, Point, Strip
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


_ROLL_UPS: dict[Grain, str] = {"minute": "own_reading_by_minute", "hour": "own_reading_by_hour", "day": "own_reading_by_day"}


async def outlines(connection: Connection, series: Sequence[SeriesKey], grain: Grain, since: datetime, until: datetime) -> list[Outline]:
    """Return the roll-up by `grain` of series of one metric that overlaps since <= t < until, oldest first, as if they were one series."""
    async with connection.cursor(row_factory=class_row(Outline)) as cursor:
        await cursor.execute(
            naming(
                """select at, sum(n)::int as n, min(low) as low, max(high) as high from {}
                   where series_id = any(%s) and at > %s and at < %s group by at order by at""",
                _ROLL_UPS[grain],
            ),
            [[key.id for key in series], since - WIDTH[grain], until],
        )
        return await cursor.fetchall()


async def rolled_up_until(connection: Connection) -> datetime:
    """Return before when every reading is in the roll-ups."""
    done = await value_of(connection, "select done from roll_up")
    assert isinstance(done, datetime)
    return done


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How a metric was covered on one of the patient's local days, by the wearable that covered it best.

    minutes: with at least one value. readings, absent: of all wearables, with a value and with a reason for its absence.
    """

    metric: int
    day: date
    minutes: int
    readings: int
    absent: int


async def coverage(connection: Connection, patient: UUID, since: date, until: date) -> list[CoverageRow]:
    """Return the coverage of a patient's metrics on since <= day < until, by day and metric."""
    async with connection.cursor(row_factory=class_row(CoverageRow)) as cursor:
        await cursor.execute(
            """select s.metric::int as metric, c.day, max(c.minutes) as minutes, sum(c.readings)::int as readings, sum(c.absent)::int as absent
               from series s join own_coverage c on c.series_id = s.id
               where s.patient_id = %s and c.day >= %s and c.day < %s group by 1, 2 order by 2, 1""",
            [patient, since, until],
        )
        return await cursor.fetchall()


async def zone_of(connection: Connection, patient: UUID) -> str | None:
    """Return a patient's zone (IANA), or None where the organisation has no such patient."""
    cursor = await connection.execute("select zone from patient where id = %s", [patient])
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


@asynccontextmanager
async def readings_in_pages(
    connection: Connection, patient: UUID, since: datetime, until: datetime, rows: int
) -> AsyncGenerator[AsyncGenerator[list[TupleRow]]]:
    """Read a patient's readings, since <= at < until, in pages of `rows`: (at, wearable, metric, value, absence, record).

    By series, each oldest first: nothing has to be sorted, and one page is all that is in memory.
    """
    async with connection.cursor(name="readings_in_pages") as cursor:
        await cursor.execute(
            """select r.at, s.wearable_id, s.metric::int, r.value, r.absence::int, r.record
               from (select id, wearable_id, metric from series where patient_id = %s order by metric, id) s
               cross join lateral (
                   select at, value, absence, record from own_reading where series_id = s.id and at >= %s and at < %s order by at
               ) r""",
            [patient, since, until],
        )

        async def pages() -> AsyncGenerator[list[TupleRow]]:
            while page := await cursor.fetchmany(rows):
                yield page

        yield pages()


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
