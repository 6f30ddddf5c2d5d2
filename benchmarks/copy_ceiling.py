"""The ceiling of ingestion: binary COPY of rows that were packed before, into the same table, and nothing else."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psycopg

from benchmarks.data_plane import cpu_seconds
from cloud.vitals.reading_copy import COPY_READINGS, ReadingColumns, binary_copy
from simulators.fleet_gateway import METRICS, READINGS, SECONDS

MESSAGES = 500
"""Messages a transaction."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """rows: stored. seconds: wall. client_cpu, server_cpu: seconds."""

    rows: int
    seconds: float
    client_cpu: float
    server_cpu: float

    @property
    def per_core_second(self) -> float:
        """Return rows a second of CPU, both processes counted."""
        return self.rows / (self.client_cpu + self.server_cpu)


def measure(url: str, postmaster: int, series: int, start: int, transactions: int) -> Ceiling:
    """Copy `transactions` times 15,000 rows, as they come from 500 gateways each, over two connections at once.

    Two, so that both cores are busy as they are under load: a core alone is faster. series: 3 a gateway exist. start: ms UTC.
    """
    streams = [_stream(number, series, start) for number in range(transactions)]
    server, client, began = cpu_seconds(postmaster), time.process_time(), time.monotonic()
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda mine: _copy(url, mine), (streams[::2], streams[1::2])))
    seconds, client = time.monotonic() - began, time.process_time() - client
    return Ceiling(transactions * MESSAGES * READINGS, seconds, client, cpu_seconds(postmaster) - server)


def _copy(url: str, streams: Sequence[bytes]) -> None:
    with psycopg.connect(url) as connection:
        for stream in streams:
            with connection.cursor() as cursor, cursor.copy(COPY_READINGS) as copy:
                copy.write(stream)
            connection.commit()


def _stream(number: int, series: int, start: int) -> bytes:
    gateways = series // len(METRICS)
    gateway = (number * MESSAGES + np.arange(MESSAGES)) % gateways
    turn = number * MESSAGES // gateways
    metric = np.tile(np.arange(len(METRICS)), SECONDS)
    second = np.repeat(np.arange(SECONDS), len(METRICS))
    n = MESSAGES * READINGS
    return binary_copy(
        ReadingColumns(
            organisation=np.ones(n, dtype=np.int32),
            series=(gateway[:, None] * len(METRICS) + metric + 1).astype(np.int32).ravel(),
            at=(start + 1000 * (turn * SECONDS + np.broadcast_to(second, (MESSAGES, READINGS)))).astype(np.int64).ravel(),
            value=np.full(n, 72.0),
            absence=np.zeros(n, dtype=np.uint8),
            record=np.arange(n, dtype=np.int64),
        )
    )
