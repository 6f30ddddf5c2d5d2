"""One gateway of a fleet: its epoch, what it has sent and not seen receipted, and bodies made by changing one that was encoded before.

Real openings, real seals, real receipts; no disk: an outbox in memory, as large as what is on its way.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import numpy as np

from protocol import layouts
from protocol.envelope import EpochKeys, Header, MessageClass, Opening, digest, write_opening
from protocol.joined_batches import COLUMN_TAGS
from protocol.message import encode_body
from protocol.metrics import HEART_RATE, RESPIRATORY_RATE, SPO2
from protocol.receipts import read_receipt
from protocol.samples import ClockEvidence, SampleBatch

METRICS = (HEART_RATE, SPO2, RESPIRATORY_RATE)
SECONDS = 10
READINGS = SECONDS * len(METRICS)
_ANY_TIME = 1 << 41
_FLEET = UUID("b5a6f9a4-7f0f-4c56-9d0d-6d1a3f9a2c11")


def wearable_of(gateway: UUID) -> UUID:
    """Return the id of the one wearable that a gateway of a fleet has."""
    return uuid5(_FLEET, f"wearable {gateway}")


def patient_of(gateway: UUID) -> UUID:
    """Return the id of the one patient of a gateway of a fleet."""
    return uuid5(_FLEET, f"patient {gateway}")


class VitalsBody:
    """Ten seconds of three vitals at 1 Hz, encoded once a wearable; then times, values and record numbers are written into their places."""

    def __init__(self, wearable: UUID) -> None:
        self._second = np.repeat(np.arange(SECONDS, dtype="<i8"), len(METRICS))
        zeros = np.zeros(READINGS)
        batch = SampleBatch(
            wearables=(wearable,),
            wearable=zeros.astype(np.uint8),
            metric=np.tile(np.array([metric.code for metric in METRICS], dtype=np.uint16), SECONDS),
            at=zeros.astype(np.int64),
            value=zeros,
            absence=zeros.astype(np.uint8),
            record=zeros.astype(np.int64),
            clocks=(ClockEvidence(wearable, _ANY_TIME, 0.0, 12.0, 20.0),),
        )
        self._bytes = bytearray(encode_body(batch))
        layout = layouts.learn(bytes(self._bytes), COLUMN_TAGS)
        assert layout is not None
        self._columns = layout.columns
        self._clock = layout.clocks[0]["at"]

    def at(self, start: int, session: int, number: int, values: bytes) -> bytes:
        """Return the body of the batch that begins at `start` (ms UTC, clock evidence at its beginning) with the record `number`.

        values: 30 float64, little-endian.
        """
        for name, column in (
            ("at", (self._second * 1000 + start).tobytes()),
            ("record", (self._second + (session << 32 | number)).tobytes()),
            ("value", values),
        ):
            first, last = self._columns[name]
            self._bytes[first:last] = column
        struct.pack_into(">q", self._bytes, self._clock, start)
        return bytes(self._bytes)


@dataclass(slots=True)
class Waiting:
    """A message on its way. due: when it should have been sent, monotonic seconds; latency counts from there."""

    data: bytes
    due: float
    of_class: MessageClass
    attempts: int = 0
    again_at: float = 0.0


@dataclass(slots=True)
class FleetGateway:
    """One gateway with its identity. sign: by the device key. key: the cloud's ingest key."""

    id: UUID
    epoch: bytes
    keys: EpochKeys
    opening: bytes
    body: VitalsBody
    counter: int = 1
    records: int = 0
    previous: bytes = b""
    waiting: dict[int, Waiting] = field(default_factory=dict[int, Waiting])

    def __post_init__(self) -> None:
        self.previous = digest(self.opening)
        self.waiting[0] = Waiting(self.opening, 0.0, MessageClass.OPENING)

    def seal(self, of_class: MessageClass, body: bytes) -> tuple[int, bytes]:
        """Seal the next message of the epoch, and return its counter and itself."""
        counter = self.counter
        data = self.keys.seal(Header(self.id, self.epoch, counter, of_class, self.previous), body)
        self.previous = digest(data)
        self.counter += 1
        return counter, data

    def keep(self, counter: int, data: bytes, of_class: MessageClass, due: float) -> Waiting:
        """Keep a sealed message, about to be sent, until its receipt."""
        waiting = self.waiting[counter] = Waiting(data, due, of_class)
        return waiting

    def receive(self, data: bytes) -> tuple[list[Waiting], int]:
        """Take a receipt; return the messages that are stored now for the first time that this gateway hears of it, and `busy`.

        Raises:
            ProtocolError: it is not authentic.
        """
        receipt = read_receipt(data, self.keys.receipt_key)
        found = [self.waiting.pop(counter, None) for counter in receipt.counters()]
        return [waiting for waiting in found if waiting is not None], receipt.busy

    def unreceipted(self) -> Iterator[tuple[int, Waiting]]:
        """Yield what waits for its receipt, the opening first."""
        yield from sorted(self.waiting.items())


def open_gateway(
    gateway: UUID,
    seal: Callable[[bytes, bytes], bytes],
    ingest_key_id: bytes,
    certificate_id: bytes,
    sign: Callable[[bytes], bytes],
    dice: Callable[[int], bytes],
    now: int,
) -> FleetGateway:
    """Open an epoch for a gateway. seal: (secret, info) -> sealed to the cloud's ingest key. now: ms UTC."""
    secret, epoch = dice(32), dice(16)
    opening = Opening(gateway, epoch, ingest_key_id, certificate_id, now)
    written = write_opening(opening, seal(secret, opening.info()), sign)
    return FleetGateway(gateway, epoch, EpochKeys(secret), written, VitalsBody(wearable_of(gateway)))
