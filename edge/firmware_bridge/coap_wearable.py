"""Wearables and sensors over CoAP (RFC 7252) on Thread or Wi-Fi: the second adapter of the port, under OSCORE (RFC 8613) alone.

A sensor's `state` is observed (RFC 7641), and says how far its records go; records are fetched by their numbers, block by block (RFC 7959). An
observation may be lost on its way, and a record may not: nothing depends on a notification, it only saves the wait for the next look.
What is served is described in docs/guides/coap-sensors.md.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast
from uuid import UUID

import aiocoap
import cbor2
import structlog
from aiocoap import oscore
from aiocoap.protocol import Request

from edge.firmware_bridge.profiles import hand_over, identifiers
from edge.firmware_bridge.profiles.device_information import DeviceInformation
from edge.firmware_bridge.profiles.hand_over import Kept, Session
from edge.firmware_bridge.reconnect_policy import Patience, data_came, link_ended, wait_s
from edge.firmware_bridge.wearable import ClockReading, KnownWearable, Notification, Said
from protocol.cbor import load_map
from protocol.errors import Malformed

log = structlog.get_logger(__name__)

LOOK_S = 30.0
"""How long to trust in silence: then a sensor is asked, whether or not it notified."""
KEPT_EVERY_S = 1.0
ANSWER_S = 20.0
"""Longer than aiocoap's own last retransmission but one: a sensor that sleeps answers by then, or is away."""
ABOUT_EVERY_S = 600.0
MOST_WAITING = 20_000
MOST_RECORDS = 2_000
"""In one answer; a sensor that says more is not believed."""
_LONGEST_TEXT = 64
_FAILURES = (aiocoap.error.Error, OSError, TimeoutError, oscore.ProtectionInvalid)


class NoContext(Exception):
    """A sensor's OSCORE context is missing or cannot be used; the message says where it is looked for."""


class _Keys(oscore.FilesystemSecurityContext):
    """A sensor's context, which can be closed: what was counted is written, and the folder is free for another process."""

    def close(self) -> None:
        if self.lockfile is not None and self._is_whole:
            self._destroy()
        elif self.lockfile is not None:
            self.lockfile.release()
            self.lockfile = None

    @property
    def _is_whole(self) -> bool:
        return hasattr(self, "sender_key")

    def __del__(self) -> None:
        """Do it late, if at all; the library's own takes for granted that a context could be read."""
        self.close()


