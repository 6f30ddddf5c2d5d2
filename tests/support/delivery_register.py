"""Every message that was durable in a run of the delivery model, under the model's names: (epoch, counter), epochs counted from 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protocol.envelope import EpochKeys, MessageClass, read_header, read_opening
from protocol.message import Gap, Waveforms, decode_body
from protocol.samples import SampleBatch
from provisioning.ingest_keys import PrivateKey
from tests.support.delivery_home import FIRST_VALUE, Home, altered
from tests.support.stepped_worker import Said

Name = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Made:
    """One message. body: as the model writes it, read from the sealed bytes where these can be opened."""

    kind: str
    body: Any
    data: bytes


class Register:
    """keys: the ingest keys there have been, oldest first; the register only reads the list."""

    def __init__(self, keys: Sequence[PrivateKey]) -> None:
        self._keys = keys
        self._epochs: list[bytes] = []
        self._strange: dict[Name, tuple[str, int]] = {}
        self.made: dict[Name, Made] = {}
        self.serials: dict[int, Name] = {}

    def number(self, epoch: bytes) -> int:
        """Return the model's number of an epoch; one that was never seen gets the next."""
        if epoch not in self._epochs:
            self._epochs.append(epoch)
        return self._epochs.index(epoch) + 1

    def epoch(self, number: int) -> bytes:
        return self._epochs[number - 1]

    def announce(self, name: Name, kind: str, serial: int) -> None:
        """Say what a message is that will be noted: nobody can read it out of a poisoned or a broken one."""
        self.serials[serial] = name
        self._strange[name] = (kind, serial)

    def note(self, home: Home) -> None:
        """Remember what is new on a disk; one name has one sequence of bytes for ever, on whatever disk it lies."""
        for epoch, counter, of_class, data, _ in sorted(home.messages(), key=lambda row: row[1]):
            name = (self.number(epoch), counter)
            if name in self.made:
                assert self.made[name].data == data, f"two messages are called {name}"
            else:
                self.made[name] = self._read(name, of_class, data)

    def _read(self, name: Name, of_class: int, data: bytes) -> Made:
        if of_class == MessageClass.OPENING:
            opening = read_opening(data).opening
            previous = self.number(opening.previous) if opening.previous_count else 0
            key = next(n for n, key in enumerate(self._keys, 1) if key.id == opening.ingest_key_id)
            return Made("open", [previous, opening.previous_count, key], data)
        kind, serial = self._strange.get(name, ("", 0))
        if kind in ("poison", "broken"):
            return Made(kind, serial, data)
        header = read_header(data)
        match decode_body(header.of_class, self._epoch_keys(name[0]).unseal(data)):
            case Gap(given_up):
                named = sorted([self.number(item.epoch), c] for item in given_up for c in range(item.first, item.last + 1))
                return Made("gap", named, data)
            case SampleBatch() as batch:
                return Made("data", int(next(iter(batch.readings())).value - FIRST_VALUE), data)
            case Waveforms((strip,)):
                return Made("data", strip.first_sample, data)
            case body:
                raise AssertionError(f"no run makes {body}")

    def _epoch_keys(self, epoch: int) -> EpochKeys:
        sealed = read_opening(self.made[epoch, 0].data)
        key = next(key for key in self._keys if key.id == sealed.opening.ingest_key_id)
        return EpochKeys(key.open(sealed.sealed_secret, sealed.opening.info()))

    def same(self, message: Sequence[Any]) -> Said:
        """Return a label's message by name, after making sure that the real one says the same."""
        epoch, counter, kind, body = message
        made = self.made[epoch, counter]
        if kind != "forged":
            assert [made.kind, made.body] == [kind, body], f"({epoch}, {counter}) says something else"
        return epoch, counter, kind

    def bytes_of(self, said: Said) -> bytes:
        """Return what travels under that name: the true bytes, or altered ones."""
        epoch, counter, kind = said
        data = self.made[epoch, counter].data
        return altered(data, 2) if kind == "forged" else data
