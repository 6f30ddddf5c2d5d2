"""All that travels from gateway to cloud inside the seal: a union of bodies, and their CBOR."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never, cast
from uuid import UUID

import cbor2

from protocol.batches import LATEST, batch_from, batch_map, strip_from, strip_map
from protocol.cbor import field, load_map, maps
from protocol.envelope import MOST_MESSAGES, MessageClass
from protocol.errors import Malformed, Undecodable
from protocol.findings import Finding, finding_from, finding_map
from protocol.samples import SampleBatch, WaveformPiece

_KIND, _ADDRESS = re.compile("[a-z_]{1,40}"), re.compile("(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")


class GapReason(StrEnum):
    """Why a gateway gave a message up."""

    FULL = "full"
    GONE = "gone"
    CORRUPT = "corrupt"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Counters `first`..`last` of an epoch that will not come (again).

    from_ms, to_ms: the time they covered, ms UTC; 0 where it is no longer known. of_class: None where that is no longer known.
    """

    epoch: bytes
    first: int
    last: int
    of_class: MessageClass | None
    from_ms: int
    to_ms: int
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Gap:
    """What a gateway had to give up, by name."""

    given_up: tuple[GivenUp, ...]


@dataclass(frozen=True, slots=True)
class Waveforms:
    """Waveform strips, each about as long as the gateway's folding interval."""

    strips: tuple[WaveformPiece, ...]


@dataclass(frozen=True, slots=True)
class WearableAdopted:
    """A person at the gateway paired a wearable and gave it to a patient who lives there.

    kind: a word of small letters and underscores, at most 40. address: its Bluetooth device address, "C0:11:22:33:00:01".
    """

    wearable: UUID
    patient: UUID
    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class WearableRemoved:
    """A person at the gateway removed a wearable: it is heard no more. at: ms UTC."""

    wearable: UUID
    at: int


Body = SampleBatch | Waveforms | Finding | Gap | WearableAdopted | WearableRemoved


def class_of(body: Body) -> MessageClass:
    """Return the message class under which a body travels."""
    match body:
        case SampleBatch():
            return MessageClass.VITAL
        case Waveforms():
            return MessageClass.WAVEFORM
        case Finding():
            return MessageClass.FINDING
        case Gap():
            return MessageClass.GAP
        case WearableAdopted():
            return MessageClass.ADOPTION
        case WearableRemoved():
            return MessageClass.REMOVAL
        case _:
            assert_never(body)


def encode_body(body: Body) -> bytes:
    """Return a body as CBOR."""
    match body:
        case SampleBatch():
            return cbor2.dumps(batch_map(body))
        case Waveforms(strips):
            return cbor2.dumps({"strips": [strip_map(strip) for strip in strips]})
        case Finding():
            return cbor2.dumps(finding_map(body))
        case Gap(given_up):
            return cbor2.dumps({"given_up": [_given_up_map(item) for item in given_up]})
        case WearableAdopted(wearable, patient, kind, address):
            return cbor2.dumps({"wearable": wearable.bytes, "patient": patient.bytes, "kind": kind, "address": address})
        case WearableRemoved(wearable, at):
            return cbor2.dumps({"wearable": wearable.bytes, "at": at})
        case _:
            assert_never(body)


def decode_body(of_class: MessageClass, data: bytes) -> Body:
    """Read the body of an authentic message.

    Raises:
        Undecodable: not understood, or a number out of range: keep it sealed.
    """
    try:
        match of_class:
            case MessageClass.VITAL:
                return batch_from(load_map(data))
            case MessageClass.WAVEFORM:
                return Waveforms(tuple(strip_from(item) for item in maps(load_map(data), "strips")))
            case MessageClass.FINDING:
                return finding_from(load_map(data))
            case MessageClass.GAP:
                return Gap(tuple(_given_up_from(item) for item in maps(load_map(data), "given_up")))
            case MessageClass.ADOPTION:
                return _adopted_from(load_map(data))
            case MessageClass.REMOVAL:
                return _removed_from(load_map(data))
            case MessageClass.OPENING | MessageClass.SUMMARISED_VITAL:
                raise Undecodable(f"no body is known for class {of_class.name}")
            case _:
                assert_never(of_class)
    except Malformed as error:
        raise Undecodable(str(error)) from error


def _adopted_from(table: Mapping[str, object]) -> WearableAdopted:
    ids = field(table, "wearable", bytes), field(table, "patient", bytes)
    kind, address = field(table, "kind", str), field(table, "address", str)
    if any(len(id_) != 16 for id_ in ids) or not _KIND.fullmatch(kind) or not _ADDRESS.fullmatch(address):
        raise Malformed("an adoption's ids, kind or address are none")
    return WearableAdopted(UUID(bytes=ids[0]), UUID(bytes=ids[1]), kind, address)


def _removed_from(table: Mapping[str, object]) -> WearableRemoved:
    wearable, at = field(table, "wearable", bytes), field(table, "at", int)
    if len(wearable) != 16 or not 0 <= at < LATEST:
        raise Malformed("a removal's wearable or time is none")
    return WearableRemoved(UUID(bytes=wearable), at)


def _given_up_map(item: GivenUp) -> dict[str, object]:
    return {
        "epoch": item.epoch,
        "first": item.first,
        "last": item.last,
        "class": int(item.of_class) if item.of_class is not None else None,
        "from": item.from_ms,
        "to": item.to_ms,
        "reason": str(item.reason),
    }


def _given_up_from(item: Mapping[str, object]) -> GivenUp:
    epoch, first, last = field(item, "epoch", bytes), field(item, "first", int), field(item, "last", int)
    if len(epoch) != 16 or not 0 <= first <= last < MOST_MESSAGES:
        raise Malformed("a gap names no epoch, or counters out of range")
    of_class = cast("int | None", item.get("class"))
    try:
        return GivenUp(
            epoch,
            first,
            last,
            None if of_class is None else MessageClass(of_class),
            field(item, "from", int),
            field(item, "to", int),
            GapReason(field(item, "reason", str)),
        )
    except ValueError as error:
        raise Malformed(f"a gap's class or reason does not exist: {error}") from error
