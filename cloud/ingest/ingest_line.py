"""The line of the ingest worker: gather -> sort -> one transaction -> receipts -> acknowledgements; folding beside it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter

import structlog

from cloud.data_keys.data_keys import DataKeys
from cloud.database import Away, Database, Rejected
from cloud.ingest.arrival import Arrival, Inlet
from cloud.ingest.batch import Batch, Committed, commit, name_of
from cloud.ingest.folding import fold
from cloud.ingest.meters import AWAY, COMMIT_SECONDS, MESSAGES, READINGS, REFUSED, WAITING
from cloud.ingest.orders import hear
from cloud.ingest.sorting import Sorting
from cloud.ingest.unsealing import EpochName, parse
from protocol import channels
from protocol.envelope import NO_HEAD, MessageClass
from protocol.errors import ProtocolError
from protocol.receipts import Receipt, ranges_of, write_receipt, write_unknown

log = structlog.get_logger()

MOST_ARRIVALS = 500
GATHER_SECONDS = 0.05
AWAY_SECONDS = 1.0
BUSY_SECONDS = 5
FOLD_SECONDS = 1.0
_CLASS_AT = 41


class IngestLine:
    """One worker. Arrivals stay unsettled, with the carrier, until their batch is committed."""

    def __init__(self, database: Database, inlet: Inlet, sorting: Sorting, data_keys: DataKeys) -> None:
        self._database, self._inlet, self._sorting, self._data_keys = database, inlet, sorting, data_keys
        self._queue: asyncio.Queue[Arrival] = asyncio.Queue()
        self._urgent = asyncio.Event()
        self._unfolded: set[EpochName] = set()

    async def run(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._batches())
            tasks.create_task(self._folds())

    async def _listen(self) -> None:
        await self._inlet.listen(self.take)

    def take(self, arrival: Arrival) -> None:
        """Queue an arrival; findings and openings do not wait for the batch's timer."""
        self._queue.put_nowait(arrival)
        WAITING.inc()
        if arrival.topic.endswith(channels.OPENINGS) or arrival.data[_CLASS_AT : _CLASS_AT + 1] == bytes([MessageClass.FINDING]):
            self._urgent.set()

    async def _batches(self) -> None:
        while True:
            arrivals = await self._gather()
            await self._settle(arrivals)
            WAITING.dec(len(arrivals))

    async def _gather(self) -> list[Arrival]:
        arrivals = [await self._queue.get()]
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                await self._urgent.wait()
        except TimeoutError:
            pass
        self._urgent.clear()
        while len(arrivals) < MOST_ARRIVALS and not self._queue.empty():
            arrivals.append(self._queue.get_nowait())
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
            committed = await commit(connection, batch, self._data_keys)
            for standing in sorted(batch.standings, key=lambda each: (each.gateway, each.number)):
                await hear(connection, standing, datetime.now(UTC))
        COMMIT_SECONDS.observe(perf_counter() - began)
        self._answer(batch, committed)
        for arrival in arrivals:
            arrival.settle(True)
        READINGS.inc(committed.stored.readings)
        MESSAGES.labels("new").inc(len(committed.new))
        MESSAGES.labels("repeat").inc(len(batch.messages) + len(batch.openings) - len(committed.new))
        self._unfolded |= committed.done.keys()
        return committed

    def _answer(self, batch: Batch, committed: Committed) -> None:
        """Receipt everything of the batch, repeats too: what is in the ledger is stored."""
        counters: dict[EpochName, set[int]] = {}
        for gateway, epoch, counter in [name_of(o) for o, _ in batch.openings] + [name_of(m.parsed) for m in batch.messages]:
            counters.setdefault((gateway, epoch), set()).add(counter)
        for name in counters.keys() | batch.refused.keys():
            done, head = committed.done.get(name, (-1, None))
            self._receipt(
                Receipt(
                    gateway=name[0],
                    epoch=name[1],
                    generation=committed.generation,
                    stored=ranges_of(counters.get(name, ())),
                    refused=tuple(batch.refused.get(name, ())),
                    done_upto=done,
                    head=head or NO_HEAD,
                )
            )
        for gateway, epoch in batch.unknown:
            self._inlet.answer(gateway, channels.UNKNOWN, write_unknown(epoch))

    def _receipt(self, receipt: Receipt) -> None:
        keys = self._sorting.keys_of((receipt.gateway, receipt.epoch))
        if keys is not None:
            self._inlet.answer(receipt.gateway, channels.RECEIPTS, write_receipt(receipt, keys.receipt_key))

    def _say_busy(self, arrivals: Sequence[Arrival]) -> None:
        names: set[EpochName] = set()
        for arrival in arrivals:
            with suppress(ProtocolError):
                parsed = parse(arrival)
                names.add((parsed.gateway, parsed.epoch))
        for gateway, epoch in names:
            self._receipt(Receipt(gateway, epoch, generation=0, busy=BUSY_SECONDS))

    async def _folds(self) -> None:
        while True:
            await asyncio.sleep(FOLD_SECONDS)
            epochs, self._unfolded = self._unfolded, set()
            for gateway, epoch in sorted(epochs):
                try:
                    async with self._database.transaction(None) as connection:
                        done = await fold(connection, gateway, epoch)
                except Rejected as error:
                    self._unfolded.add((gateway, epoch))
                    log.warning("fold.failed", error=type(error).__name__)
                    continue
                if done is not None and done.broken_at is not None:
                    log.error("epoch.forked", gateway=gateway.hex, epoch=epoch.hex(), at=done.broken_at)
