"""A home whose gateway is killed again and again, as by `kill -9`, while its links come and go.

`python -m tests.support.killed_life FOLDER EVENTS SEED [SABOTAGE]` prints what happened, or fails.

The gateway is a forked process with the whole line of production: spool, windows, outbox, drain, on a real file with real keys. Ten wearables
that number and remember their records, and a cloud that keeps a ledger, live in the parent and speak to it over a socket. Frames get lost on
the way up and down. Kills fall at any moment, in the middle of a start as well.

Each time accounts are made up, with the gateway dead: every record that a wearable was allowed to forget is in the cloud or on the disk, and
none is in two messages, or in a message and still unfolded on the disk. At the end faults stop, and all there was must be stored.
"""

import asyncio
import json
import logging
import os
import random
import secrets
import select
import signal
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import cbor2
import structlog

from edge.firmware_bridge.wearable import KnownWearable, Notification
from edge.gateway.disk import Disk
from edge.gateway.household import write_household
from edge.gateway.keyring import Keyring
from edge.gateway.outbox import Outbox
from edge.gateway.spool import Spool
from protocol import channels
from protocol.envelope import EpochKeys, read_header, read_opening
from protocol.message import decode_body
from protocol.receipts import Receipt, ranges_of, write_receipt, write_unknown
from protocol.samples import SampleBatch
from provisioning.keystore import FileKeystore
from simulators.record_memory import RecordMemory
from simulators.sensors import Measured
from tests.support.gateway import GATEWAY, PATIENT, a_gateways_folder, an_ingest_key
from tests.support.piped_gateway import LENGTH, framed, live

WEARABLES = 10
EVENTS = ("gateway killed", "wearable's link dropped", "uplink dropped")
OF_EVENTS = (6, 2, 2)
LOST_UP, LOST_DOWN = 0.1, 0.1
LONGEST_LIFE_S = 0.16
MEASURES = 0.2
"""How probably two wearables measure in a few milliseconds: about a hundred records a second."""
ACCOUNTS_EVERY = 50
SETTLE_S = 60.0
Record = tuple[UUID, int]
"""wearable, (session << 32) | sequence"""
Name = tuple[bytes, int]
"""epoch, counter"""


@dataclass
class Worn:
    """One wearable: its memory, and how far it has sent on this link."""

    id: UUID
    session: int
    memory: RecordMemory = field(default_factory=RecordMemory)
    cursor: int = 0
    linked: bool = False


@dataclass
class Cloud:
    """A cloud that keeps a ledger of messages and what each of them held."""

    key: Any
    keys: dict[bytes, EpochKeys] = field(default_factory=dict[bytes, EpochKeys])
    stored: dict[Name, list[Record]] = field(default_factory=dict[Name, list[Record]])
    repeats: int = 0

    def take(self, what: str, data: bytes) -> tuple[str, bytes] | None:
        """Return what it answers: (channel, bytes)."""
        if what == channels.OPENINGS:
            epoch, counter = self.open(data), 0
        elif what == channels.MESSAGES:
            header = read_header(data)
            epoch, counter = header.epoch, header.counter
            if epoch not in self.keys:
                return channels.UNKNOWN, write_unknown(epoch)
            if (epoch, counter) in self.stored:
                self.repeats += 1
            self.stored.setdefault((epoch, counter), records_of(self.keys[epoch], data))
        else:
            return None
        receipt = Receipt(GATEWAY, epoch, 5, ranges_of([counter]), ())
        return channels.RECEIPTS, write_receipt(receipt, self.keys[epoch].receipt_key)

    def open(self, data: bytes) -> bytes:
        sealed = read_opening(data)
        self.keys[sealed.opening.epoch] = EpochKeys(self.key.open(sealed.sealed_secret, sealed.opening.info()))
        return sealed.opening.epoch


def records_of(keys: EpochKeys, data: bytes) -> list[Record]:
    """Return the records in a message; anything but readings is a fault of this test."""
    body = decode_body(read_header(data).of_class, keys.unseal(data))
    assert isinstance(body, SampleBatch), f"a message holds {body}"
    return [(reading.wearable, reading.record) for reading in body.readings()]


