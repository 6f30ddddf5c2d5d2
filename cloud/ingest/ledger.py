"""The ledger of delivery in PostgreSQL: what is stored, once; what was given up; how far each epoch is complete.

One READ COMMITTED transaction a batch: `enter` first, then `progress` in a statement of its own (D8; read before, a fold between
the two would let a repeat in). Rows go in sorted, so that two workers cannot deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np

from cloud.database import Connection
from cloud.ingest.unsealing import EpochName, Name, counter_of
from cloud.packed import PackedArray, bigints, byteas, uuids
from protocol.message import GivenUp


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """An opening as the database keeps it. wrapped_secret, receipt_key: under the key-encryption key."""

    gateway: UUID
    epoch: bytes
    organisation: int
    certificate_id: bytes
    ingest_key_id: bytes
    made_at: int
    wrapped_secret: bytes
    receipt_key: bytes
    previous: bytes | None
    previous_count: int
    previous_head: bytes


class Entry(NamedTuple):
    """A message that wants into the ledger. previous: 32 bytes; zeros for an opening, which has no predecessor."""

    name: Name
    sha256: bytes
    previous: bytes


_NAMES = np.dtype([("gateway", "V16"), ("epoch", "V16"), ("counter", ">i8")])
_EPOCHS = np.dtype([("gateway", "V16"), ("epoch", "V16")])


def _columns(names: Sequence[Name]) -> tuple[PackedArray, PackedArray, PackedArray]:
    columns = np.frombuffer(b"".join(names), dtype=_NAMES)
    return uuids(columns["gateway"]), byteas(columns["epoch"], 16), bigints(columns["counter"])


def epoch_columns(epochs: Sequence[EpochName]) -> tuple[PackedArray, PackedArray]:
    """Return gateways and epochs as parameters."""
    columns = np.frombuffer(b"".join(epochs), dtype=_EPOCHS)
    return uuids(columns["gateway"]), byteas(columns["epoch"], 16)


async def open_epochs(connection: Connection, openings: Sequence[OpeningRow]) -> None:
    """Insert epochs that are new, and what their openings state of the epochs before them."""
    rows = sorted(openings, key=lambda row: row.gateway.bytes + row.epoch)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "insert into epoch(gateway_id, epoch, organisation_id, certificate_id, ingest_key_id, made_at, wrapped_secret, receipt_key)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [
                (
                    *(o.gateway, o.epoch, o.organisation, o.certificate_id, o.ingest_key_id),
                    *(datetime.fromtimestamp(o.made_at / 1000, UTC), o.wrapped_secret, o.receipt_key),
                )
                for o in rows
            ],
        )
        await cursor.executemany(
            "insert into epoch_end(gateway_id, epoch, successor, count, head) values (%s, %s, %s, %s, %s) on conflict do nothing",
            [(o.gateway, o.previous, o.epoch, o.previous_count, o.previous_head) for o in rows if o.previous is not None],
        )


async def enter(connection: Connection, entries: Iterable[Entry]) -> dict[Name, str]:
    """Enter messages (each name once); return the status of those that were not there: stored, or filled (had been given up)."""
    rows = sorted(entries)
    cursor = await connection.execute(
        "insert into ledger(gateway_id, epoch, counter, status, sha256, prev)"
        " select g, e, c, 'stored', s, p from unnest(%s, %s, %s, %s, %s) as new(g, e, c, s, p)"
        " on conflict (gateway_id, epoch, counter) do update"
        " set status = 'filled', sha256 = excluded.sha256, prev = excluded.prev where ledger.status = 'gap'"
        " returning uuid_send(gateway_id) || epoch || int8send(counter), status",
        (*_columns([row.name for row in rows]), byteas([row.sha256 for row in rows], 32), byteas([row.previous for row in rows], 32)),
        binary=True,
    )
    return dict(await cursor.fetchall())


async def enter_gaps(connection: Connection, names: Iterable[Name]) -> list[Name]:
    """Enter counters that were given up and that the ledger does not have; return those."""
    rows = sorted(set(names))
    if not rows:
        return []
    cursor = await connection.execute(
        "insert into ledger(gateway_id, epoch, counter, status) select g, e, c, 'gap' from unnest(%s, %s, %s) as new(g, e, c)"
        " on conflict (gateway_id, epoch, counter) do nothing returning uuid_send(gateway_id) || epoch || int8send(counter)",
        _columns(rows),
        binary=True,
    )
    return [name for (name,) in await cursor.fetchall()]


async def progress(connection: Connection, epochs: Iterable[EpochName]) -> dict[EpochName, tuple[int, bytes | None]]:
    """Return (done_upto, head) of epochs that are stored. To be called after `enter`, never before."""
    cursor = await connection.execute(
        "select uuid_send(gateway_id) || epoch, done_upto, head from epoch join unnest(%s, %s) as wanted(g, e)"
        " on gateway_id = g and epoch = e",
        epoch_columns(sorted(epochs)),
        binary=True,
    )
    return {epoch: (done, head) for epoch, done, head in await cursor.fetchall()}


def taken(
    statuses: Mapping[Name, str], gaps: Iterable[Name], done: Mapping[EpochName, tuple[int, bytes | None]]
) -> tuple[set[Name], set[Name]]:
    """Decide: return (messages to store, rows to delete again because a fold had passed them)."""
    late = {name for name, status in statuses.items() if status == "stored" and counter_of(name) <= done[name[:32]][0]}
    late_gaps = {name for name in gaps if counter_of(name) <= done.get(name[:32], (-1, None))[0]}
    return set(statuses) - late, late | late_gaps


async def forget(connection: Connection, names: Iterable[Name]) -> None:
    """Delete ledger rows of repeats that came after a fold."""
    rows = sorted(names)
    if rows:
        await connection.execute(
            "delete from ledger using unnest(%s, %s, %s) as late(g, e, c) where gateway_id = g and epoch = e and counter = c",
            _columns(rows),
        )


async def note_given_up(connection: Connection, organisations: Mapping[bytes, int], gaps: Sequence[tuple[bytes, GivenUp]]) -> None:
    """Write down what gateways (16 bytes) gave up, and the time it covered; said again, it is known already."""
    for gateway, gap in gaps:
        known = gap.to_ms > 0
        await connection.execute(
            "insert into given_up (gateway_id, organisation_id, epoch, first, last, of_class, since, until, reason)"
            " values (%s, %s, %s, %s, %s, %s, to_timestamp(%s::float8 / 1000), to_timestamp(%s::float8 / 1000), %s) on conflict do nothing",
            (
                *(UUID(bytes=gateway), organisations[gateway], gap.epoch, gap.first, gap.last, gap.of_class),
                *(gap.from_ms if known else None, gap.to_ms if known else None, str(gap.reason)),
            ),
        )
