"""What ingest writes of readings, waveforms and clock evidence, in its own transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cloud.data_keys.data_key import DataKey
from cloud.database import Connection
from cloud.vitals.places import place_of_strip
from protocol.samples import NO_RECORD, SampleBatch, WaveformPiece
from protocol.waveform import ENCODING, encode_samples

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ms: int) -> datetime:
    """Return ms UTC as a datetime."""
    return _EPOCH + timedelta(milliseconds=ms)


@dataclass(frozen=True, slots=True)
class Wearer:
    """Who wears a wearable, in which organisation, and through which gateway it speaks."""

    organisation: int
    patient: UUID
    gateway: UUID


async def series_of(
    connection: Connection, wearers: Mapping[UUID, Wearer], names: Iterable[tuple[UUID, int]]
) -> dict[tuple[UUID, int], int]:
    """Return the series id of each (wearable, metric), made where it was not yet there."""
    wanted = sorted(set(names))
    columns = (
        [wearers[w].organisation for w, _ in wanted],
        [wearers[w].patient for w, _ in wanted],
        [w for w, _ in wanted],
        [metric for _, metric in wanted],
    )
    await connection.execute(
        "insert into series(organisation_id, patient_id, wearable_id, metric)"
        " select * from unnest(%s::int[], %s::uuid[], %s::uuid[], %s::smallint[]) on conflict do nothing",
        columns,
    )
    cursor = await connection.execute(
        "select s.wearable_id, s.metric, s.id from series s"
        " join unnest(%s::int[], %s::uuid[], %s::uuid[], %s::smallint[]) as wanted(o, p, w, m)"
        " on s.wearable_id = w and s.patient_id = p and s.metric = m",
        columns,
    )
    return {(wearable, metric): series for wearable, metric, series in await cursor.fetchall()}


async def add_readings(connection: Connection, wearers: Mapping[UUID, Wearer], batches: Sequence[SampleBatch]) -> int:
    """Insert the readings of batches and their clocks' evidence; return how many readings there were."""
    names: set[tuple[UUID, int]] = set()
    for batch in batches:
        pairs = set(zip(batch.wearable.tolist(), batch.metric.tolist(), strict=True))
        names |= {(batch.wearables[wearable], metric) for wearable, metric in pairs}
    series = await series_of(connection, wearers, names)
    rows = [
        (
            wearers[r.wearable].organisation,
            series[r.wearable, r.metric],
            moment(r.at),
            None if r.absence else r.value,
            int(r.absence) if r.absence else None,
            None if r.record == NO_RECORD else r.record,
        )
        for batch in batches
        for r in batch.readings()
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        await connection.execute(
            "insert into reading(organisation_id, series_id, at, value, absence, record)"
            " select * from unnest(%s::int[], %s::int[], %s::timestamptz[], %s::float8[], %s::smallint[], %s::bigint[])",
            columns,
        )
    clocks = [clock for batch in batches for clock in batch.clocks if clock.wearable in wearers]
    if clocks:
        await connection.execute(
            "insert into clock_evidence(organisation_id, wearable_id, at, offset_ms, drift_ppm, uncertainty_ms)"
            " select * from unnest(%s::int[], %s::uuid[], %s::timestamptz[], %s::float8[], %s::float8[], %s::float8[])",
            (
                [wearers[c.wearable].organisation for c in clocks],
                [c.wearable for c in clocks],
                [moment(c.at) for c in clocks],
                [c.offset_ms for c in clocks],
                [c.drift_ppm for c in clocks],
                [c.uncertainty_ms for c in clocks],
            ),
        )
    return len(rows)


async def add_waveforms(
    connection: Connection, wearers: Mapping[UUID, Wearer], strips: Sequence[WaveformPiece], keys: Mapping[int, DataKey]
) -> None:
    """Insert waveform strips, each sealed by its organisation's key."""
    series = await series_of(connection, wearers, {(strip.wearable, strip.metric) for strip in strips})
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "insert into waveform(organisation_id, series_id, at, rate_hz, gain, first_sample, samples, encoding, bytes, key_version)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [_row(keys[wearers[strip.wearable].organisation], series[strip.wearable, strip.metric], strip) for strip in strips],
        )


def _row(key: DataKey, series: int, strip: WaveformPiece) -> tuple[object, ...]:
    at = moment(strip.at)
    sealed = key.seal(encode_samples(strip.samples), place_of_strip(series, at, strip.first_sample))
    return (
        *(key.organisation, series, at, strip.rate_hz, strip.gain, strip.first_sample, len(strip.samples)),
        *(ENCODING, sealed, key.version),
    )


async def make_room(connection: Connection, times: Sequence[int]) -> None:
    """Make the partitions that these times (ms UTC) fall into, where the worker has not made them ahead: a clock may be wrong by years.

    One statement, whatever the times; under TimescaleDB, where reading has no partitions, it looks at one row of the catalogue.
    """
    months = sorted({moment(at).strftime("%Y-%m-01") for at in times})
    if months:
        await connection.execute(
            "select make_partitions(first, first) from pg_class,"
            " unnest(%s::text[]::timestamptz[], %s::text[]) as months(first, partition)"
            " where pg_class.oid = 'public.reading'::regclass and relkind = 'p' and to_regclass(partition) is null",
            ([f"{month} 00:00+00" for month in months], [f"public.reading_{month[:4]}_{month[5:7]}" for month in months]),
        )


async def make_ahead(connection: Connection, since: datetime, until: datetime) -> None:
    """Make the partitions from one moment to another, before anything needs them."""
    await connection.execute("select make_partitions(%s, %s)", (since, until))
