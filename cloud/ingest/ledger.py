"""The ledger of delivery in PostgreSQL: what is stored, once; what was given up; how far each epoch is complete.

One READ COMMITTED transaction a batch: `enter` first, then `done_upto` in a statement of its own (D8; read before, a fold between
the two would let a repeat in). Rows go in sorted, so that two workers cannot deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cloud.database import Connection

Name = tuple[UUID, bytes, int]


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


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that wants into the ledger."""

    gateway: UUID
    epoch: bytes
    counter: int
    sha256: bytes
    previous: bytes

    @property
    def name(self) -> Name:
        """The message's name, for ever."""
        return self.gateway, self.epoch, self.counter


async def open_epochs(connection: Connection, openings: Sequence[OpeningRow]) -> None:
    """Insert epochs that are new, and what their openings state of the epochs before them."""
    for o in sorted(openings, key=lambda row: (row.gateway, row.epoch)):
        await connection.execute(
            "insert into epoch(gateway_id, epoch, organisation_id, certificate_id, ingest_key_id, made_at, wrapped_secret, receipt_key)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                o.gateway,
                o.epoch,
                o.organisation,
                o.certificate_id,
                o.ingest_key_id,
                datetime.fromtimestamp(o.made_at / 1000, UTC),
                o.wrapped_secret,
                o.receipt_key,
            ),
        )
        if o.previous is not None:
            await connection.execute(
                "insert into epoch_end(gateway_id, epoch, successor, count, head) values (%s, %s, %s, %s, %s) on conflict do nothing",
                (o.gateway, o.previous, o.epoch, o.previous_count, o.previous_head),
            )


async def enter(connection: Connection, entries: Iterable[Entry]) -> dict[Name, str]:
    """Enter messages (each name once); return the status of those that were not there: stored, or filled (had been given up)."""
    rows = sorted(entries, key=lambda entry: entry.name)
    cursor = await connection.execute(
        "insert into ledger(gateway_id, epoch, counter, status, sha256, prev)"
        " select g, e, c, 'stored', s, p from unnest(%s::uuid[], %s::bytea[], %s::bigint[], %s::bytea[], %s::bytea[]) as new(g, e, c, s, p)"
        " order by g, e, c"
        " on conflict (gateway_id, epoch, counter) do update"
        " set status = 'filled', sha256 = excluded.sha256, prev = excluded.prev where ledger.status = 'gap'"
        " returning gateway_id, epoch, counter, status",
        (
            [r.gateway for r in rows],
            [r.epoch for r in rows],
            [r.counter for r in rows],
            [r.sha256 for r in rows],
            [r.previous for r in rows],
        ),
    )
    return {(gateway, bytes(epoch), counter): status for gateway, epoch, counter, status in await cursor.fetchall()}


async def enter_gaps(connection: Connection, names: Iterable[Name]) -> list[Name]:
    """Enter counters that were given up and that the ledger does not have; return those."""
    rows = sorted(set(names))
    cursor = await connection.execute(
        "insert into ledger(gateway_id, epoch, counter, status)"
        " select g, e, c, 'gap' from unnest(%s::uuid[], %s::bytea[], %s::bigint[]) as new(g, e, c) order by g, e, c"
        " on conflict (gateway_id, epoch, counter) do nothing returning gateway_id, epoch, counter",
        ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]),
    )
    return [(gateway, bytes(epoch), counter) for gateway, epoch, counter in await cursor.fetchall()]


async def progress(connection: Connection, epochs: Iterable[tuple[UUID, bytes]]) -> dict[tuple[UUID, bytes], tuple[int, bytes | None]]:
    """Return (done_upto, head) of epochs that are stored. To be called after `enter`, never before."""
    wanted = sorted(set(epochs))
    cursor = await connection.execute(
        "select gateway_id, epoch, done_upto, head from epoch join unnest(%s::uuid[], %s::bytea[]) as wanted(g, e)"
        " on gateway_id = g and epoch = e",
        ([w[0] for w in wanted], [w[1] for w in wanted]),
    )
    rows = await cursor.fetchall()
    return {(gateway, bytes(epoch)): (done, None if head is None else bytes(head)) for gateway, epoch, done, head in rows}


def taken(
    statuses: Mapping[Name, str], gaps: Iterable[Name], done: Mapping[tuple[UUID, bytes], tuple[int, bytes | None]]
) -> tuple[set[Name], set[Name]]:
    """Decide: return (messages to store, rows to delete again because a fold had passed them)."""
    late = {name for name, status in statuses.items() if status == "stored" and name[2] <= done[name[:2]][0]}
    late_gaps = {name for name in gaps if name[2] <= done.get(name[:2], (-1, None))[0]}
    return set(statuses) - late, late | late_gaps


async def forget(connection: Connection, names: Iterable[Name]) -> None:
    """Delete ledger rows of repeats that came after a fold."""
    rows = sorted(names)
    if rows:
        await connection.execute(
            "delete from ledger using unnest(%s::uuid[], %s::bytea[], %s::bigint[]) as late(g, e, c)"
            " where gateway_id = g and epoch = e and counter = c",
            ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]),
        )
