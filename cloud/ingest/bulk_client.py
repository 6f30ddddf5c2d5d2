"""gmqtt's client for a worker that takes thousands of messages a second: no task a message, no write an acknowledgement.

gmqtt 0.8 makes a task for each message and a write for each acknowledgement, which together cost more than all the rest of a worker. Its
way of handling PUBLISH is replaced here; what is acknowledged or said in one turn of the loop leaves in one write. Everything else
(connecting, keep-alive, flow control, reconnecting, all other packets) stays gmqtt's.
"""

import asyncio
import struct
from collections.abc import Callable
from functools import lru_cache, partial

from gmqtt import Client

from cloud.ingest.arrival import Arrival

_LENGTH = struct.Struct(">H")
_PUBACK = struct.Struct(">BBH")


class BulkClient(Client):
    """A client of one worker. take: is given each arrival of QoS 0 or 1; settling one of QoS 1 acknowledges it, on its own link alone."""

    take: Callable[[Arrival], None]

    def __init__(self, client_id: str, session_seconds: int, receive_maximum: int) -> None:
        super().__init__(
            client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            session_expiry_interval=session_seconds,
            receive_maximum=receive_maximum,
        )
        self._link = 0
        self._leaving: list[bytes] = []
        self._package_handler._handle_publish_packet = self._take_publish  # noqa: SLF001

    def new_link(self) -> None:
        """Count a link that began or ended: what was not yet acknowledged on the one before will come again."""
        self._link += 1
        self._leaving.clear()

    def _take_publish(self, command: int, packet: bytes) -> None:
        (length,) = _LENGTH.unpack_from(packet)
        topic, rest = packet[2 : 2 + length], 2 + length
        settle: Callable[[bool], None] = _nothing
        if command & 0x06:
            (number,) = _LENGTH.unpack_from(packet, rest)
            rest += 2
            settle = partial(self._acknowledge, self._link, number)
        if packet[rest]:  # it has properties
            _, data = self._package_handler._parse_properties(packet[rest:])  # noqa: SLF001
            if data is None:
                raise ValueError("a PUBLISH whose properties are not MQTT 5's")
        else:
            data = packet[rest + 1 :]
        self.take(Arrival(topic.decode("utf-8", "replace"), data, settle))

    def _acknowledge(self, link: int, number: int, forget: bool) -> None:  # noqa: FBT001
        if forget and link == self._link:
            self._leave(_PUBACK.pack(0x40, 2, number))

    def say(self, topic: str, data: bytes) -> None:
        """Publish at QoS 0; nothing happens while the link is down."""
        head = _topic(topic)
        self._leave(b"\x30" + _variable(len(head) + len(data)) + head + data)

    def _leave(self, packet: bytes) -> None:
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._flush)
        self._leaving.append(packet)

    def _flush(self) -> None:
        packets, self._leaving = b"".join(self._leaving), []
        if packets and self.is_connected:
            self._connection.send_package(packets)


def _nothing(_forget: bool) -> None:  # noqa: FBT001
    """Settle what came at QoS 0."""


@lru_cache(maxsize=65_536)
def _topic(topic: str) -> bytes:
    """Return a topic behind its length, and that there are no properties."""
    name = topic.encode()
    return _LENGTH.pack(len(name)) + name + b"\x00"


def _variable(number: int) -> bytes:
    """Return a length as MQTT's variable byte integer."""
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