class Life:
    """All of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.cloud = Cloud(an_ingest_key())
        self.state = a_gateways_folder(folder / "state", self.cloud.key)
        self.dice = random.Random(seed)
        self.worn = [Worn(uuid5(PATIENT, str(number)), 1 + number) for number in range(WEARABLES)]
        known = [KnownWearable(w.id, PATIENT, f"C0:11:22:33:44:{w.session:02X}", "heart_rate_belt") for w in self.worn]
        write_household(self.state / "household.json", known)
        self.events: Counter[str] = Counter()
        self.began = time.monotonic()
        self.checked = 0
        self._end: socket.socket | None = None
        self._child = 0
        self._read = b""

    # one gateway after another

    def birth(self) -> None:
        """Fork a gateway; its links are down."""
        ours, theirs = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            ours.close()
            try:
                asyncio.run(live(self.state, theirs))
            finally:
                os._exit(1)
        theirs.close()
        self._end, self._read = ours, b""
        for worn in self.worn:
            self._link(worn)
        self._say("up")

    def death(self) -> None:
        """Kill it."""
        os.kill(self._child, signal.SIGKILL)
        _, status = os.waitpid(self._child, 0)
        if not os.WIFSIGNALED(status):
            raise AssertionError("the gateway ended by itself")
        assert self._end is not None
        self._end.close()
        self._end = None

    def _say(self, *frame: Any) -> None:
        assert self._end is not None
        try:
            self._end.sendall(framed(*frame))
        except OSError:
            return

    def _link(self, worn: Worn) -> None:
        """A link comes up: the clock is told, then everything that is still in memory."""
        worn.cursor = worn.memory.oldest
        self._say("clock", worn.id.bytes, worn.session, self._ticks(), worn.memory.next)

    def _ticks(self) -> int:
        return int((time.monotonic() - self.began) * 1000)

    # what goes on in a life

    def live_for(self, seconds: float, *, measuring: bool = True) -> None:
        """Let wearables measure and everybody speak for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if measuring and self.dice.random() < MEASURES:
                for worn in self.dice.sample(self.worn, 2):
                    worn.memory.remember(self._ticks(), Measured(0, bytes([0, 60 + worn.memory.next % 30])))
            for worn in self.worn:
                self._send(worn)
            self._hear(min(left, 0.004))

    def _send(self, worn: Worn) -> None:
        for sequence in range(max(worn.cursor, worn.memory.oldest), worn.memory.next):
            record = worn.memory.recall(sequence)
            self._say("record", worn.id.bytes, worn.session, sequence, record.ticks_ms, record.measured.value)
        worn.cursor = worn.memory.next

    def _hear(self, seconds: float) -> None:
        assert self._end is not None
        ready, _, _ = select.select([self._end], [], [], seconds)
        if ready:
            said = self._end.recv(1 << 20)
            if not said:
                raise AssertionError("the gateway ended by itself")
            self._read += said
        for frame in self._frames():
            self._answer(frame)

    def _frames(self) -> Iterator[list[Any]]:
        while len(self._read) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._read)
            if len(self._read) < LENGTH.size + length:
                return
            frame = self._read[LENGTH.size : LENGTH.size + length]
            self._read = self._read[LENGTH.size + length :]
            yield cbor2.loads(frame)

    def _answer(self, frame: list[Any]) -> None:
        match frame:
            case ["kept", wearable, session, sequence]:
                [worn] = [w for w in self.worn if w.id.bytes == wearable]
                if session == worn.session:
                    worn.memory.forget(sequence)
            case ["send", number, what, data]:
                lost = self.dice.random() < LOST_UP
                self._say("taken", number, not lost)
                answer = None if lost else self.cloud.take(what, data)
                if answer is not None and self.dice.random() >= LOST_DOWN:
                    self._say("said", *answer)

    def happen(self) -> None:
        """Let one thing happen."""
        [event] = self.dice.choices(EVENTS, OF_EVENTS)
        self.events[event] += 1
        match event:
            case "gateway killed":
                self.death()
                if self.events[event] % ACCOUNTS_EVERY == 0:
                    self.account()
                self.birth()
            case "uplink dropped":
                self._say("down")
                self.live_for(self.dice.uniform(0, 0.01))
                self._say("up")
            case _:
                self._link(self.dice.choice(self.worn))

    # accounts

    def on_disk(self) -> tuple[list[Record], dict[Name, list[Record]]]:
        """Return what is on a dead gateway's disk: unfolded, and in messages that wait."""
        copy = self.state.with_name("copy.sqlite")
        source, target = sqlite3.connect(self.state / "gateway.sqlite"), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
        keystore = FileKeystore.open(self.state / "identity")
        disk = Disk(copy)
        outbox = Outbox(disk, Keyring(GATEWAY, keystore, lambda: self.cloud.key.public, secrets.token_bytes), 1 << 30)
        waiting: dict[Name, list[Record]] = {}
        for epoch, counter, data in disk.read().execute("select epoch, counter, bytes from message where state = 'queued'").fetchall():
            if epoch not in self.cloud.keys:
                opening = outbox.opening(epoch)
                assert opening is not None
                sealed = read_opening(opening)
                keys = EpochKeys(self.cloud.key.open(sealed.sealed_secret, sealed.opening.info()))
            else:
                keys = self.cloud.keys[epoch]
            if counter:
                waiting[epoch, counter] = records_of(keys, data)
        unfolded = Spool(disk, keystore).unfolded(1 << 30)
        disk.close()
        for file in copy.parent.glob("copy.sqlite*"):
            file.unlink()
        return [(s.notification.wearable, _record(s.notification)) for s in unfolded], waiting

    def account(self) -> Counter[str]:
        """Make up accounts: raise where a record is nowhere, or twice."""
        unfolded, waiting = self.on_disk()
        places = Counter(unfolded)
        for records in {**waiting, **self.cloud.stored}.values():
            places.update(set(records))
        said = Counter[str]()
        for worn in self.worn:
            for sequence in range(worn.memory.next):
                times = places.pop((worn.id, worn.session << 32 | sequence), 0)
                if times > 1:
                    raise AssertionError(f"record {sequence} of wearable {worn.session} is in {times} places")
                if not times and sequence < worn.memory.oldest:
                    raise AssertionError(f"record {sequence} of wearable {worn.session} is nowhere")
                said["produced"] += 1
                said["kept by the wearable alone"] += not times
        if places:
            raise AssertionError(f"{len(places)} records were never produced")
        said["stored"] = sum(len(records) for records in self.cloud.stored.values())
        said["unfolded"] = len(unfolded)
        said["queued"] = sum(len(records) for name, records in waiting.items() if name not in self.cloud.stored)
        self.checked += 1
        return said

    def settle(self) -> None:
        """Measure no more, and let the gateway live until everything is stored."""
        deadline = time.monotonic() + SETTLE_S
        self._say("down")
        self._say("up")
        while sum(len(records) for records in self.cloud.stored.values()) < sum(worn.memory.next for worn in self.worn):
            if time.monotonic() > deadline:
                raise AssertionError(f"not all is stored after {SETTLE_S:g} s without faults")
            self.live_for(0.1, measuring=False)
        self.death()


