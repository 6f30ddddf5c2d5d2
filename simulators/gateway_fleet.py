"""Thousands of gateways in one process: real TLS 1.3 with a certificate each, real MQTT 5, real openings, seals and receipts.

One thread sends and hears on non-blocking sockets (asyncio's own streams take nine times the memory a connection); a few others make
connections. What has no receipt is sent again at each reconnect and after the gateway's own back-off, as `edge.gateway.drain` does. A
fleet is bounded: it plays for the time it is told to, and stops.
"""

import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from protocol import channels
from protocol.envelope import MessageClass
from protocol.errors import ProtocolError
from simulators import mqtt_packets
from simulators.fleet_gateway import FleetGateway, Waiting
from simulators.mqtt_packets import PacketReader, PacketType

KEEP_ALIVE = 120
EXPIRY = 3600
FIRST_PAUSE, MOST_PAUSE, UNHEARD_PAUSE = 10.0, 600.0, 2.0
_CONNECTORS = 4
_READ = 1 << 16
_TICK = 0.01
_NO_SUBSCRIBERS = 0x10
_SHARE = 256


@dataclass(slots=True, eq=False)
class Link:
    """A gateway's connection, or the lack of one."""

    gateway: FleetGateway
    identity: Path
    topics: dict[str, bytes]
    socket: ssl.SSLSocket | None = None
    session: ssl.SSLSession | None = None
    reader: PacketReader = field(default_factory=PacketReader)
    unsent: bytearray = field(default_factory=bytearray)
    packet_id: int = 0
    unacknowledged: dict[int, int] = field(default_factory=dict[int, int])
    heard_at: float = 0.0
    connecting: Future[ssl.SSLSocket] | None = None


@dataclass(slots=True)
class Tally:
    """What a fleet has seen.

    latencies: (when a receipt arrived, monotonic seconds; seconds since its message was due, an upper bound of what its commit took), of
    findings apart.
    """

    sent: int = 0
    sent_again: int = 0
    receipted: int = 0
    unheard: int = 0
    refused: int = 0
    reconnects: int = 0
    busy: int = 0
    latencies: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    findings: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])


Source = Iterator[tuple[float, int, MessageClass, Callable[[FleetGateway], bytes]]]
"""What to send: (due, in order; which gateway; class; what makes its body)."""

Sealed = tuple[float, int, MessageClass, int, bytes]
"""A message that was sealed: (due; which gateway; class; counter; the message)."""


