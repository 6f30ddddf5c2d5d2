"""Orders: what the cloud tells a gateway to do, sealed to it and signed; and its standing, which says to which key to seal and what it has done.

Each order of a gateway has a number greater than the one before. A gateway does an order once, and nothing that was not signed by the
order key it was given at enrolment. Both signatures cover a label first, so that neither can stand for anything else the same key signs.
All integers are big-endian.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import cbor2

from protocol.cbor import field, load_map
from protocol.envelope import VERSION
from protocol.errors import Malformed, UnknownOrder
from protocol.patient_rules import PatientRules, rules_as_map, rules_of_map

MOST_BYTES = 65_536

_ORDER = struct.Struct(">B16sQ8sH")
_STANDING = struct.Struct(">B16s8sQQQH")
_ORDER_LABEL, _STANDING_LABEL = b"mediassist order 1", b"mediassist standing 1"
_INGEST_KEY, _PATIENT_RULES = "ingest_key", "patient_rules"


@dataclass(frozen=True, slots=True)
class NewIngestKey:
    """Seal the next epochs to this key. public: its public half, of either suite."""

    public: bytes


Order = NewIngestKey | PatientRules


def encode_order(order: Order) -> bytes:
    """Return an order as CBOR."""
    if isinstance(order, NewIngestKey):
        return cbor2.dumps({"order": _INGEST_KEY, "public": order.public})
    return cbor2.dumps({"order": _PATIENT_RULES, **rules_as_map(order)})


def decode_order(data: bytes) -> Order:
    """Read an order.

    Raises:
        Malformed: not an order. UnknownOrder: an order that this program does not know.
    """
    of = load_map(data)
    name = field(of, "order", str)
    if name == _INGEST_KEY:
        return NewIngestKey(field(of, "public", bytes))
    if name == _PATIENT_RULES:
        return rules_of_map(of)
    raise UnknownOrder("an order that this program does not know")


@dataclass(frozen=True, slots=True)
class OrderHeader:
    """The clear part of an order. number: greater than that of every earlier order. key_id: of the gateway's receiving key."""

    gateway: UUID
    number: int
    key_id: bytes

    def info(self) -> bytes:
        """Return HPKE's `info` for this order."""
        return _ORDER_LABEL + _ORDER.pack(VERSION, self.gateway.bytes, self.number, self.key_id, 0)


@dataclass(frozen=True, slots=True)
class SealedOrder:
    """An order as it came; nothing in it is verified yet. signed: what the signature covers."""

    header: OrderHeader
    sealed: bytes
    signature: bytes
    signed: bytes


def write_order(header: OrderHeader, sealed: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Return an order's bytes: header, the body sealed to the gateway, and the order key's signature over the label and both."""
    data = _ORDER.pack(VERSION, header.gateway.bytes, header.number, header.key_id, len(sealed)) + sealed
    return data + sign(_ORDER_LABEL + data)


def read_order(data: bytes) -> SealedOrder:
    """Read an order; nothing in it is verified yet.

    Raises:
        Malformed: too short, too long, or another version.
    """
    if not _ORDER.size < len(data) <= MOST_BYTES:
        raise Malformed(f"an order of {len(data)} bytes")
    version, gateway, number, key_id, length = _ORDER.unpack_from(data)
    end = _ORDER.size + length
    if version != VERSION or not length or len(data) <= end:
        raise Malformed("an order of another version, or one that ends before its signature")
    return SealedOrder(OrderHeader(UUID(bytes=gateway), number, key_id), data[_ORDER.size : end], data[end:], _ORDER_LABEL + data[:end])


@dataclass(frozen=True, slots=True)
class Standing:
    """What a gateway says of itself at each connection and after each order.

    number: greater than in every earlier standing. answered: the greatest number of an order it has done or refused; refused: of the last
    one that it did not understand; 0: none. receiving_key: public half of the key to which orders are to be sealed.
    """

    gateway: UUID
    certificate_id: bytes
    number: int
    answered: int
    refused: int
    receiving_key: bytes


@dataclass(frozen=True, slots=True)
class SignedStanding:
    """A standing as it came; nothing in it is verified yet. signed: what the signature covers."""

    standing: Standing
    signature: bytes
    signed: bytes


def write_standing(standing: Standing, sign: Callable[[bytes], bytes]) -> bytes:
    """Return a standing's bytes, with the device key's signature over the label and all."""
    s = standing
    numbers = (s.number, s.answered, s.refused)
    data = _STANDING.pack(VERSION, s.gateway.bytes, s.certificate_id, *numbers, len(s.receiving_key)) + s.receiving_key
    return data + sign(_STANDING_LABEL + data)


def read_standing(data: bytes) -> SignedStanding:
    """Read a standing; nothing in it is verified yet.

    Raises:
        Malformed: too short, too long, another version, or numbers beyond 2^63 - 1.
    """
    if not _STANDING.size < len(data) <= MOST_BYTES:
        raise Malformed(f"a standing of {len(data)} bytes")
    version, gateway, certificate_id, number, answered, refused, length = _STANDING.unpack_from(data)
    end = _STANDING.size + length
    if version != VERSION or len(data) <= end:
        raise Malformed("a standing of another version, or one that ends before its signature")
    if max(number, answered, refused) >= 1 << 63:
        raise Malformed("a standing's number is beyond 2^63 - 1")
    standing = Standing(UUID(bytes=gateway), certificate_id, number, answered, refused, data[_STANDING.size : end])
    return SignedStanding(standing, data[end:], _STANDING_LABEL + data[:end])
