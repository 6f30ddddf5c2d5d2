"""Sealing: an opening carries a fresh secret to the cloud's ingest key; messages are sealed under that secret.

HPKE (RFC 9180) carries the secret; HKDF-SHA-256 (RFC 5869) derives a message key and a receipt key from it; AES-256-GCM
seals each message with its counter as nonce and its clear header as associated data. All integers are big-endian.
The secret and the HPKE sealing come from outside: nothing here rolls dice.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.errors import Malformed, SealBroken

VERSION = 1
NO_EPOCH = bytes(16)
NO_HEAD = bytes(32)
SECRET_BYTES = 32
MOST_MESSAGES = 1 << 20
MOST_BYTES = 4 << 20

_OPENING = struct.Struct(">B16s16s8s8sq16sQ32s")
_LENGTH = struct.Struct(">H")
_HEADER = struct.Struct(">B16s16sQB32s")
_FORM = struct.Struct(">B32xQB")
_NONCE = struct.Struct(">4xQ")
_NO_NONCE = bytes(4)
_OPENING_INFO = b"mediassist opening 1"


class MessageClass(IntEnum):
    """What a message is, in clinical order: what a full outbox gives up last comes first. Adoptions and removals, added later, are never given up."""

    OPENING = 0
    FINDING = 1
    GAP = 2
    VITAL = 3
    SUMMARISED_VITAL = 4
    WAVEFORM = 5
    ADOPTION = 6
    REMOVAL = 7


@dataclass(frozen=True, slots=True)
class Opening:
    """Message 0 of its epoch: who speaks, under which keys, and where the previous epoch ended.

    made_at: ms UTC by the gateway's clock, information only. previous_count: messages of the previous epoch, its opening included;
    previous_head: SHA-256 of its last message's bytes.
    """

    gateway: UUID
    epoch: bytes
    ingest_key_id: bytes
    certificate_id: bytes
    made_at: int
    previous: bytes = NO_EPOCH
    previous_count: int = 0
    previous_head: bytes = NO_HEAD

    def clear(self) -> bytes:
        """Return the fields as bytes: what the sealing and the signature bind."""
        return _OPENING.pack(
            VERSION,
            self.gateway.bytes,
            self.epoch,
            self.ingest_key_id,
            self.certificate_id,
            self.made_at,
            self.previous,
            self.previous_count,
            self.previous_head,
        )

    def info(self) -> bytes:
        """Return HPKE's `info` for this opening's secret."""
        return _OPENING_INFO + self.clear()


@dataclass(frozen=True, slots=True)
class SealedOpening:
    """An opening as it came: its fields, the sealed secret, the signature, and the bytes that were signed."""

    opening: Opening
    sealed_secret: bytes
    signature: bytes
    signed: bytes


class Header(NamedTuple):
    """The clear part of a message: its name (gateway, epoch, counter), its class, its predecessor's SHA-256.

    A tuple, since one is made for every message: a frozen dataclass takes four times as long to make.
    """

    gateway: UUID
    epoch: bytes
    counter: int
    of_class: MessageClass
    previous: bytes

    def clear(self) -> bytes:
        """Return the fields as bytes: the associated data."""
        return _HEADER.pack(VERSION, self.gateway.bytes, self.epoch, self.counter, self.of_class, self.previous)


class EpochKeys:
    """The two keys of an epoch, derived from its secret: one seals messages, one authenticates receipts."""

    __slots__ = ("_cipher", "receipt_key")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise SealBroken(f"an epoch's secret has {len(secret)} bytes, not {SECRET_BYTES}")
        self._cipher = AESGCM(_derived(secret, b"message 1"))
        self.receipt_key = _derived(secret, b"receipt 1")

    def seal(self, header: Header, body: bytes) -> bytes:
        """Return the message's bytes. A (secret, counter) pair must never seal two bodies: see the outbox."""
        clear = header.clear()
        return clear + self._cipher.encrypt(_NONCE.pack(header.counter), body, clear)

    def unseal(self, message: bytes) -> bytes:
        """Return the body of a message whose form `message_class` has checked.

        Raises:
            SealBroken: altered, or sealed under another secret.
        """
        try:
            return self._cipher.decrypt(_NO_NONCE + message[33:41], message[_HEADER.size :], message[: _HEADER.size])
        except InvalidTag as error:
            raise SealBroken("a message's tag does not fit its bytes") from error


def _derived(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


@lru_cache(maxsize=65_536)
def _gateway(raw: bytes) -> UUID:
    """Return an id; remembered, since making one takes longer than unsealing its message."""
    return UUID(bytes=raw)


_IN_MESSAGES = {int(each): each for each in MessageClass if each is not MessageClass.OPENING}


def write_opening(opening: Opening, sealed_secret: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Return an opening's bytes: fields, sealed secret, and the device key's signature (ECDSA P-256, DER) over both."""
    signed = opening.clear() + _LENGTH.pack(len(sealed_secret)) + sealed_secret
    return signed + sign(signed)


def read_opening(data: bytes) -> SealedOpening:
    """Read an opening; nothing in it is verified yet.

    Raises:
        Malformed: too short, too long, or another version.
    """
    fixed = _OPENING.size + _LENGTH.size
    if not fixed <= len(data) <= 8192:
        raise Malformed(f"an opening of {len(data)} bytes")
    version, gateway, epoch, key_id, certificate_id, made_at, previous, count, head = _OPENING.unpack_from(data)
    if version != VERSION:
        raise Malformed(f"an opening of version {version}, not {VERSION}")
    (length,) = _LENGTH.unpack_from(data, _OPENING.size)
    end = fixed + length
    if not length or len(data) <= end:
        raise Malformed("an opening ends before its signature")
    opening = Opening(UUID(bytes=gateway), epoch, key_id, certificate_id, made_at, previous, count, head)
    if epoch in (NO_EPOCH, previous):
        raise Malformed("an opening names no epoch of its own")
    return SealedOpening(opening, data[fixed:end], data[end:], data[:end])


def read_header(data: bytes) -> Header:
    """Read a message's clear part; nothing in it is verified yet.

    Raises:
        Malformed: too short, too long, another version, counter 0 or past an epoch's end, or an unknown class.
    """
    known = message_class(data)
    _, gateway, epoch, counter, _, previous = _HEADER.unpack_from(data)
    return Header(_gateway(gateway), epoch, counter, known, previous)


def message_class(data: bytes) -> MessageClass:
    """Check a message's clear part without reading all of it, and return its class: what a worker does for each message.

    Raises:
        Malformed: as `read_header`.
    """
    if not _HEADER.size + 16 <= len(data) <= MOST_BYTES:
        raise Malformed(f"a message of {len(data)} bytes")
    version, counter, of_class = _FORM.unpack_from(data)
    if version != VERSION:
        raise Malformed(f"a message of version {version}, not {VERSION}")
    if not 1 <= counter < MOST_MESSAGES:
        raise Malformed(f"counter {counter} is outside 1..{MOST_MESSAGES - 1}")
    known = _IN_MESSAGES.get(of_class)
    if known is None:
        raise Malformed(f"message class {of_class} does not exist")
    return known


def previous_of(message: bytes) -> bytes:
    """Return the SHA-256 of its predecessor that a message names."""
    return message[_HEADER.size - 32 : _HEADER.size]


def digest(message: bytes) -> bytes:
    """Return the SHA-256 by which a message is named and chained."""
    return sha256(message).digest()
