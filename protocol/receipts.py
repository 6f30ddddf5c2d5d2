"""What the cloud answers: receipts for what is stored, refusals for bytes it could not accept, and `Unknown` epochs.

A receipt is authenticated by its epoch's receipt key (HMAC-SHA-256 cut to 16 bytes). `Unknown` carries no proof, so it may
cause one thing only: that an opening is sent again. All integers are big-endian.
"""

import hmac
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from protocol.envelope import MOST_MESSAGES, NO_HEAD, VERSION
from protocol.errors import Malformed, SealBroken

_HEAD = struct.Struct(">B16s16sQH")
_RANGE = struct.Struct(">QI")
_COUNT = struct.Struct(">H")
_REFUSAL = struct.Struct(">Q32sB")
_TAIL = struct.Struct(">q32sH")
_MAC = 16
MOST_RANGES = 4096


class RefusalReason(IntEnum):
    """Why the cloud could not accept these very bytes."""

    MALFORMED = 1
    SEAL_BROKEN = 2
    FOREIGN = 3


@dataclass(frozen=True, slots=True)
class Refused:
    """These very bytes of this counter were refused: sha256 names them."""

    counter: int
    sha256: bytes
    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the cloud says of one epoch after a commit.

    generation: of the database, ms UTC of its last restore or failover. stored: ranges (first, n) of counters that are stored.
    done_upto: all counters up to it are accounted for (-1: none yet); head: the chain's SHA-256 there, a check and no permission.
    busy: seconds for which re-sending should wait.
    """

    gateway: UUID
    epoch: bytes
    generation: int
    stored: tuple[tuple[int, int], ...] = ()
    refused: tuple[Refused, ...] = ()
    done_upto: int = -1
    head: bytes = NO_HEAD
    busy: int = 0

    def counters(self) -> Iterator[int]:
        """Yield the counters of `stored` one by one."""
        for first, n in self.stored:
            yield from range(first, first + n)


def ranges_of(counters: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return counters as ascending ranges (first, n)."""
    ranges: list[tuple[int, int]] = []
    for counter in sorted(set(counters)):
        if ranges and sum(ranges[-1]) == counter:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((counter, 1))
    return tuple(ranges)


def write_receipt(receipt: Receipt, key: bytes) -> bytes:
    """Return a receipt's bytes, authenticated by the epoch's receipt key."""
    body = b"".join(
        (
            _HEAD.pack(VERSION, receipt.gateway.bytes, receipt.epoch, receipt.generation, len(receipt.stored)),
            *(_RANGE.pack(first, n) for first, n in receipt.stored),
            _COUNT.pack(len(receipt.refused)),
            *(_REFUSAL.pack(refused.counter, refused.sha256, refused.reason) for refused in receipt.refused),
            _TAIL.pack(receipt.done_upto, receipt.head, receipt.busy),
        )
    )
    return body + _mac(body, key)


_ONE_RANGE = struct.Struct(">B32sQHQIHq32sH")


def write_stored(epoch_name: bytes, generation: int, counter: int, done_upto: int, head: bytes, key: bytes) -> bytes:
    """Return what `write_receipt` returns for one stored message and nothing else, in a third of the time: nearly every receipt is of that form.

    epoch_name: gateway (16 bytes) and epoch (16).
    """
    body = _ONE_RANGE.pack(VERSION, epoch_name, generation, 1, counter, 1, 0, done_upto, head, 0)
    return body + _mac(body, key)


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC]


def epoch_of_receipt(data: bytes) -> bytes:
    """Return which epoch's receipt key a receipt claims to be authenticated by.

    Raises:
        Malformed: too short or another version.
    """
    if len(data) < _HEAD.size + _COUNT.size + _TAIL.size + _MAC or data[0] != VERSION:
        raise Malformed("not a receipt of this version")
    return data[17:33]


def read_receipt(data: bytes, key: bytes) -> Receipt:
    """Check and read a receipt.

    Raises:
        Malformed: not of the form.
        SealBroken: not authenticated by this key.
    """
    epoch_of_receipt(data)
    body, mac = data[:-_MAC], data[-_MAC:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise SealBroken("a receipt is not authenticated by its epoch's key")
    try:
        return _parsed(body)
    except (struct.error, ValueError) as error:
        raise Malformed(f"a receipt does not parse: {error}") from error


def _parsed(body: bytes) -> Receipt:
    _, gateway, epoch, generation, n_stored = _HEAD.unpack_from(body)
    place = _HEAD.size
    stored: list[tuple[int, int]] = []
    for _ in range(n_stored):
        first, n = _RANGE.unpack_from(body, place)
        if first + n > MOST_MESSAGES:
            raise Malformed("a receipt names counters past an epoch's end")
        stored.append((first, n))
        place += _RANGE.size
    (n_refused,) = _COUNT.unpack_from(body, place)
    place += _COUNT.size
    refused: list[Refused] = []
    for _ in range(n_refused):
        counter, sha256, reason = _REFUSAL.unpack_from(body, place)
        refused.append(Refused(counter, sha256, RefusalReason(reason)))
        place += _REFUSAL.size
    done_upto, head, busy = _TAIL.unpack_from(body, place)
    if place + _TAIL.size != len(body):
        raise Malformed("a receipt has bytes left over")
    return Receipt(UUID(bytes=gateway), epoch, generation, tuple(stored), tuple(refused), done_upto, head, busy)


def write_unknown(epoch: bytes) -> bytes:
    """Return "I do not know this epoch: send its opening again" as bytes."""
    return bytes([VERSION]) + epoch


def read_unknown(data: bytes) -> bytes:
    """Return the epoch that the cloud does not know.

    Raises:
        Malformed: not of the form.
    """
    if len(data) != 17 or data[0] != VERSION:
        raise Malformed("not an 'unknown epoch' of this version")
    return data[1:]