class CoapWearables:
    """All adopted sensors of one gateway that speak CoAP. contexts: folder with an OSCORE context a sensor, named by its id.

    now: ms UTC. dice: 0..1, for back-off.
    """

    def __init__(
        self, known: Sequence[KnownWearable], contexts: Path, now: Callable[[], int], dice: Callable[[], float] = random.random
    ) -> None:
        self._known = {wearable.id: wearable for wearable in known}
        self._contexts, self._now, self._dice = contexts, now, dice
        self._waiting: asyncio.Queue[Said | BaseException] = asyncio.Queue(MOST_WAITING)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._kept: dict[UUID, Kept] = {}
        self._to_keep: dict[UUID, asyncio.Event] = {}
        self._patience: dict[UUID, Patience] = {}
        self._client: aiocoap.Context | None = None
        self._keys: dict[UUID, _Keys] = {}
        self._telling: asyncio.Task[None] | None = None
        self.about: dict[UUID, DeviceInformation] = {}
        """What each sensor said of itself when it was last asked."""
        self.malformed = 0
        """Answers refused because they were none."""

    async def notifications(self) -> AsyncIterator[Said]:
        """Yield what sensors say, for ever; asks again, and observes again, by itself. A record may come again."""
        self._client = await aiocoap.Context.create_client_context()
        for wearable in self._known.values():
            self._begin(wearable)
        try:
            while True:
                said = await self._waiting.get()
                if isinstance(said, BaseException):
                    raise said
                yield said
        finally:
            for wearable in [*self._tasks]:
                await self._end(wearable)
            client, self._client = self._client, None
            await client.shutdown()
            for known in self._known.values():
                self._close(known)

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        """Tell a sensor that everything up to and including `sequence` is durable here; one that is away is told when it is back."""
        self._kept[wearable] = Kept(session, sequence)
        self._event(wearable).set()

    async def adopt(self, wearable: KnownWearable) -> None:
        """Listen to one more sensor."""
        await self._end(wearable.id)
        self._known[wearable.id] = wearable
        if self._client is not None:
            self._begin(wearable)

    async def part(self, wearable: UUID) -> None:
        """Listen to a sensor no more, and remove its keys."""
        known = self._known.pop(wearable, None)
        await self._end(wearable)
        if known is not None:
            self._close(known)
        folder = self._contexts / str(wearable)
        if folder.is_dir():
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()

    def _begin(self, wearable: KnownWearable) -> None:
        task = self._tasks[wearable.id] = asyncio.create_task(self._keep_asking(wearable))
        task.add_done_callback(self._on_broken)

    async def _end(self, wearable: UUID) -> None:
        task = self._tasks.pop(wearable, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _on_broken(self, task: asyncio.Task[None]) -> None:
        """Hand an error that nothing expects to the reader: a sensor must not fall silent by a fault of ours."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._telling = asyncio.create_task(self._waiting.put(error))

    def _event(self, wearable: UUID) -> asyncio.Event:
        return self._to_keep.setdefault(wearable, asyncio.Event())

    async def _keep_asking(self, wearable: KnownWearable) -> None:
        while True:
            try:
                await _Dialogue(self, wearable).run()
            except* (*_FAILURES, NoContext) as group:
                reason = "; ".join(f"{type(error).__name__}: {error}" for error in group.exceptions)
                log.info("sensor.not_heard", wearable=str(wearable.id), reason=reason)
            except* Malformed as group:
                self.malformed += 1
                log.warning("sensor.malformed", wearable=str(wearable.id), reason="; ".join(str(error) for error in group.exceptions))
            patience = self._patience[wearable.id] = link_ended(self._patience.get(wearable.id, Patience()), time.monotonic())
            await asyncio.sleep(wait_s(patience, self._dice()))

    # what a dialogue needs

    def client_for(self, wearable: KnownWearable) -> aiocoap.Context:
        """Return the client, with a sensor's context loaded.

        Raises:
            NoContext: there is none that can be used.
        """
        assert self._client is not None
        if wearable.id not in self._keys:
            folder = self._contexts / str(wearable.id)
            try:
                keys = _Keys(f"{folder}/")
            except Exception as error:  # the library raises what json, filelock and its own checks raise
                raise NoContext(f"no OSCORE context in {folder} ({type(error).__name__}: {error})") from error
            everything = f"{wearable.address.rstrip('/')}/*"
            keys.authenticated_claims = [everything]
            self._keys[wearable.id] = self._client.client_credentials[everything] = keys
        return self._client

    def _close(self, wearable: KnownWearable) -> None:
        keys = self._keys.pop(wearable.id, None)
        if keys is not None:
            if self._client is not None:
                del self._client.client_credentials[f"{wearable.address.rstrip('/')}/*"]
            keys.close()

    async def deliver(self, wearable: KnownWearable, said: Said) -> None:
        """Hand on what a sensor said; waits while the gateway cannot keep up."""
        await self._waiting.put(said)
        self._patience[wearable.id] = data_came(self._patience.get(wearable.id, Patience()), time.monotonic())

    def now(self) -> int:
        """Return the time, ms UTC."""
        return self._now()

    def kept(self, wearable: KnownWearable) -> Kept | None:
        """Return how far a sensor's records are durable here."""
        return self._kept.get(wearable.id)

    async def more_kept(self, wearable: KnownWearable) -> None:
        """Come back when more is durable here than was said."""
        event = self._event(wearable.id)
        await event.wait()
        event.clear()


class _Dialogue:
    """The talk with one sensor, until it does not answer."""

    def __init__(self, all_of_them: CoapWearables, wearable: KnownWearable) -> None:
        self._all, self._wearable = all_of_them, wearable
        self._base = wearable.address.rstrip("/")
        self._client = all_of_them.client_for(wearable)
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Talk until the sensor falls silent, or says what is none.

        Raises:
            aiocoap.error.Error, OSError, TimeoutError: it does not answer, or refuses. Malformed: it says something that is none.
        """
        observing = self._client.request(aiocoap.Message(code=aiocoap.GET, uri=f"{self._base}/state", observe=0))
        try:
            session = _session(await _answered(observing.response))
            await self._all.deliver(self._wearable, self._clock(session))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(observing))
                tasks.create_task(self._say_about())
                tasks.create_task(self._say_kept(session.session))
                tasks.create_task(self._fetch_again_and_again(session))
        finally:
            if observing.observation is not None and not observing.observation.cancelled:
                observing.observation.cancel()

    def _clock(self, session: Session) -> ClockReading:
        assert session.ticks_ms is not None
        return ClockReading(self._wearable.id, session.session, session.ticks_ms, self._all.now(), session.next)

    async def _watch(self, observing: Request) -> None:
        """Wake the fetching at each notification; one that was overtaken by the next is none the worse. Without observing it looks by itself."""
        if observing.observation is None:
            return
        with suppress(aiocoap.error.NotObservable, aiocoap.error.ObservationCancelled):
            async for _ in observing.observation:
                self._news.set()

    async def _fetch_again_and_again(self, session: Session) -> None:
        kept = self._all.kept(self._wearable)
        wanted = kept.sequence + 1 if kept is not None and kept.session == session.session else 0
        while True:
            self._news.clear()
            while (got := await self._fetch(session.session, wanted)) > wanted:
                wanted = got
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            now = _session(await self._get("state"))
            if now.session != session.session:
                raise ConnectionResetError(f"its session was {session.session} and is {now.session}")

    async def _fetch(self, session: int, since: int) -> int:
        """Fetch records from a number on; return the number after the last that came."""
        listed = _records(await self._get(f"records?from={since}"))
        arrived_at = self._all.now()
        for record in map(hand_over.parse_record, listed):
            if record.sequence < since:
                raise Malformed(f"record {record.sequence} came where {since} and later were asked for")
            uuid = identifiers.uuid_of(record.characteristic)
            said = Notification(self._wearable.id, uuid, record.value, arrived_at, session, record.sequence, record.ticks_ms)
            await self._all.deliver(self._wearable, said)
            since = record.sequence + 1
        return since

    async def _say_kept(self, session: int) -> None:
        while True:
            kept = self._all.kept(self._wearable)
            if kept is not None and kept.session == session:
                written = hand_over.serialise_kept(kept)
                await _answered(
                    self._client.request(aiocoap.Message(code=aiocoap.POST, uri=f"{self._base}/kept", payload=written)).response
                )
            await asyncio.sleep(KEPT_EVERY_S)
            await self._all.more_kept(self._wearable)

    async def _say_about(self) -> None:
        while True:
            said = load_map(await self._get("about"))
            texts = {name: str(said.get(name, ""))[:_LONGEST_TEXT] for name in ("manufacturer", "model", "firmware")}
            self._all.about[self._wearable.id] = DeviceInformation(**texts)
            battery = said.get("battery")
            if isinstance(battery, int) and 0 <= battery <= 100:
                level = Notification(self._wearable.id, identifiers.BATTERY_LEVEL, bytes([battery]), self._all.now())
                await self._all.deliver(self._wearable, level)
            await asyncio.sleep(ABOUT_EVERY_S)

    async def _get(self, what: str) -> bytes:
        return await _answered(self._client.request(aiocoap.Message(code=aiocoap.GET, uri=f"{self._base}/{what}")).response)


async def _answered(response: asyncio.Future[aiocoap.Message]) -> bytes:
    async with asyncio.timeout(ANSWER_S):
        message = await response
    if not message.code.is_successful():
        raise ConnectionRefusedError(f"it answers {message.code}")
    return bytes(message.payload)


def _session(payload: bytes) -> Session:
    session = hand_over.parse_session(payload)
    if session.ticks_ms is None:
        raise Malformed("a state without the sensor's clock")
    return session


def _records(payload: bytes) -> list[bytes]:
    try:
        listed = cbor2.loads(payload)
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"records are no CBOR: {error}") from error
    if not isinstance(listed, list):
        raise Malformed("records are no list")
    found = [each for each in cast("list[object]", listed) if isinstance(each, bytes)]
    if len(found) != len(cast("list[object]", listed)) or len(found) > MOST_RECORDS:
        raise Malformed(f"records are no list of at most {MOST_RECORDS} byte strings")
    return found
