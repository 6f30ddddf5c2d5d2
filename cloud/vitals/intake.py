"""What ingest writes of readings, waveforms and clock evidence, in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from cloud.data_keys.data_key import DataKey
from cloud.database import Connection, value_of
from cloud.packed import floats, ints, moments, uuids
from cloud.vitals.places import place_of_strip
from cloud.vitals.reading_copy import COPY_READINGS, ReadingColumns, binary_copy
from cloud.vitals.series_register import SeriesRegister
from cloud.vitals.wearer import Wearer
from protocol.joined_batches import ClockRow, JoinedBatches
from protocol.samples import WaveformPiece
from protocol.waveform import ENCODING, encode_samples

HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ms: int) -> datetime:
    """Return ms UTC as a datetime."""
    return _EPOCH + timedelta(milliseconds=ms)


async def add_readings(
    connection: Connection, register: SeriesRegister, wearers: Mapping[bytes, Wearer], batches: JoinedBatches, taken: NDArray[np.bool_]
) -> int:
    """Copy the readings of those bodies that are `taken`, shape (bodies,), and insert their clocks' evidence; return how many there were.

    Every wearable that a taken body lists must be among `wearers`.
    """
    rows = taken[batches.number]
    if rows.any():
        places, firsts = _places(register, wearers, batches, taken)
        place = places[firsts[batches.number[rows]] + batches.wearable[rows]]
        readings = ReadingColumns(
            organisation=register.organisations(place),
            series=await register.series(place, batches.metric[rows]),
            at=batches.at[rows],
            value=batches.value[rows],
            absence=batches.absence[rows],
            record=batches.record[rows],
        )
        async with connection.cursor() as cursor, cursor.copy(COPY_READINGS) as copy:
            await copy.write(binary_copy(readings))
        await _mark_late(connection, readings)
    await _add_clocks(connection, wearers, [clock for clock in batches.clocks if taken[clock.number] and clock.wearable in wearers])
    return int(rows.sum())


async def _mark_late(connection: Connection, readings: ReadingColumns) -> None:
    """Mark the hours of readings that came after their minute was added up (cloud/vitals/roll_up.py).

    The watermark is asked in a statement of its own, after the ledger's insert has given this transaction its number.
    """
    promised = await value_of(connection, "select (extract(epoch from promised) * 1000)::bigint from roll_up")
    assert isinstance(promised, int)
    late = readings.at < promised
    if late.any():
        hours = np.unique(np.stack([readings.series[late].astype(np.int64), readings.at[late] // HOUR_MS]), axis=1)
        await connection.execute(
            "insert into roll_up_late (series_id, hour) select * from unnest(%s, %s)",
            (ints(hours[0].tolist()), moments((hours[1] * HOUR_MS).tolist())),
        )


def _places(
    register: SeriesRegister, wearers: Mapping[bytes, Wearer], batches: JoinedBatches, taken: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of all listed wearables, body after body, and where each body's begin."""
    places: list[int] = []
    firsts = np.zeros(len(batches.bodies), dtype=np.intp)
    for body in batches.bodies:
        if body is not None:
            firsts[body.number] = len(places)
            if taken[body.number]:
                places.extend([register.place(wearers[wearable]) for wearable in body.wearables])
    return np.array(places, dtype=np.intp), firsts


async def _add_clocks(connection: Connection, wearers: Mapping[bytes, Wearer], clocks: Sequence[ClockRow]) -> None:
    if clocks:
        await connection.execute(
            "insert into clock_evidence(organisation_id, wearable_id, at, offset_ms, drift_ppm, uncertainty_ms)"
            " select * from unnest(%s, %s, %s, %s, %s, %s)",
            (
                ints([wearers[clock.wearable].organisation for clock in clocks]),
                uuids([clock.wearable for clock in clocks]),
                moments([clock.at for clock in clocks]),
                floats([clock.offset_ms for clock in clocks]),
                floats([clock.drift_ppm for clock in clocks]),
                floats([clock.uncertainty_ms for clock in clocks]),
            ),
        )


async def add_waveforms(
    connection: Connection,
    register: SeriesRegister,
    wearers: Mapping[bytes, Wearer],
    strips: Sequence[WaveformPiece],
    keys: Mapping[int, DataKey],
) -> None:
    """Insert waveform strips, each sealed by its organisation's key."""
    owners = [wearers[strip.wearable.bytes] for strip in strips]
    places = np.array([register.place(owner) for owner in owners], dtype=np.intp)
    series = (await register.series(places, np.array([strip.metric for strip in strips], dtype=np.uint16))).tolist()
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "insert into waveform(organisation_id, series_id, at, rate_hz, gain, first_sample, samples, encoding, bytes, key_version)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [_row(keys[owner.organisation], each, strip) for owner, each, strip in zip(owners, series, strips, strict=True)],
        )


def _row(key: DataKey, series: int, strip: WaveformPiece) -> tuple[object, ...]:
    at = moment(strip.at)
    sealed = key.seal(encode_samples(strip.samples), place_of_strip(series, at, strip.first_sample))
    return (
        *(key.organisation, series, at, strip.rate_hz, strip.gain, strip.first_sample, len(strip.samples)),
        *(ENCODING, sealed, key.version),
    )


async def make_room(connection: Connection, times: NDArray[np.int64]) -> None:
    """Make the partitions that these times (ms UTC) fall into, where the worker has not made them ahead: a clock may be wrong by years.

    One statement, whatever the times; under TimescaleDB, where reading has no partitions, it looks at one row of the catalogue.
    """
    months: list[str] = np.unique(times.astype("datetime64[ms]").astype("datetime64[M]")).astype(str).tolist()
    if months:
        await connection.execute(
            "select make_partitions(first, first) from pg_class,"
            " unnest(%s::text[]::timestamptz[], %s::text[]) as months(first, partition)"
            " where pg_class.oid = 'public.reading'::regclass and relkind = 'p' and to_regclass(partition) is null",
            ([f"{month}-01 00:00+00" for month in months], [f"public.reading_{month.replace('-', '_')}" for month in months]),
        )


async def make_ahead(connection: Connection, since: datetime, until: datetime) -> None:
    """Make the partitions from one moment to another, before anything needs them."""
    await connection.execute("select make_partitions(%s, %s)", (since, until))
