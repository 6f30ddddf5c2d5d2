"""The MQTT 5 packets that a gateway of a fleet sends and hears, as bytes (OASIS MQTT 5.0). Pure.

A client library keeps a thread or a task for each connection, which thousands in one process cannot bear.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

_U16 = struct.Struct(">H")
_RECEIVE_MAXIMUM = 0x21
_SESSION_EXPIRY = 0x11


class PacketType(IntEnum):
    """MQTT control packet types (section 2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


PINGREQ = bytes((PacketType.PINGREQ << 4, 0))
DISCONNECT = bytes((PacketType.DISCONNECT << 4, 0))


class NotMqtt(Exception):
    """What came is not of the form."""


def length(number: int) -> bytes:
    """Return a variable byte integer (section 1.5.5); number: 0..268,435,455."""
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (128 if number else 0))
        if not number:
            return bytes(out)


def connect(client_id: str, keep_alive: int, expiry: int) -> bytes:
    """Return CONNECT for a session that is kept. keep_alive: seconds, 0..65535. expiry: of the session, seconds."""
    properties = struct.pack(">BI", _SESSION_EXPIRY, expiry) + struct.pack(">BH", _RECEIVE_MAXIMUM, 1000)
    body = b"\x00\x04MQTT\x05\x00" + _U16.pack(keep_alive) + length(len(properties)) + properties + _text(client_id)
    return _packet(PacketType.CONNECT << 4, body)


def subscribe(packet_id: int, topics: Iterable[str]) -> bytes:
    """Return SUBSCRIBE at QoS 0."""
    body = _U16.pack(packet_id) + b"\x00" + b"".join(_text(topic) + b"\x00" for topic in topics)
    return _packet(PacketType.SUBSCRIBE << 4 | 2, body)


def publish(topic: bytes, packet_id: int, payload: bytes) -> bytes:
    """Return PUBLISH at QoS 1. topic: as `topic_field` returns it."""
    return b"\x32" + length(len(topic) + 3 + len(payload)) + topic + _U16.pack(packet_id) + b"\x00" + payload


def topic_field(topic: str) -> bytes:
    """Return a topic as it stands in PUBLISH: made once, since a fleet publishes on the same few."""
    return _text(topic)


def read_puback(body: bytes) -> tuple[int, int]:
    """Return the packet id and the reason code: 0x00 taken, 0x10 no matching subscribers, 0x80 and above refused."""
    return _U16.unpack_from(body)[0], body[2] if len(body) > 2 else 0


def read_publish(flags: int, body: bytes) -> tuple[bytes, bytes]:
    """Return topic and payload of a PUBLISH that came.

    Raises:
        NotMqtt: it ends before its payload.
    """
    try:
        place = 2 + _U16.unpack_from(body)[0]
        topic = body[2:place]
        place += 2 if flags & 0x06 else 0
        properties, place = _length(body, place)
    except (struct.error, IndexError) as error:
        raise NotMqtt("a PUBLISH ends before its payload") from error
    return topic, body[place + properties :]


@dataclass(slots=True)
class PacketReader:
    """Cuts a stream of bytes into packets."""

    _rest: bytes = field(default=b"")

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield (type, flags, body) of each packet that is whole now."""
        buffer = self._rest + data if self._rest else data
        place = 0
        while len(buffer) - place >= 2:
            try:
                size, start = _length(buffer, place + 1)
            except IndexError:
                break
            if len(buffer) < start + size:
                break
            first = buffer[place]
            yield first >> 4, first & 15, buffer[start : start + size]
            place = start + size
        self._rest = buffer[place:]


def _length(buffer: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        digit = buffer[place]
        place += 1
        value |= (digit & 127) << shift
        if digit < 128:
            return value, place
        shift += 7
        if shift > 21:
            raise NotMqtt("a length of more than four bytes")


def _text(text: str) -> bytes:
    raw = text.encode()
    return _U16.pack(len(raw)) + raw


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + length(len(body)) + body
