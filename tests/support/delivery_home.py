"""A home's real outbox, made to do one step of the delivery model at a time."""

import secrets
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.gateway.disk import Disk
from edge.gateway.keyring import Keyring
from edge.gateway.outbox import HOLD_MS, Outbox, Parcel, Waiting
from protocol.envelope import MessageClass, digest
from protocol.message import Waveforms, encode_body
from protocol.samples import Reading, WaveformPiece, batch_of
from provisioning.ingest_keys import PrivateKey
from provisioning.keystore import FileKeystore
from tests.support.gateway import BELT, GATEWAY, NOON, Rig

Row = tuple[bytes, int, int, bytes, str]
FIRST_VALUE = 60.0
"""A reading's value is this and its message's serial number."""


class DiskFull(Exception):
    """The commit that the run wants to fail."""


class SteppedOutbox(Outbox):
    """The outbox, which says what is gone when the run says so and not within the receipt's transaction."""

    telling = False

    def _say_gone(self, link: sqlite3.Connection, now: int) -> None:
        if self.telling:
            super()._say_gone(link, now)


def parcel(serial: int) -> Parcel:
    """A message that can be told by its serial number when it is stored: readings if that is odd, a waveform if it is even."""
    if serial % 2:
        return Parcel(batch_of([Reading(BELT, 1, NOON, FIRST_VALUE + serial, serial)]), NOON, NOON)
    samples = np.arange(serial, serial + 5, dtype=np.int16)
    return Parcel(Waveforms((WaveformPiece(BELT, 20, NOON, 125.0, 0.005, serial, samples),)), NOON, NOON)


@dataclass
class Home(Rig):
    """One disk and the process on it. keystore: the device's, which a clone has too. generation: heard of before the run begins."""

    keystore: FileKeystore = field(kw_only=True)
    generation: int = field(kw_only=True)
    image: Path | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self._begin(self.image)

    def _begin(self, image: Path | None) -> None:
        if image is not None:
            self._file.write_bytes(image.read_bytes())
        self.start()
        if image is None:
            self.disk.read().execute("update state set generation = ?", (self.generation,))

    @property
    def _file(self) -> Path:
        return self.folder / "gateway.sqlite"

    def start(self) -> None:
        self.disk = Disk(self._file)
        keyring = Keyring(GATEWAY, self.keystore, lambda: self.ingest_key.public, secrets.token_bytes)
        self.outbox = SteppedOutbox(self.disk, keyring, self.capacity)

    def messages(self) -> list[Row]:
        """Return (epoch, counter, class, bytes, state) of everything on the disk."""
        return self.disk.read().execute("select epoch, counter, class, bytes, state from message").fetchall()

    def open(self) -> None:
        """Open an epoch and nothing more."""
        self.outbox.put([], NOON, lambda link: self.outbox._current(link, NOON))

    def make(self, serial: int, kind: str) -> None:
        """Put a message: `data`, `poison` (authentic, not decodable) or `broken` (kept as it is, but its tag is wrong)."""
        if kind == "data":
            self.outbox.put([parcel(serial)], NOON)
            return

        def also(link: sqlite3.Connection) -> None:
            self.outbox._seal(link, parcel(serial), b"from a newer program", NOON)
            if kind == "broken":
                self._break_last(link)

        self.outbox.put([], NOON, also)

    def _break_last(self, link: sqlite3.Connection) -> None:
        assert self.outbox._epoch is not None
        epoch = self.outbox._epoch.epoch
        counter, data = link.execute("select counter, bytes from message where epoch = ? order by counter desc", (epoch,)).fetchone()
        data = altered(data, 1)
        link.execute("update message set bytes = ?, sha256 = ? where epoch = ? and counter = ?", (data, digest(data), epoch, counter))
        link.execute("update epoch set head = ? where epoch = ?", (digest(data), epoch))

    def fail_commit(self, serial: int) -> None:
        def also(_link: sqlite3.Connection) -> None:
            raise DiskFull

        try:
            self.outbox.put([parcel(serial)], NOON, also)
        except DiskFull:
            return
        raise AssertionError("the commit did not fail")

    def drop(self, epoch: bytes, counter: int) -> str:
        """Give one message up; return the way: `full` or `corrupt`."""
        rows = self.messages()
        (of_class,) = (c for e, n, c, _, _ in rows if (e, n) == (epoch, counter))
        if of_class == MessageClass.WAVEFORM and not any(state == "held" and c for _, _, c, _, state in rows):
            self.outbox.put([], NOON, lambda link: self._drop_oldest(link, epoch, counter))
            return "full"
        self.disk.read().execute("update message set bytes = zeroblob(90) where epoch = ? and counter = ?", (epoch, counter))
        assert self.outbox.bytes_of(Waiting(epoch, counter, MessageClass(of_class))) is None
        assert self.outbox.give_up_corrupt(NOON) == 1
        return "corrupt"

    def _drop_oldest(self, link: sqlite3.Connection, epoch: bytes, counter: int) -> None:
        link.execute("update message set from_ms = 0 where epoch = ? and counter = ?", (epoch, counter))
        (size,) = link.execute("select size from state").fetchone()
        self.outbox._capacity = size
        for given_up in self.outbox._make_room(link, 1):
            self.outbox._seal(link, Parcel(given_up, NOON, NOON), encode_body(given_up), NOON)
        self.outbox._capacity = self.capacity

    def say_gone(self) -> None:
        self.outbox.telling = True
        self.outbox.put([], NOON, lambda link: self.outbox._say_gone(link, NOON))
        self.outbox.telling = False

    def hold_time_over(self) -> None:
        self.outbox.tidy(NOON + HOLD_MS)

    def take_image(self, path: Path) -> Path:
        """Copy the disk, as it is, into a file."""
        with sqlite3.connect(path) as copy:
            self.disk.read().backup(copy)
        copy.close()
        return path

    def replace_disk(self, image: Path | None) -> None:
        """Start anew from an image, or from nothing."""
        self.disk.close()
        for file in self.folder.glob("gateway.sqlite*"):
            file.unlink()
        self._begin(image)

    def learn_key(self, key: PrivateKey) -> None:
        """Seal later epochs to another ingest key."""
        self.ingest_key = key


def altered(data: bytes, bit: int) -> bytes:
    """Return bytes whose seal, or signature, does not hold: one bit (1, 2, 4, ..) of the last byte is another."""
    return data[:-1] + bytes([data[-1] ^ bit])
