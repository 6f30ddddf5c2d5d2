"""Folds contiguous counters of an epoch into its `done_upto`, checking the chain on the way; and states how complete an epoch is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud.completeness.statement import Statement, stated
from cloud.database import Connection
from cloud.ingest.ledger import epoch_columns
from cloud.ingest.unsealing import EpochName
from cloud.packed import bigints

Row = tuple[int, str, bytes | None, bytes | None]
"""counter, status, sha256, prev; the hashes are None for a counter that was given up."""


@dataclass(frozen=True, slots=True)
class Fold:
    """How far an epoch is accounted for after folding. head: SHA-256 of the message at done_upto; None after a given-up one."""

    done_upto: int
    head: bytes | None
    broken_at: int | None


def folded(start: Fold, rows: Sequence[Row]) -> Fold:
    """Fold ledger rows (ascending, all after `start.done_upto`) as far as they are contiguous.

    A message whose `prev` is not its predecessor's hash is a fork of bytes: noted once, and folding goes on.
    """
    done, head, broken = start.done_upto, start.head, start.broken_at
    for counter, _status, sha256, previous in rows:
        if counter != done + 1:
            break
        if broken is None and counter > 0 and head is not None and previous is not None and previous != head:
            broken = counter
        done, head = counter, sha256
    return Fold(done, head, broken)


async def fold(connection: Connection, epochs: Iterable[EpochName]) -> dict[EpochName, Fold]:
    """Fold epochs, in one transaction; one that is not stored is not among the results. Gap rows stay for ever."""
    cursor = await connection.execute(
        "select uuid_send(gateway_id) || epoch, done_upto, head, broken_at from epoch join unnest(%s, %s) as wanted(g, e)"
        " on gateway_id = g and epoch = e order by gateway_id, epoch for update of epoch",
        epoch_columns(sorted(epochs)),
        binary=True,
    )
    starts = {name: Fold(done, head, broken) for name, done, head, broken in await cursor.fetchall()}
    cursor = await connection.execute(
        "select uuid_send(gateway_id) || ledger.epoch, counter, status, sha256, prev from ledger"
        " join unnest(%s, %s, %s) as wanted(g, e, done) on gateway_id = g and ledger.epoch = e and counter > done order by g, e, counter",
        (*epoch_columns(list(starts)), bigints([start.done_upto for start in starts.values()])),
        binary=True,
    )
    rows: dict[EpochName, list[Row]] = {name: [] for name in starts}
    for name, *row in await cursor.fetchall():
        rows[name].append((row[0], row[1], row[2], row[3]))
    ends = {name: folded(start, rows[name]) for name, start in starts.items()}
    changed = {name: end for name, end in ends.items() if end != starts[name]}
    if changed:
        await _keep(connection, changed)
    return ends


async def _keep(connection: Connection, ends: Mapping[EpochName, Fold]) -> None:
    gateways, epochs = epoch_columns(list(ends))
    done = bigints([end.done_upto for end in ends.values()])
    await connection.execute(
        "update epoch set done_upto = d, head = h, broken_at = b"
        " from unnest(%s, %s, %s, %s::bytea[], %s::bigint[]) as new(g, e, d, h, b) where gateway_id = g and epoch.epoch = e",
        (gateways, epochs, done, [end.head for end in ends.values()], [end.broken_at for end in ends.values()]),
    )
    await connection.execute(
        "delete from ledger using unnest(%s, %s, %s) as folded(g, e, d)"
        " where gateway_id = g and ledger.epoch = e and counter <= d and status in ('stored', 'filled')",
        (gateways, epochs, done),
    )


async def unfolded(connection: Connection) -> set[EpochName]:
    """Return the epochs that have something to fold, as a worker that starts must know: the one before may have died with it."""
    cursor = await connection.execute("select distinct uuid_send(gateway_id) || epoch from ledger where status <> 'gap'", binary=True)
    return {name for (name,) in await cursor.fetchall()}


async def statement(connection: Connection, gateway: UUID, epoch: bytes) -> Statement | None:
    """State how complete an epoch is; None when it is not stored."""
    cursor = await connection.execute("select done_upto, broken_at from epoch where gateway_id = %s and epoch = %s", (gateway, epoch))
    row = await cursor.fetchone()
    if row is None:
        return None
    cursor = await connection.execute("select counter, status from ledger where gateway_id = %s and epoch = %s", (gateway, epoch))
    rows = [(int(c), str(s)) for c, s in await cursor.fetchall()]
    cursor = await connection.execute("select count from epoch_end where gateway_id = %s and epoch = %s", (gateway, epoch))
    return stated(row[0], rows, [int(c) for (c,) in await cursor.fetchall()], row[1])
