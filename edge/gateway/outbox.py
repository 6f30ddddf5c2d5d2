"""The door out: everything that leaves is sealed here once, numbered without gaps, and kept until the cloud says it is stored.

The rules and their names (G1..G11) are those of docs/guides/delivery.md. Each method that writes is one SQLite transaction.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge.gateway.disk import Disk
from edge.gateway.keyring import Keyring, OpenEpoch, PreviousEpoch
from protocol.envelope import MOST_MESSAGES, Header, MessageClass, digest
from protocol.errors import UnknownEpoch
from protocol.message import Body, Gap, GapReason, GivenUp, class_of, encode_body
from protocol.receipts import Receipt, epoch_of_receipt, read_receipt

EPOCH_MS = 24 * 3600 * 1000
HOLD_MS = 24 * 3600 * 1000
DROPPABLE = (MessageClass.WAVEFORM, MessageClass.SUMMARISED_VITAL)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Parcel:
    """A body with the time it covers, ms UTC."""

    body: Body
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The name of a message that waits for its receipt."""

    epoch: bytes
    counter: int
    of_class: MessageClass


class Outbox:
    """The outbox of one gateway. capacity: bytes of messages on disk at which it gives up held ones, then waveforms."""

    def __init__(self, disk: Disk, keyring: Keyring, capacity: int, hold_ms: int = HOLD_MS) -> None:
        self._disk = disk
        self._keyring = keyring
        self._capacity = capacity
        self._hold_ms = hold_ms
        self._epoch: OpenEpoch | None = None
        self._corrupt: set[tuple[bytes, int]] = set()
        with disk.transaction() as link:  # G1: a secret lives in one process; what an earlier one opened is over
            link.execute("update epoch set over = 1")

    def put(self, parcels: Sequence[Parcel], now: int, also: Callable[[sqlite3.Connection], None] | None = None) -> None:
        """Seal and keep parcels, in one transaction with what `also` writes.

        Raises:
            sqlite3.Error: nothing was kept. The epoch is over: its sealed bytes may lie in the write-ahead log (G2).
        """
        try:
            with self._disk.transaction() as link:
                self._append(link, parcels, now)
                if also is not None:
                    also(link)
        except BaseException:
            self.end_epoch()
            raise

    def end_epoch(self) -> None:
        """Forget the secret; the next message opens a new epoch."""
        self._epoch = None

    def _append(self, link: sqlite3.Connection, parcels: Sequence[Parcel], now: int) -> None:
        for parcel in parcels:
            body = encode_body(parcel.body)
            for given_up in self._make_room(link, len(body)):
                self._seal(link, Parcel(given_up, now, now), encode_body(given_up), now)
            self._seal(link, parcel, body, now)

    def _seal(self, link: sqlite3.Connection, parcel: Parcel, body: bytes, now: int) -> None:
        epoch = self._current(link, now)
        count, head = link.execute("select count, head from epoch where epoch = ?", (epoch.epoch,)).fetchone()
        header = Header(self._keyring.gateway, epoch.epoch, count, class_of(parcel.body), head)
        self._insert(link, header, epoch.keys.seal(header, body), parcel)

    @staticmethod
    def _insert(link: sqlite3.Connection, header: Header, data: bytes, parcel: Parcel) -> None:
        sha256 = digest(data)
        link.execute(  # G3: counter, head and row in one transaction
            "insert into message values (?, ?, ?, ?, ?, ?, ?, 'queued', null)",
            (header.epoch, header.counter, header.of_class, parcel.from_ms, parcel.to_ms, data, sha256),
        )
        link.execute("update epoch set count = ?, head = ? where epoch = ?", (header.counter + 1, sha256, header.epoch))

    def _current(self, link: sqlite3.Connection, now: int) -> OpenEpoch:
        if self._epoch is not None:
            (count,) = link.execute("select count from epoch where epoch = ?", (self._epoch.epoch,)).fetchone()
            if count < MOST_MESSAGES and now - self._epoch.opened_at < EPOCH_MS:
                return self._epoch
        last = link.execute("select epoch, count, head from epoch order by number desc limit 1").fetchone()
        epoch = self._keyring.open_epoch(PreviousEpoch(*last) if last else PreviousEpoch(), now)
        sha256 = digest(epoch.opening)
        link.execute("update epoch set over = 1")
        link.execute(
            "insert into epoch(epoch, count, head, receipt_key) values (?, 1, ?, ?)",
            (epoch.epoch, sha256, self._keyring.wrap_receipt_key(epoch)),
        )
        link.execute(
            "insert into message values (?, 0, ?, ?, ?, ?, ?, 'queued', null)",
            (epoch.epoch, MessageClass.OPENING, now, now, epoch.opening, sha256),
        )
        self._epoch = epoch
        return epoch

    def _make_room(self, link: sqlite3.Connection, wanted: int) -> Iterable[Gap]:
        """Delete held messages, then the lowest class; return a gap that names what was queued (G7)."""
        (size,) = link.execute("select size from state").fetchone()
        excess = size + wanted - self._capacity
        if excess <= 0:
            return ()
        excess -= self._delete_held(link, excess)
        given_up: list[GivenUp] = []
        for of_class in DROPPABLE:
            rows = link.execute(
                "select epoch, counter, from_ms, to_ms, length(bytes) from message where class = ? and state = 'queued'"
                " order by from_ms limit ?",
                (of_class, _CHUNK),
            ).fetchall()
            for epoch, counter, from_ms, to_ms, length in rows:
                if excess <= 0:
                    break
                link.execute("delete from message where epoch = ? and counter = ?", (epoch, counter))
                given_up.append(GivenUp(epoch, counter, counter, of_class, from_ms, to_ms, GapReason.FULL))
                excess -= length
        return (Gap(tuple(given_up)),) if given_up else ()

    def _delete_held(self, link: sqlite3.Connection, excess: int) -> int:
        freed = 0
        for epoch, counter, length in link.execute(
            "select epoch, counter, length(bytes) from message where state = 'held' and class <> 0 order by receipted_at limit ?",
            (_CHUNK,),
        ).fetchall():
            if freed >= excess:
                break
            link.execute("delete from message where epoch = ? and counter = ?", (epoch, counter))
            freed += length
        return freed

    def waiting(self, limit: int) -> list[Waiting]:
        """Return which messages wait for a receipt, most urgent first: by class, and within a class the newest first.

        Newest first, so that what is live never stands behind a backlog; what is old is sent as the new is receipted. While an adoption has
        no receipt nothing else is sent: the cloud cannot yet know whose the readings of that wearable are.
        """
        rows = self._disk.read().execute(
            "select m.epoch, m.counter, m.class from message m join epoch e using (epoch)"
            " where m.state = 'queued' and (m.class = ? or not exists (select 1 from message where state = 'queued' and class = ?))"
            " order by m.class, e.number desc, m.counter desc limit ?",
            (MessageClass.ADOPTION, MessageClass.ADOPTION, limit),
        )
        return [Waiting(epoch, counter, MessageClass(c)) for epoch, counter, c in rows if (epoch, counter) not in self._corrupt]

    def bytes_of(self, waiting: Waiting) -> bytes | None:
        """Return a message's bytes; None when it is no longer here, or damaged (then `give_up_corrupt` will name it)."""
        row = (
            self._disk.read()
            .execute("select bytes, sha256 from message where epoch = ? and counter = ?", (waiting.epoch, waiting.counter))
            .fetchone()
        )
        if row is None:
            return None
        if digest(row[0]) != row[1]:
            self._corrupt.add((waiting.epoch, waiting.counter))
            return None
        return row[0]

    def give_up_corrupt(self, now: int) -> int:
        """Give up, by name, every message that was found damaged on the disk; return how many there were."""
        if not self._corrupt:
            return 0
        found = sorted(self._corrupt)
        given_up: list[GivenUp] = []
        for epoch, counter in found:
            row = self._disk.read().execute("select class, from_ms, to_ms from message where epoch = ? and counter = ?", (epoch, counter))
            of_class, from_ms, to_ms = row.fetchone()
            given_up.append(GivenUp(epoch, counter, counter, MessageClass(of_class), from_ms, to_ms, GapReason.CORRUPT))

        def also(link: sqlite3.Connection) -> None:
            link.executemany("delete from message where epoch = ? and counter = ?", found)

        self.put([Parcel(Gap(tuple(given_up)), now, now)], now, also)
        self._corrupt.clear()
        return len(found)

    def opening(self, epoch: bytes) -> bytes | None:
        """Return an epoch's opening, queued or held; None when it is no longer here."""
        row = self._disk.read().execute("select bytes from message where epoch = ? and counter = 0", (epoch,)).fetchone()
        return None if row is None else row[0]

    def receive(self, data: bytes, now: int) -> Receipt:
        """Apply a receipt (G5, G6, G8, G11).

        Raises:
            Malformed: not a receipt. SealBroken: not authenticated. UnknownEpoch: of no epoch of this disk.
        """
        epoch = epoch_of_receipt(data)
        row = self._disk.read().execute("select receipt_key from epoch where epoch = ?", (epoch,)).fetchone()
        if row is None:
            raise UnknownEpoch("a receipt for an epoch that this gateway never opened")
        receipt = read_receipt(data, self._keyring.unwrap_receipt_key(epoch, row[0]))
        try:
            with self._disk.transaction() as link:
                self._apply(link, receipt, now)
        except BaseException:
            self.end_epoch()
            raise
        return receipt

    def _apply(self, link: sqlite3.Connection, receipt: Receipt, now: int) -> None:
        (generation,) = link.execute("select generation from state").fetchone()
        if receipt.generation < generation:
            return
        if receipt.generation > generation:  # the database was restored: what is held comes again, what is gone is said
            link.execute("update message set state = 'queued', receipted_at = null where state = 'held'")
            link.execute("update state set generation = ?, owes_gone = ?", (receipt.generation, int(generation > 0)))
        link.executemany(
            "update message set state = 'held', receipted_at = ? where epoch = ? and counter = ? and state = 'queued'",
            [(now, receipt.epoch, counter) for counter in receipt.counters()],
        )
        given_up: list[GivenUp] = []
        for refused in receipt.refused:
            row = link.execute(
                "update message set state = 'held', receipted_at = ? where epoch = ? and counter = ? and sha256 = ? and state = 'queued'"
                " returning class, from_ms, to_ms",
                (now, receipt.epoch, refused.counter, refused.sha256),
            ).fetchone()
            if row is not None:
                of_class, from_ms, to_ms = row
                counter = refused.counter
                given_up.append(GivenUp(receipt.epoch, counter, counter, MessageClass(of_class), from_ms, to_ms, GapReason.REFUSED))
        if given_up:
            self._append(link, [Parcel(Gap(tuple(given_up)), now, now)], now)
        self._say_gone(link, now)

    def _say_gone(self, link: sqlite3.Connection, now: int) -> None:
        (owes_gone,) = link.execute("select owes_gone from state").fetchone()
        if not owes_gone:
            return
        link.execute("update state set owes_gone = 0")
        given_up = [
            GivenUp(epoch, first, last, None, 0, 0, GapReason.GONE)
            for epoch, count in link.execute("select epoch, count from epoch order by number").fetchall()
            for first, last in _absent(
                [row[0] for row in link.execute("select counter from message where epoch = ? order by counter", (epoch,))], count
            )
        ]
        if given_up:
            self._append(link, [Parcel(Gap(tuple(given_up)), now, now)], now)

    def tidy(self, now: int) -> int:
        """Delete what has been held long enough; an opening only when its epoch is over and nothing else of it is here (G9)."""
        with self._disk.transaction() as link:
            if self._epoch is None:  # a failed commit, or the drain, ended it in memory only
                link.execute("update epoch set over = 1 where over = 0")
            old = now - self._hold_ms
            deleted = link.execute("delete from message where state = 'held' and class <> 0 and receipted_at <= ?", (old,)).rowcount
            deleted += link.execute(
                "delete from message where state = 'held' and class = 0 and receipted_at <= ?"
                " and epoch in (select epoch from epoch where over = 1)"
                " and not exists (select 1 from message other where other.epoch = message.epoch and other.counter > 0)",
                (old,),
            ).rowcount
        return deleted

    def depth(self) -> int:
        """Return how many messages wait for a receipt."""
        (count,) = self._disk.read().execute("select count(*) from message where state = 'queued'").fetchone()
        return int(count)


def _absent(present: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Return the ranges (first, last) of 0..count-1 that `present` (ascending) lacks."""
    ranges: list[tuple[int, int]] = []
    expected = 0
    for counter in [*present, count]:
        if counter > expected:
            ranges.append((expected, counter - 1))
        expected = counter + 1
    return ranges