class Fleet:
    """Gateways on one broker. authority: the file of the certificate that the broker's is checked by."""

    def __init__(self, gateways: Sequence[tuple[FleetGateway, Path]], address: tuple[str, int], authority: Path) -> None:
        self._address = address
        self._context = ssl.create_default_context(cafile=str(authority))
        self._loading = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._connectors = ThreadPoolExecutor(_CONNECTORS)
        self.links = [Link(gateway, identity, _topics(gateway)) for gateway, identity in gateways]
        self._down: deque[Link] = deque(self.links)
        self._again: deque[tuple[float, Link, int]] = deque()
        self._turned_at = 0.0
        self.tally = Tally()

    @property
    def unreceipted(self) -> int:
        """Return how many messages have no receipt yet."""
        return sum(len(link.gateway.waiting) for link in self.links)

    @property
    def connected(self) -> int:
        """Return how many gateways are connected."""
        return sum(link.socket is not None for link in self.links)

    def connect(self, seconds: float) -> None:
        """Connect everybody and see every epoch opened.

        Raises:
            TimeoutError: not within that time.
        """
        deadline = time.monotonic() + seconds
        while self.connected < len(self.links) or self.unreceipted:
            self._turn(_TICK)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.connected} of {len(self.links)} gateways connected, {self.unreceipted} messages without receipt")

    def sealed(self, source: Source) -> Iterator[Sealed]:
        """Seal what the source says, one after another, as it is asked for."""
        for due, number, of_class, body in source:
            gateway = self.links[number].gateway
            yield due, number, of_class, *gateway.seal(of_class, body(gateway))

    def play(self, source: Iterable[Sealed], begin: float) -> Tally:
        """Send what the source says, when it is due after `begin`, monotonic seconds; return what was seen meanwhile.

        Each must be sent before another of its gateway is sealed by anybody else.
        """
        self.tally = Tally()
        for after, number, of_class, counter, data in source:
            due = begin + after
            self.wait_until(due)
            link = self.links[number]
            self._send(link, counter, link.gateway.keep(counter, data, of_class, due))
            if self.tally.sent % _SHARE == 0:
                self._turn(0)
        return self.tally

    def wait_until(self, due: float) -> None:
        """Hear what comes until a moment, monotonic seconds."""
        while (now := time.monotonic()) < due:
            if now - self._turned_at < _TICK:
                time.sleep(min(_TICK, due - now))
            self._turn(0)

    def shout(self, link: Link, payload: bytes) -> None:
        """Publish something that nobody receipts: it goes at QoS 1 if there is a link, and is kept nowhere."""
        if link.socket is not None:
            link.packet_id = link.packet_id % 65_535 + 1
            self._write(link, mqtt_packets.publish(link.topics[channels.MESSAGES], link.packet_id, payload))

    def settle(self, seconds: float) -> int:
        """Wait until everything has its receipt, or the time is over; return how many messages have none."""
        deadline = time.monotonic() + seconds
        while self.unreceipted and time.monotonic() < deadline:
            self.wait_until(min(deadline, time.monotonic() + 0.1))
        return self.unreceipted

    def close(self) -> None:
        """Disconnect everybody."""
        self._connectors.shutdown(cancel_futures=True)
        for link in self.links:
            if link.socket is not None:
                with suppress(OSError):
                    link.socket.send(mqtt_packets.DISCONNECT)
                link.socket.close()
        self._selector.close()

    # --- one turn ---------------------------------------------------------------------------------------------------------------

    def _turn(self, wait: float) -> None:
        """Do what there is to do, waiting for it at most `wait` seconds."""
        self._turned_at = time.monotonic()
        for key, events in self._selector.select(wait):
            link: Link = key.data
            if link.socket is not key.fileobj:
                continue
            if events & selectors.EVENT_WRITE:
                self._flush(link)
            if events & selectors.EVENT_READ and link.socket is not None:
                self._hear(link)
        self._look_after_links()
        now = time.monotonic()
        while self._again and self._again[0][0] <= now:
            _, link, counter = self._again.popleft()
            waiting = link.gateway.waiting.get(counter)
            if waiting is not None and link.socket is not None and waiting.again_at <= now:
                self._send(link, counter, waiting, again=True)

    def _look_after_links(self) -> None:
        for _ in range(min(len(self._down), _CONNECTORS * 4)):
            link = self._down[0]
            if link.connecting is None:
                link.connecting = self._connectors.submit(self._open, link)
            if not link.connecting.done():
                self._down.rotate(-1)
                continue
            self._down.popleft()
            done, link.connecting = link.connecting, None
            if done.exception() is not None:
                self._down.append(link)
                continue
            self._up(link, done.result())

    def _open(self, link: Link) -> ssl.SSLSocket:
        """Connect, shake hands, and say CONNECT and SUBSCRIBE; for a thread that makes connections."""
        try:
            plain = socket.create_connection(self._address, timeout=20)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._loading:
                self._context.load_cert_chain(link.identity)
                secured = self._context.wrap_socket(
                    plain, server_hostname=self._address[0], do_handshake_on_connect=False, session=link.session
                )
            secured.do_handshake()
            downward = [channels.downward(link.gateway.id, what) for what in (channels.RECEIPTS, channels.UNKNOWN)]
            secured.sendall(mqtt_packets.connect(link.gateway.id.hex, KEEP_ALIVE, EXPIRY) + mqtt_packets.subscribe(1, downward))
            reader, suback = PacketReader(), False
            while not suback:
                data = secured.recv(_READ)
                if not data:
                    raise ConnectionError("the broker closed the connection")
                for kind, _, body in reader.feed(data):
                    if kind == PacketType.CONNACK and body[1] >= 0x80:
                        raise ConnectionError(f"the broker refused the connection: 0x{body[1]:02x}")
                    suback = suback or kind == PacketType.SUBACK
            secured.setblocking(False)
            link.reader = reader
        except OSError:
            time.sleep(0.2)
            raise
        return secured

    def _up(self, link: Link, secured: ssl.SSLSocket) -> None:
        link.socket = secured
        link.unsent.clear()
        link.unacknowledged.clear()
        link.packet_id = 0
        link.heard_at = time.monotonic()
        self._selector.register(secured, selectors.EVENT_READ, link)
        for counter, waiting in link.gateway.unreceipted():
            self._send(link, counter, waiting, again=waiting.attempts > 0)

    def _lost(self, link: Link) -> None:
        assert link.socket is not None
        self._selector.unregister(link.socket)
        with suppress(ValueError):
            link.session = link.socket.session or link.session
        link.socket.close()
        link.socket = None
        self.tally.reconnects += 1
        self._down.append(link)

    # --- sending ----------------------------------------------------------------------------------------------------------------

    def _send(self, link: Link, counter: int, waiting: Waiting, *, again: bool = False) -> None:
        """Send a message and note when it is due again; where there is no link it waits for the next one."""
        if again:
            self.tally.sent_again += 1
        else:
            self.tally.sent += 1
        waiting.again_at = time.monotonic() + min(MOST_PAUSE, FIRST_PAUSE * 2**waiting.attempts)
        waiting.attempts += 1
        self._remember(waiting.again_at, link, counter)
        if link.socket is None:
            return
        link.packet_id = link.packet_id % 65_535 + 1
        link.unacknowledged[link.packet_id] = counter
        what = channels.OPENINGS if waiting.of_class is MessageClass.OPENING else channels.MESSAGES
        self._write(link, mqtt_packets.publish(link.topics[what], link.packet_id, waiting.data))

    def _remember(self, due: float, link: Link, counter: int) -> None:
        """Keep the list of what is due again in order; nearly always the new one is the last."""
        if self._again and due < self._again[-1][0]:
            place = len(self._again)
            while place and self._again[place - 1][0] > due:
                place -= 1
            self._again.insert(place, (due, link, counter))
        else:
            self._again.append((due, link, counter))

    def _write(self, link: Link, data: bytes) -> None:
        assert link.socket is not None
        if not link.unsent:
            try:
                sent = link.socket.send(data)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                sent = 0
            except OSError:
                self._lost(link)
                return
            if sent == len(data):
                return
            data = data[sent:]
            self._selector.modify(link.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, link)
        link.unsent += data

    def _flush(self, link: Link) -> None:
        assert link.socket is not None
        try:
            sent = link.socket.send(link.unsent)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError:
            self._lost(link)
            return
        del link.unsent[:sent]
        if not link.unsent:
            self._selector.modify(link.socket, selectors.EVENT_READ, link)

    # --- hearing ----------------------------------------------------------------------------------------------------------------

    def _hear(self, link: Link) -> None:
        secured = link.socket
        assert secured is not None
        try:
            while link.socket is secured and (data := secured.recv(_READ)):
                for kind, flags, body in link.reader.feed(data):
                    if kind == PacketType.PUBACK:
                        self._acknowledged(link, body)
                    elif kind == PacketType.PUBLISH:
                        self._said(link, *mqtt_packets.read_publish(flags, body))
                if not secured.pending():
                    return
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except (OSError, mqtt_packets.NotMqtt):
            pass
        if link.socket is secured:
            self._lost(link)

    def _acknowledged(self, link: Link, body: bytes) -> None:
        packet_id, reason = mqtt_packets.read_puback(body)
        counter = link.unacknowledged.pop(packet_id, None)
        if counter is not None and reason >= _NO_SUBSCRIBERS and (waiting := link.gateway.waiting.get(counter)) is not None:
            self.tally.unheard += 1
            waiting.again_at = time.monotonic() + UNHEARD_PAUSE
            self._remember(waiting.again_at, link, counter)

    def _said(self, link: Link, topic: bytes, payload: bytes) -> None:
        now = time.monotonic()
        if topic == link.topics[channels.UNKNOWN]:
            self._unknown(link, now)
            return
        try:
            stored, busy = link.gateway.receive(payload)
        except ProtocolError:
            self.tally.refused += 1
            return
        self.tally.busy += bool(busy)
        for waiting in stored:
            self.tally.receipted += 1
            if waiting.due:
                latencies = self.tally.findings if waiting.of_class is MessageClass.FINDING else self.tally.latencies
                latencies.append((now, now - waiting.due))

    def _unknown(self, link: Link, now: float) -> None:
        """Open the epoch again, and send what waits behind it."""
        if link.socket is None or now - link.heard_at < 1.0:
            return
        link.heard_at = now
        opening = Waiting(link.gateway.opening, 0.0, MessageClass.OPENING)
        self._send(link, 0, link.gateway.waiting.setdefault(0, opening), again=True)
        for counter, waiting in link.gateway.unreceipted():
            if counter:
                self._send(link, counter, waiting, again=True)


def _topics(gateway: FleetGateway) -> dict[str, bytes]:
    up = {what: mqtt_packets.topic_field(channels.upward(gateway.id, what)) for what in (channels.OPENINGS, channels.MESSAGES)}
    return {**up, channels.UNKNOWN: channels.downward(gateway.id, channels.UNKNOWN).encode()}