def _record(notification: Notification) -> int:
    assert notification.session is not None
    assert notification.sequence is not None
    return notification.session << 32 | notification.sequence


_FOLD = Spool.mark_folded


def _folds_nothing(_link: sqlite3.Connection, _upto: int) -> None:
    pass


def _folds_too_much(link: sqlite3.Connection, upto: int) -> None:
    _FOLD(link, upto + 3)


def sabotage(how: str) -> None:
    """Break a promise, to see that it is noticed."""
    match how:
        case "folds twice":
            Spool.mark_folded = staticmethod(_folds_nothing)
        case "forgets a fold":
            Spool.mark_folded = staticmethod(_folds_too_much)
        case "":
            pass
        case _:
            raise ValueError(how)


def main(folder: str, events: str, seed: str, how: str = "") -> int:
    sabotage(how)
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    life = Life(Path(folder), int(seed))
    life.birth()
    while life.events.total() < int(events):
        life.live_for(life.dice.uniform(0, LONGEST_LIFE_S))
        life.happen()
    life.death()
    before = life.account()
    life.birth()
    life.settle()
    after = life.account()
    if after["stored"] != after["produced"] or after["unfolded"] or after["kept by the wearable alone"]:
        raise AssertionError(f"not all that was produced is stored: {after}")
    told = {
        "events": dict(life.events),
        "accounts": life.checked,
        "repeats": life.cloud.repeats,
        "before": dict(before),
        "after": dict(after),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
