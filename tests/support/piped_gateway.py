"""The gateway of a home that is killed again and again: the whole line of production, whose wearables and cloud are at the other end of a socket."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from uuid import UUID

import cbor2

from edge.firmware_bridge.profiles.identifiers import HEART_RATE_MEASUREMENT
from edge.firmware_bridge.wearable import ClockReading, KnownWearable, Notification
from edge.firmware_bridge.wearable import Said as Spoken
from edge.gateway import vitals_line
from edge.gateway.assembly import assembled
from edge.gateway.settings import GatewaySettings
from edge.gateway.uplink import Arrival, Connected, Said

LENGTH = struct.Struct("<I")
"""Of the frame that follows; a frame is a list in CBOR."""


def framed(*frame: Any) -> bytes:
    """Return a frame as it goes over the socket."""
    data = cbor2.dumps(frame)
    return LENGTH.pack(len(data)) + data


class Pipe:
    """Frames of CBOR over a socket, in the gateway's process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.spoken: asyncio.Queue[Spoken] = asyncio.Queue()
        self.arrived: asyncio.Queue[Arrival] = asyncio.Queue()
        self.connected = False
        self._asked: dict[int, Future[bool]] = {}

    def say(self, *frame: Any) -> None:
        self._writer.write(framed(*frame))

    async def listen(self) -> None:
        while True:
            (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            self._take(cbor2.loads(await self._reader.readexactly(length)))

    def _take(self, frame: list[Any]) -> None:
        match frame:
            case ["record", wearable, session, sequence, ticks, value]:
                at = now()
                self.spoken.put_nowait(Notification(UUID(bytes=wearable), HEART_RATE_MEASUREMENT, value, at, session, sequence, ticks))
            case ["clock", wearable, session, ticks, following]:
                self.spoken.put_nowait(ClockReading(UUID(bytes=wearable), session, ticks, now(), following))
            case ["up"]:
                self.connected = True
                self.arrived.put_nowait(Connected())
            case ["down"]:
                self.connected = False
            case ["said", what, data]:
                self.arrived.put_nowait(Said(what, data))
            case ["taken", number, taken]:
                if (asked := self._asked.pop(number, None)) is not None:
                    asked.set_result(taken)

    def ask(self, what: str, data: bytes) -> Future[bool]:
        number = len(self._asked) and max(self._asked) + 1
        asked = self._asked[number] = Future()
        self.say("send", number, what, data)
        return asked


class PipedWearables:
    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    async def notifications(self) -> AsyncIterator[Spoken]:
        while True:
            yield await self._pipe.spoken.get()

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        self._pipe.say("kept", wearable.bytes, session, sequence)

    async def adopt(self, wearable: KnownWearable) -> None:
        raise AssertionError(f"nobody adds {wearable} here")

    async def part(self, wearable: UUID) -> None:
        raise AssertionError(f"nobody removes {wearable} here")


class PipedUplink:
    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    @property
    def connected(self) -> bool:
        return self._pipe.connected

    def send(self, what: str, data: bytes) -> Future[bool]:
        return self._pipe.ask(what, data)

    async def arrivals(self) -> AsyncIterator[Arrival]:
        while True:
            yield await self._pipe.arrived.get()


def now() -> int:
    return int(time.time() * 1000)


async def live(state: Path, end: socket.socket) -> None:
    """Be the gateway until it is killed. It tidies up often, so that kills fall into that too."""
    vitals_line.TIDY_SECONDS = 0.03
    pipe = Pipe(*await asyncio.open_connection(sock=end))
    settings = GatewaySettings(state=state, fold_seconds=0.1)
    async with assembled(settings, wearables=PipedWearables(pipe), uplink=PipedUplink(pipe)) as line, asyncio.TaskGroup() as tasks:
        tasks.create_task(pipe.listen())
        tasks.create_task(line.run())
