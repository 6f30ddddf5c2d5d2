"""Runs of the delivery protocol's model, replayed on real outboxes (SQLite) and real ingest workers (PostgreSQL).

Each step of a run is done by the code that does it in production; afterwards what lies queued and held on each gateway, what is
stored, and what the statement of each epoch says are given in the model's words.

Where the model is finer or coarser than the code:
* `open` alone: `Outbox._current`, which the next message would call. `say_gone`: the outbox says it within the receipt's own
  transaction; here it is put off until the run says so, since the model lets other things happen in between.
* `drop` names one message: it is made the oldest waveform of a full outbox; where it is no waveform, or where something held
  would have to go first, it is damaged on the disk instead, which gives it up in the same way for another reason.
* A restart, an image and a clone are files; a restored backup is the same server with the tables of before, another name in
  `store`, and what `claim` makes of that. A new key is one more in the workers' mapping and, once learnt, the keyring's.
* The model does not apply a refusal while no epoch is open; the outbox opens one for the gap that it owes. Never replayed.
* In PostgreSQL a repeat locks the row that it repeats, in the model it does not: see SteppedWorker.
* `hold_time_over`, and every receipt in a world without restores, is `tidy` at a time when all that is held is old enough.
* The model's gateways know the database's first generation from the start; a real one learns it by its first receipt.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, LiteralString, Self, TypeVar

import psycopg

from cloud.ingest.adoption import Adoption
from cloud.ingest.arrival import Arrival
from cloud.ingest.folding import fold
from cloud.ingest.generation import claim
from cloud.ingest.sorting import Sorting
from protocol import channels
from protocol.errors import UnknownEpoch
from protocol.receipts import epoch_of_receipt
from provisioning.ingest_keys import PrivateKey
from tests.support.delivery_home import Home
from tests.support.delivery_register import Name, Register
from tests.support.delivery_view import View, cloud_view
from tests.support.gateway import GATEWAY, NOON, an_ingest_key
from tests.support.ingest import KEK, Exchange
from tests.support.stepped_worker import CHECKED, INSERTED, STEPS, TAKEN, Said, SteppedWorker, aborted_in

Label = Sequence[Any]
Result = TypeVar("Result")

LOOK_SECONDS = 0.1
RESTORED: tuple[LiteralString, ...] = ("series", "reading", "waveform", "epoch", "epoch_end", "ledger", "undecoded", "store")


class Replay:
    """One run, on one exchange's database. done: how often what was done."""

    def __init__(self, exchange: Exchange, labels: Sequence[Label], *, keeps_held: bool) -> None:
        """labels: of the whole run. keeps_held: its world knows restores; in the others the hold time is nothing."""
        self._exchange, self._database, self._inlet = exchange, exchange.database, exchange.inlet
        self._keeps_held = keeps_held
        self._keys: list[PrivateKey] = [exchange.rig.ingest_key]
        self._live = {key.id: key for key in self._keys}
        self._generations = [1000]
        self._receipts: dict[tuple[Said, int], bytes] = {}
        self._image: tuple[Path, PrivateKey] | None = None
        self._backup: dict[LiteralString, list[tuple[Any, ...]]] = {}
        self._aborted_in = iter(aborted_in(labels) or ())
        self.register = Register(self._keys)
        self.homes: list[Home] = []
        self.wiped: set[Name] = set()
        self._seen: View = {}
        self.done: Counter[str] = Counter()
        self._new_home(None, self._keys[0])
        self.workers = [self._worker(halting=True), self._worker(halting=True)]
        self._bystander = self._worker(halting=False)

    async def __aenter__(self) -> Self:
        self._link = psycopg.connect(self._exchange.addresses.superuser, autocommit=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self.workers:
            await worker.roll_back()
        self._link.close()
        for home in self.homes:
            home.disk.close()

    def _worker(self, *, halting: bool) -> SteppedWorker:
        sorting = Sorting(self._database, Adoption(self._database), self._live, KEK)
        return SteppedWorker(self._database, self._inlet, sorting, halting=halting)

    def _new_home(self, image: Path | None, key: PrivateKey) -> None:
        folder = self._exchange.rig.folder / f"home{len(self.homes)}"
        self.homes.append(Home(folder, key, keystore=self._exchange.rig.keystore, generation=self._generations[0], image=image))

    # What a step does

    async def step(self, label: Label, then: View) -> None:
        """Do one step. then: how it shall be afterwards, read only to learn what kind of message is made."""
        match label:
            case [str(actor), str(verb), *about] if actor.startswith("gateway"):
                self._gateway(int(actor.removeprefix("gateway")), verb, about, then)
            case ["worker", str(verb), [int(), int(), str(), _] as message]:
                await self._work(verb, self.register.same(message))
            case [str(verb), *about]:
                await self._operator(verb, about)
            case _:
                raise AssertionError(f"a step that is not replayed: {label}")
        if not label[0].startswith("gateway"):
            self._seen = {}
        self.done[verb] += 1
        for home in self.homes:
            self.register.note(home)

    def _gateway(self, number: int, verb: str, about: Sequence[Any], then: View) -> None:
        home = self.homes[number]
        match verb, *about:
            case ("open",):
                home.open()
            case ("make",):
                serial = self.done["make"] + 1
                epoch, counter, kind = next(m for m in then["queued"][number] if (m[0], m[1]) not in self.register.made)
                self.register.announce((epoch, counter), kind, serial)
                home.make(serial, kind)
            case ("commit_failed",):
                home.fail_commit(serial=98)
            case ("drop", [int(epoch), int(counter), "data", _] as message):
                self.register.same(message)
                self.done[f"drop: {home.drop(self.register.epoch(epoch), counter)}"] += 1
            case ("say_gone",):
                home.say_gone()
            case ("receipt", [int(), int(), str(), _] as message, int(generation)):
                self._hear(home, self._receipts[self.register.same(message), generation])
            case ("hold_time_over",):
                home.hold_time_over()
            case ("learn_key",):
                home.learn_key(self._keys[-1])
            case ("restart",):
                home.restart()
            case ("image_taken",):
                self._image = home.take_image(home.folder.parent / "image"), home.ingest_key
            case ("image_restored",) if self._image is not None:
                self._lose_disk(home, *self._image)
            case ("cloned",) if self._image is not None:
                self._new_home(*self._image)
            case ("reset",):
                self._lose_disk(home, None, home.ingest_key)
            case _:
                raise AssertionError(f"a gateway's step that is not replayed: {verb}")

    def _hear(self, home: Home, receipt: bytes) -> None:
        try:
            home.outbox.receive(receipt, NOON)
        except UnknownEpoch:
            assert epoch_of_receipt(receipt) not in {row[0] for row in home.disk.read().execute("select epoch from epoch")}
        if not self._keeps_held:
            home.hold_time_over()

    async def silent(self, receipts: Sequence[Any], unknown: Sequence[Any]) -> None:
        """Give gateways receipts, and a worker messages of epochs that are not stored, which shall change nothing."""
        for number, message, generation in receipts:
            self._hear(self.homes[number], self._receipts[self.register.same(message), generation])
            self.done["silent receipt"] += 1
        for message in unknown:
            said = self.register.same(message)
            await self._bystander.line._settle([self.arrival(said[1], self.register.bytes_of(said))])
            assert {what for _, what, _ in self._inlet.answers} == {channels.UNKNOWN}
            self._inlet.answers.clear()
            self._seen = {}
            self.done["unknown epoch"] += 1

    def _lose_disk(self, home: Home, image: Path | None, key: PrivateKey) -> None:
        """Note what went with the disk: what only it had, and what only it knew to be given up."""
        before = self._on_disks()
        home.ingest_key = key
        home.replace_disk(image)
        lost = before - self._on_disks()
        self.wiped |= lost
        self.wiped |= {(e, c) for name in lost if self.register.made[name].kind == "gap" for e, c in self.register.made[name].body}

    def _on_disks(self) -> set[Name]:
        return {(self.register.number(epoch), counter) for home in self.homes for epoch, counter, _, _, _ in home.messages()}

    async def _work(self, verb: str, said: Said) -> None:
        if verb in ("not_authentic", "transaction"):
            worker = next(w for w in self.workers if not w.phase)
            await worker.take(self.arrival(said[1], self.register.bytes_of(said)))
            await worker.to_the_end()
            self._answered(said)
            return
        worker = self._at_work(verb, said)
        match verb:
            case "take":
                worker.phase, worker.name = TAKEN, said
                assert await worker.take(self.arrival(said[1], self.register.bytes_of(said))) == TAKEN
            case "insert":
                assert await self._undisturbed(worker.go_on(), worker) == INSERTED
                worker.phase = INSERTED
            case "check":
                assert worker.aside or await worker.go_on() == CHECKED
                worker.phase = CHECKED
            case "commit":
                if worker.aside:
                    assert (await self._undisturbed(worker.once_more(), worker)).new == set(), "what was put aside was no repeat"
                else:
                    await worker.to_the_end()
                worker.rest()
                self._answered(said)
            case "abort":
                await worker.roll_back()
                worker.rest()
            case _:
                raise AssertionError(f"a worker's step that is not replayed: {verb}")

    def _at_work(self, verb: str, said: Said) -> SteppedWorker:
        """Return a worker that stands where a label says."""
        if verb == "take":
            return next(worker for worker in self.workers if not worker.phase)
        phase = next(self._aborted_in) if verb == "abort" else STEPS[verb][0]
        return next(worker for worker in self.workers if (worker.name, worker.phase) == (said, phase))

    async def _undisturbed(self, work: Coroutine[Any, Any, Result], own: SteppedWorker | None = None) -> Result:
        """Do something that may have to wait for a repeat's lock; then that repeat is put aside."""
        task = asyncio.create_task(work)
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
            for worker in self.workers if not task.done() else ():
                if worker is not own and worker.phase in (INSERTED, CHECKED) and (worker.pid,) in self._blocking():
                    await worker.roll_back()
                    worker.aside = True
                    self.done["a repeat put aside"] += 1
        return task.result()

    def _blocking(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "select unnest(pg_blocking_pids(pid)) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )

    def arrival(self, counter: int, data: bytes) -> Arrival:
        """Return a message as the carrier brings it."""
        return self._exchange.arrival(counter, data)

    def answers(self) -> list[bytes]:
        """Return the receipts that workers have written since this was asked."""
        answers, self._inlet.answers = self._inlet.answers, []
        return [data for _, what, data in answers if what == channels.RECEIPTS]

    def _answered(self, said: Said) -> None:
        (self._receipts[said, len(self._generations)],) = self.answers()

    async def _operator(self, verb: str, about: Sequence[Any]) -> None:
        match verb, *about:
            case "fold", int(epoch):
                await self._undisturbed(self.fold(self.register.epoch(epoch)))
            case ("receipts_lost",):
                self._receipts.clear()
            case ("backup",):
                self._backup = {table: self.rows("select * from " + table) for table in RESTORED}
            case ("restore",):
                await self._restore()
            case ("rotate_key",):
                self._keys.append(an_ingest_key())
                self._live[self._keys[-1].id] = self._keys[-1]
            case ("retire_key",):
                del self._live[self._keys[0].id]
            case _:
                raise AssertionError(f"an operator's step that is not replayed: {verb}")

    async def fold(self, epoch: bytes) -> None:
        async with self._database.transaction(None) as connection:
            await fold(connection, [GATEWAY.bytes + epoch])

    async def _restore(self) -> None:
        for worker in self.workers:
            await worker.roll_back()
            worker.rest()
        self.rows("truncate " + ", ".join(RESTORED) + " cascade")
        for table, rows in self._backup.items():
            for row in rows:
                self.rows("insert into " + table + " overriding system value values (" + ", ".join(["%s"] * len(row)) + ")", *row)
        self.rows("update store set system_identifier = 'the server before'")
        async with self._database.transaction(None) as connection:
            self._generations.append(await claim(connection, 1000 * (len(self._generations) + 1)))
        assert self._generations == sorted(set(self._generations))

    # How it is afterwards

    async def view(self) -> View:
        """Say how it is, as the model says it; and in `rows` which contents lie in a table, as often as they lie there."""
        self._seen = self._seen or await self.cloud()  # a gateway's step cannot reach the database: not asked again
        lying = {state: [self._lying(home, state) for home in self.homes] for state in ("queued", "held")}
        return lying | self._seen

    def _lying(self, home: Home, state: str) -> list[list[Any]]:
        names = [(self.register.number(epoch), counter) for epoch, counter, _, _, s in home.messages() if s == state]
        return sorted([*name, self.register.made[name].kind] for name in names)

    async def cloud(self) -> View:
        return await cloud_view(self._database, self.rows, self.register)

    def rows(self, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database, past every policy."""
        cursor = self._link.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []
