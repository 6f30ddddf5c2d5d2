"""Folds contiguous counters of an epoch into its `done_upto`, checking the chain on the way; and states how complete an epoch is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud.database import Connection

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


async def fold(connection: Connection, gateway: UUID, epoch: bytes) -> Fold | None:
    """Fold one epoch, in one transaction; None when it is not stored. Gap rows stay for ever."""
    cursor = await connection.execute(
        "select done_upto, head, broken_at from epoch where gateway_id = %s and epoch = %s for update", (gateway, epoch)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    start = Fold(row[0], None if row[1] is None else bytes(row[1]), row[2])
    cursor = await connection.execute(
        "select counter, status, sha256, prev from ledger where gateway_id = %s and epoch = %s and counter > %s order by counter",
        (gateway, epoch, start.done_upto),
    )
    end = folded(start, [(c, s, _bytes(h), _bytes(p)) for c, s, h, p in await cursor.fetchall()])
    if end != start:
        await connection.execute(
            "update epoch set done_upto = %s, head = %s, broken_at = %s where gateway_id = %s and epoch = %s",
            (end.done_upto, end.head, end.broken_at, gateway, epoch),
        )
        await connection.execute(
            "delete from ledger where gateway_id = %s and epoch = %s and counter <= %s and status in ('stored', 'filled')",
            (gateway, epoch, end.done_upto),
        )
    return end


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)


@dataclass(frozen=True, slots=True)
class Statement:
    """What can be said of one epoch at any time.

    complete_to: everything up to it is stored, except `given_up`. missing: counters not heard of, up to the last heard or stated.
    whole_at: the number of messages it has in all, when its one successor states it and all of it is folded; None: not yet.
    forked: two successors, or a counter at or past the stated end: a clone or an old image.
    """

    complete_to: int
    given_up: tuple[int, ...]
    missing: tuple[int, ...]
    whole_at: int | None
    forked: bool


def stated(done_upto: int, rows: Sequence[tuple[int, str]], ends: Sequence[int], broken_at: int | None) -> Statement:
    """State how complete an epoch is. rows: (counter, status) of its ledger. ends: the count that each successor states."""
    after = {counter for counter, _ in rows if counter > done_upto}
    given_up = tuple(sorted(counter for counter, status in rows if status == "gap"))
    heard = max(after, default=done_upto)
    forked = len(ends) > 1 or broken_at is not None or any(heard >= count for count in ends)
    upto = max([heard, *(count - 1 for count in ends)])
    missing = tuple(counter for counter in range(done_upto + 1, upto + 1) if counter not in after)
    whole = ends[0] if len(ends) == 1 and done_upto >= ends[0] - 1 and not forked else None
    return Statement(done_upto, given_up, missing, whole, forked)


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
