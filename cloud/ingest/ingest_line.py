"""The line of the ingest worker: gather -> sort -> one transaction -> receipts -> acknowledgements; folding beside it."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import structlog

from cloud.data_keys.data_keys import DataKeys
from cloud.database import Away, Database, Rejected
from cloud.ingest.arrival import Arrival, Inlet
from cloud.ingest.batch import Batch, Committed, commit
from cloud.ingest.folding import fold, unfolded
from cloud.ingest.meters import AWAY, COMMIT_SECONDS, MESSAGES, READINGS, REFUSED, WAITING
from cloud.ingest.sorting import Sorting
from cloud.ingest.unsealing import EpochName, counter_of, parse
from cloud.orders import hear
from protocol import channels
from protocol.envelope import NO_HEAD, MessageClass
from protocol.errors import ProtocolError
from protocol.receipts import Receipt, ranges_of, write_receipt, write_stored, write_unknown

log = structlog.get_logger()

MOST_ARRIVALS = 1000
GATHER_SECONDS = 0.1
AWAY_SECONDS = 1.0
BUSY_SECONDS = 5
FOLD_SECONDS = 1.0
FOLD_AFTER_SECONDS = 60.0
MOST_FOLDED = 200
"""Epochs folded in one transaction."""
FOLD_TURNS = 30
"""Turns in which all epochs are folded once."""

STUCK_SECONDS = 30.0
IDLE_SECONDS = 2.0
"""A worker that left its group and heard nothing for so long has nothing left to hear."""

_CLASS_AT = 41
_AT_ONCE = {bytes([of_class]) for of_class in (MessageClass.FINDING, MessageClass.GAP, MessageClass.ADOPTION, MessageClass.REMOVAL)}


class Stuck(Exception):
    """Messages are held, and neither committed nor refused by the database, for 30 s: only another process can help."""


class IngestLine:
    """One worker. Arrivals stay unsettled, with the carrier, until their batch is committed.

    fold_after: seconds that an epoch's messages may stay unfolded, so that many are folded at once.
    """

    def __init__(
        self, database: Database, inlet: Inlet, sorting: Sorting, data_keys: DataKeys, *, fold_after: float = FOLD_AFTER_SECONDS
    ) -> None:
        self._database, self._inlet, self._sorting, self._data_keys = database, inlet, sorting, data_keys
        self._fold_after = fold_after
        self._waiting: list[Arrival] = []
        self._settling = 0
        self._arrived, self._urgent = asyncio.Event(), asyncio.Event()
        self._heard_at = self._moved_at = time.monotonic()
        self._unfolded: dict[EpochName, float] = {}

    async def run(self) -> None:
        """Work for ever.

        Raises:
            Stuck: in a group, when nothing moves any more.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._batches())
            tasks.create_task(self._folds())
            tasks.create_task(self._watch())

    async def _listen(self) -> None:
        await self._inlet.listen(self.take)

    def take(self, arrival: Arrival) -> None:
        """Queue an arrival; findings, gaps and openings do not wait for the batch's timer."""
        if not self._waiting:
            self._arrived.set()
        self._waiting.append(arrival)
        if arrival.data[_CLASS_AT : _CLASS_AT + 1] in _AT_ONCE or arrival.topic.endswith(channels.OPENINGS):
            self._urgent.set()

    async def drain(self) -> None:
        """Leave the group, settle all that was handed over, and return once nothing comes any more."""
        self._inlet.leave()
        while self._waiting or self._settling or time.monotonic() - self._heard_at < IDLE_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def _batches(self) -> None:
        while True:
            arrivals = await self._gather()
            self._settling = len(arrivals)
            WAITING.set(self._settling + len(self._waiting))
            await self._settle(arrivals)
            self._settling = 0
            WAITING.set(len(self._waiting))

    async def _gather(self) -> list[Arrival]:
        await self._arrived.wait()
        self._heard_at = time.monotonic()
        if len(self._waiting) < MOST_ARRIVALS:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._urgent.wait()
        arrivals, self._waiting = self._waiting[:MOST_ARRIVALS], self._waiting[MOST_ARRIVALS:]
        if not self._waiting:
            self._arrived.clear()
            self._urgent.clear()
        self._moved_at = time.monotonic()
        return arrivals

    async def _settle(self, arrivals: Sequence[Arrival]) -> None:
        """Store arrivals, however long the database is away, and settle each."""
        while True:
            try:
                await self.process(arrivals)
                return
            except Away as error:
                AWAY.inc()
                log.warning("database.away", error=type(error).__name__)
                self._moved_at = time.monotonic()
                self._say_busy(arrivals)
                await asyncio.sleep(AWAY_SECONDS)
            except LookupError:
                log.warning("epochs.asked_again")
                self._sorting.forget_epochs()
            except Rejected as error:
                if len(arrivals) == 1:
                    # The store itself cannot take it: never acknowledged as stored, seen by a person, sent again by its gateway.
                    REFUSED.labels("store_rejected").inc()
                    log.error("message.rejected_by_store", error=type(error).__name__, state=getattr(error, "sqlstate", None))
                    arrivals[0].settle(True)
                    return
                for arrival in arrivals:
                    await self._settle([arrival])
                return

    async def process(self, arrivals: Sequence[Arrival]) -> Committed:
        """Store one batch, then answer, then settle.

        Raises:
            Away, Rejected: nothing was stored, answered or settled. LookupError: so too; the epochs are to be asked again.
        """
        began = perf_counter()
        batch = await self._sorting.sort(arrivals)
        async with self._database.transaction(None) as connection:
            committed = await commit(connection, batch, self._sorting.register, self._data_keys)
            for standing in sorted(batch.standings, key=lambda each: (each.gateway, each.number)):
                await hear(connection, standing, datetime.now(UTC))
        COMMIT_SECONDS.observe(perf_counter() - began)
        self._moved_at = time.monotonic()
        self._answer(batch, committed)
        for arrival in arrivals:
            arrival.settle(True)
        READINGS.inc(committed.readings)
        MESSAGES.labels("new").inc(len(committed.new))
        MESSAGES.labels("repeat").inc(len(batch.messages) + len(batch.openings) - len(committed.new))
        for epoch in committed.done:
            self._unfolded.setdefault(epoch, self._moved_at)
        return committed

    def _answer(self, batch: Batch, committed: Committed) -> None:
        """Receipt everything of the batch, repeats too: what is in the ledger is stored."""
        counters: dict[EpochName, list[int]] = {}
        for parsed in (*(opening for opening, _ in batch.openings), *(message.parsed for message in batch.messages)):
            counters.setdefault(parsed.epoch, []).append(counter_of(parsed.name))
        for name in counters.keys() | batch.refused.keys():
            done, head = committed.done.get(name, (-1, None))
            stored, keys = counters.get(name, ()), self._sorting.keys_of(name)
            if len(stored) == 1 and name not in batch.refused and keys is not None:
                receipt = write_stored(name, committed.generation, stored[0], done, head or NO_HEAD, keys.receipt_key)
                self._inlet.answer(name[:16], channels.RECEIPTS, receipt)
            else:
                refused = tuple(batch.refused.get(name, ()))
                self._receipt(name, committed.generation, stored=ranges_of(stored), refused=refused, done_upto=done, head=head or NO_HEAD)
        for name in batch.unknown:
            self._inlet.answer(name[:16], channels.UNKNOWN, write_unknown(name[16:]))

    def _receipt(self, name: EpochName, generation: int, **what: Any) -> None:
        keys = self._sorting.keys_of(name)
        if keys is not None:
            receipt = Receipt(UUID(bytes=name[:16]), name[16:], generation, **what)
            self._inlet.answer(name[:16], channels.RECEIPTS, write_receipt(receipt, keys.receipt_key))

    def _say_busy(self, arrivals: Sequence[Arrival]) -> None:
        names: set[EpochName] = set()
        for arrival in arrivals:
            with suppress(ProtocolError):
                names.add(parse(arrival).epoch)
        for name in names:
            self._receipt(name, 0, busy=BUSY_SECONDS)

    async def _folds(self) -> None:
        started = False
        while True:
            await asyncio.sleep(FOLD_SECONDS)
            now = time.monotonic()
            due = [epoch for epoch, since in self._unfolded.items() if now - since >= self._fold_after]
            try:
                if not started:
                    async with self._database.transaction(None) as connection:
                        self._unfolded |= dict.fromkeys(await unfolded(connection), now)
                    started = True
                # Epochs that began together come due together: folded all at once they would hold live messages up.
                due = due[: max(MOST_FOLDED, len(self._unfolded) // FOLD_TURNS)]
                for first in range(0, len(due), MOST_FOLDED):
                    await self._fold(due[first : first + MOST_FOLDED])
            except Rejected as error:
                log.warning("fold.failed", error=type(error).__name__)

    async def _fold(self, epochs: Sequence[EpochName]) -> None:
        for epoch in epochs:
            self._unfolded.pop(epoch, None)
        try:
            async with self._database.transaction(None) as connection:
                ends = await fold(connection, epochs)
        except Rejected:
            self._unfolded |= dict.fromkeys(epochs, 0.0)
            raise
        for name, end in ends.items():
            if end.broken_at is not None:
                log.error("epoch.forked", gateway=name[:16].hex(), epoch=name[16:].hex(), at=end.broken_at)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            if (self._waiting or self._settling) and time.monotonic() - self._moved_at > STUCK_SECONDS:
                log.error("worker.stuck", waiting=len(self._waiting) + self._settling)
                raise Stuck("messages are held and nothing moves")
