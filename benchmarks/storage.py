"""How much disk a sample takes: `make bench-storage`; DATA=folder with `ecg/mitdb` and `vitals/bidmc`, REPORT=.

Real ECG (MIT-BIH, 360 Hz) and PPG (BIDMC, 125 Hz) in strips of ten seconds, and real vitals (BIDMC, each second), stored as the ingest worker
stores them: packed, sealed by a data key, copied into PostgreSQL; then counted by the relations' sizes, rows, pages and indexes included.
MEDIASSIST_DATABASE_URL, a superuser's address, measures on that server, in a database of its own that is removed afterwards: with
TimescaleDB, readings are counted again once they lie in its columnstore.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks import data_plane, evidence
from benchmarks.sizes import database_of, move_to_columns, size
from cloud.data_keys.data_key import DataKey
from cloud.migrate import migrate, standing
from cloud.vitals.places import place_of_strip
from cloud.vitals.reading_copy import COPY_READINGS, ReadingColumns, binary_copy
from deploy.local.postgres import temporary
from deploy.local.unprivileged import MayNotEnter
from protocol.waveform import ENCODING, encode_samples
from simulators.wfdb_record import read
from tests.support.clinics import Planter
from tests.support.postgres import PASSWORD, addresses, run

DATA = data_plane.ROOT.parent / "shared" / "data"
SECONDS = 10
START = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNSTORE_GOALS = {"columnstore_bytes_per_reading": ("<=", 3.0)}
GOALS = {"ecg_bytes_per_sample": ("<=", 1.0), "ppg_bytes_per_sample": ("<=", 1.0)}


def ecgs(folder: Path) -> Iterator[tuple[float, NDArray[np.int16]]]:
    """Yield rate and samples of each record of the MIT-BIH folder."""
    for header in sorted(folder.glob("*.hea")):
        for trace in read(header.with_suffix("")).traces:
            yield trace.channel.rate_hz, trace.samples


def ppgs(folder: Path) -> Iterator[tuple[float, NDArray[np.int16]]]:
    """Yield rate and samples of each record of the BIDMC folder."""
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as record:
            yield float(record["fs"]), record["ppg"].astype(np.int16)


def vitals(folder: Path) -> Iterator[NDArray[np.float64]]:
    """Yield a series of values a second, each vital of each record."""
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as record:
            for name in ("hr", "spo2", "rr", "pulse"):
                if name in record:
                    yield record[name].astype(np.float64).ravel()


def store_waveforms(url: str, key: DataKey, series: int, signals: Iterator[tuple[float, NDArray[np.int16]]]) -> int:
    """Store signals one after another as strips of one series; return how many samples."""
    stored, at = 0, START
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for rate, samples in signals:
            length = int(rate * SECONDS)
            for first in range(0, len(samples) - length + 1, length):
                strip = samples[first : first + length]
                sealed = key.seal(encode_samples(strip), place_of_strip(series, at, stored))
                cursor.execute(
                    "insert into waveform(organisation_id, series_id, at, rate_hz, gain, first_sample, samples, encoding, bytes, key_version)"
                    " values (1, %s, %s, %s, 0.005, %s, %s, %s, %s, 1)",
                    [series, at, rate, stored, length, ENCODING, sealed],
                )
                stored, at = stored + length, at + timedelta(seconds=SECONDS)
    return stored


def store_readings(url: str, signals: list[NDArray[np.float64]]) -> int:
    """Store series in batches of ten seconds, as they come from many gateways at once; return how many readings."""
    start, stored = int(START.timestamp() * 1000), 0
    with psycopg.connect(url) as connection:
        for first in range(0, max(map(len, signals)), SECONDS):
            pieces = [(number, values[first : first + SECONDS]) for number, values in enumerate(signals) if len(values) > first]
            value = np.concatenate([piece for _, piece in pieces])
            absent = np.isnan(value)
            second = np.concatenate([first + np.arange(len(piece)) for _, piece in pieces])
            columns = ReadingColumns(
                organisation=np.ones(len(value), dtype=np.int32),
                series=np.concatenate([np.full(len(piece), number + 1, dtype=np.int32) for number, piece in pieces]),
                at=start + 1000 * second.astype(np.int64),
                value=value,
                absence=absent.astype(np.uint8),
                record=(7 << 32) + second.astype(np.int64),
            )
            with connection.cursor() as cursor, cursor.copy(COPY_READINGS) as copy:
                copy.write(binary_copy(columns))
            connection.commit()
            stored += len(value)
    return stored


@contextlib.contextmanager
def server() -> Generator[str]:
    """Yield a superuser's address of an empty database, on the person's own server or on a fresh one; both are gone afterwards."""
    given = os.environ.get("MEDIASSIST_DATABASE_URL")
    if not given:
        with temporary() as url:
            yield url
        return
    name = f"mediassist_bench_storage_{os.getpid()}"
    run(given, "create database {}", name)
    try:
        yield addresses(given, name).superuser
    finally:
        run(given, "drop database {} with (force)", name)


def measure(data: Path) -> tuple[dict[str, float], bool]:
    """Return the figures, and whether the server has TimescaleDB."""
    figures: dict[str, float] = {}
    with server() as url:
        migrate(url, START, watch_password=PASSWORD)
        plant = Planter(database_of(url))
        plant.clinic(1)
        plant.run("select make_partitions(%s, %s)", [START, START + timedelta(days=62)])
        key = DataKey(1, 1, os.urandom(32), os.urandom)
        before = (0, 0)
        for number, (name, signals) in enumerate((("ecg", ecgs(data / "ecg" / "mitdb")), ("ppg", ppgs(data / "vitals" / "bidmc")))):
            samples = store_waveforms(url, key, number + 1, signals)
            now = size(url, "waveform")
            figures[f"{name}_samples"] = samples
            figures[f"{name}_bytes_per_sample"] = round((sum(now) - sum(before)) / samples, 3)
            before = now
        readings = store_readings(url, list(vitals(data / "vitals" / "bidmc")))
        rows, indexes = size(url, "reading")
        figures |= {
            "readings": readings,
            "row_bytes_per_reading": round(rows / readings, 1),
            "index_bytes_per_reading": round(indexes / readings, 1),
        }
        timescaledb = standing(url).timescaledb
        if timescaledb:
            asyncio.run(move_to_columns(database_of(url).watch, START + timedelta(days=400)))
            figures["columnstore_bytes_per_reading"] = round(sum(size(url, "reading")) / readings, 2)
        return figures, timescaledb


def main() -> int:
    """Print the report; 1 when a goal is missed, 2 where it cannot be measured."""
    data = Path(os.environ.get("DATA") or DATA)
    if missing := [str(place) for place in (data / "ecg" / "mitdb", data / "vitals" / "bidmc") if not place.is_dir()]:
        print(f"no recordings in {', '.join(missing)}: set DATA", file=sys.stderr)
        return 2
    try:
        figures, timescaledb = measure(data)
    except MayNotEnter as refused:
        print(refused, file=sys.stderr)
        return 2
    context = {"timescaledb": timescaledb, "strips": f"{SECONDS} s, sealed", "counted": "relations' sizes after vacuum"}
    return evidence.report(figures, GOALS | (COLUMNSTORE_GOALS if timescaledb else {}), context)


if __name__ == "__main__":
    sys.exit(main())
