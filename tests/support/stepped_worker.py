"""A real ingest worker that halts inside its transaction, so that a test can say in which order two of them go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from cloud.database import Connection, Database
from cloud.ingest.arrival import Arrival
from cloud.ingest.batch import Committed
from cloud.ingest.ingest_line import IngestLine
from cloud.ingest.sorting import Sorting
from tests.support.ingest import DATA_KEYS, FakeInlet

TAKEN, INSERTED, CHECKED, ENDED = "taken", "inserted", "checked", "ended"
STEPS = {"insert": (TAKEN, INSERTED), "check": (INSERTED, CHECKED), "commit": (CHECKED, ENDED)}
"""verb -> (phase before, phase after)"""

Said = tuple[int, int, str]
_PROGRESS = "select uuid_send(gateway_id) || epoch, done_upto, head from epoch"


class _HaltingConnection:
    """A connection that halts around the one statement which reads `done_upto`."""

    def __init__(self, connection: Connection, worker: "SteppedWorker") -> None:
        self._connection, self._worker = connection, worker

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    async def execute(self, query: str, *values: object, **options: Any) -> object:
        if not query.startswith(_PROGRESS):
            return await self._connection.execute(query, *values, **options)
        await self._worker.halt(INSERTED)
        cursor = await self._connection.execute(query, *values, **options)
        await self._worker.halt(CHECKED)
        return cursor


class _HaltingDatabase(Database):
    """The database as the line sees it; everything else of the worker (keys, adoptions) has the real one."""

    def __init__(self, database: Database, worker: "SteppedWorker") -> None:
        self._database, self._worker = database, worker

    @asynccontextmanager
    async def transaction(self, organisation: int | None) -> AsyncIterator[Connection]:
        async with self._database.transaction(organisation) as connection:
            self._worker.pid = connection.info.backend_pid
            await self._worker.halt(TAKEN)
            yield _HaltingConnection(connection, self._worker)


class SteppedWorker:
    """One worker, at most one message at a time. phase: how far its transaction is, as the run that is replayed counts.

    halting: whether it halts at all. aside: it was rolled back because its lock on a stored row held another transaction up, which the model does not know of;
    it does the same work again when the run lets it commit.
    """

    def __init__(self, database: Database, inlet: FakeInlet, sorting: Sorting, *, halting: bool = True) -> None:
        self.line = IngestLine(_HaltingDatabase(database, self), inlet, sorting, DATA_KEYS)
        self.halting = halting
        self.phase = ""
        self.name: Said | None = None
        self.pid = 0
        self.aside = False
        self._arrival: Arrival | None = None
        self._task: asyncio.Task[Committed] | None = None
        self._halted: asyncio.Queue[str] = asyncio.Queue()
        self._go = asyncio.Event()

    async def halt(self, where: str) -> None:
        if not self.halting:
            return
        self._halted.put_nowait(where)
        await self._go.wait()
        self._go.clear()

    async def take(self, arrival: Arrival) -> str:
        """Begin with an arrival; return where it halts."""
        self._arrival = arrival
        self._halted = asyncio.Queue()
        self._go.clear()
        self._task = asyncio.create_task(self.line.process([arrival]))
        self._task.add_done_callback(lambda _, halted=self._halted: halted.put_nowait(ENDED))
        return await self._halted.get()

    async def go_on(self) -> str:
        """Go on to the next halt, or to the end; return which."""
        self._go.set()
        return await self._halted.get()

    def committed(self) -> Committed:
        assert self._task is not None
        return self._task.result()

    async def to_the_end(self) -> Committed:
        """Go on to the end without a halt."""
        while await self.go_on() != ENDED:
            pass
        return self.committed()

    async def once_more(self) -> Committed:
        """Do the work again from its beginning, without a halt."""
        assert self._arrival is not None
        await self.take(self._arrival)
        return await self.to_the_end()

    async def roll_back(self) -> None:
        """Lose the transaction, as a worker that dies loses it."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def rest(self) -> None:
        self.phase, self.name, self.aside = "", None, False


def aborted_in(labels: Sequence[Sequence[Any]], working: tuple[tuple[Said, str], ...] = ()) -> list[str] | None:
    """Return in which phase the transaction of each abort was, or None when the labels fit no two workers.

    A label names a message and no worker; where both work on the same one, what follows tells which of them went on.
    """
    for number, label in enumerate(labels):
        if label[0] == "restore":
            working = ()
        if label[0] != "worker" or label[1] not in ("take", "abort", *STEPS):
            continue
        said: Said = (label[2][0], label[2][1], label[2][2])
        if label[1] == "take":
            working = (*working, (said, TAKEN))
        elif label[1] == "abort":
            for phase in sorted({phase for name, phase in working if name == said}):
                following = aborted_in(labels[number + 1 :], _without(working, said, phase))
                if following is not None:
                    return [phase, *following]
            return None
        else:
            before, after = STEPS[label[1]]
            if (said, before) not in working:
                return None
            working = _without(working, said, before) + (((said, after),) if after != ENDED else ())
    return []


def _without(working: tuple[tuple[Said, str], ...], said: Said, phase: str) -> tuple[tuple[Said, str], ...]:
    place = working.index((said, phase))
    return working[:place] + working[place + 1 :]
