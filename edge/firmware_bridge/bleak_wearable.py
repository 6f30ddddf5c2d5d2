"""Wearables over Bluetooth: bleak's adapter of the port, and the one place from which anything is connected.

BlueZ allows one discovery per client and one pending connect per device, and a loser's clean-up cancels the winner's
connect. So there is one seeker, one task a wearable, one gate for all connects, and clients are made only from what the seeker
found. A gateway that was killed leaves its links up and its wearables silent: they are taken over, not sought.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog
from bleak import BleakClient
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError

from edge.firmware_bridge import bluez_agent, bonds
from edge.firmware_bridge.connect_gate import ConnectGate
from edge.firmware_bridge.epitaph import Epitaph
from edge.firmware_bridge.pairing import Pairing
from edge.firmware_bridge.profiles.device_information import DeviceInformation
from edge.firmware_bridge.profiles.hand_over import Kept
from edge.firmware_bridge.reconnect_policy import Patience, data_came, link_ended, wait_s
from edge.firmware_bridge.seeker import Backend, Seeker
from edge.firmware_bridge.wearable import ChangedBond, KnownWearable, Notification, RadioGone, Said
from edge.firmware_bridge.wearable_link import LINK_FAILURES, SOMEWHERE, LinkEvents, Place, WearableLink
from protocol.errors import Malformed
from protocol.pace import REAL, Pace

log = structlog.get_logger(__name__)

BATTERY_EVERY_S = 600.0
RADIO_LOOK_S = 0.2
"""How often to look for the platform's radio while there is none."""
CONNECT_TIMEOUT_S = 20.0
DISCONNECT_TIMEOUT_S = 5.0
MOST_WAITING = 20_000
"""Notifications that may wait for their reader; past it wearables with a memory are made to send again."""
_BUSY = "org.bluez.Error.InProgress"
_NOBODY = frozenset({"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"})


class BleakWearables:
    """All adopted wearables of one gateway, by bleak."""

    def __init__(
        self,
        known: Sequence[KnownWearable],
        now: Callable[[], int],
        pace: Pace = REAL,
        backend: Backend | None = None,
        dice: Callable[[], float] = random.random,
        place: Place = SOMEWHERE,
    ) -> None:
        """Make ready; nothing is connected before `notifications` is read.

        now: ms UTC, the pace's time. dice: 0..1, for back-off.
        """
        self._known = {wearable.id: wearable for wearable in known}
        self._now = now
        self._pace = pace
        self._backend = backend or Backend()
        self._dice = dice
        self._place = place
        self._waiting: asyncio.Queue[Said | BaseException] = asyncio.Queue()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._listened_to = False
        self._distrusted: set[UUID] = set()
        self._links: dict[UUID, WearableLink] = {}
        self._patience: dict[UUID, Patience] = {}
        self._kept: dict[UUID, Kept] = {}
        self._reasons: dict[str, str] = {}
        self._seeker = Seeker(self._backend)
        self.gate = ConnectGate()
        self._radio_missing = self._radio_gone = False
        self.pairing = None if self._backend.scanner is not None else Pairing(self._seeker, self.gate, self._aside)
        """How a new wearable is paired; None on a radio that is not the platform's own."""
        self.about: dict[UUID, DeviceInformation] = {}
        """What each wearable said of itself when it was last connected."""
        self.malformed = 0
        """Records refused because they were none."""

    async def notifications(self) -> AsyncIterator[Said]:
        """Yield what wearables say, for ever; connects, recovers and renews subscriptions by itself.

        What a wearable's clock shows comes before the records of each link, from those that tell it.
        A record may come again after a reconnect; within a session none is left out that is still in the wearable's memory.

        Raises:
            RadioGone: the platform's radio service ended; take a new process.
        """
        self._listened_to = True
        for wearable in self._known.values():
            self._begin(wearable)
        ends = None if self.pairing is None else asyncio.create_task(bluez_agent.watch(self._on_end, self._on_radio_gone))
        try:
            while True:
                said = await self._waiting.get()
                if isinstance(said, BaseException):
                    raise said
                yield said
        finally:
            self._listened_to = False
            tasks = [*self._tasks.values(), *([] if ends is None else [ends])]
            self._tasks.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def adopt(self, wearable: KnownWearable) -> None:
        """Listen to one more wearable, or to one that was paired anew."""
        await self._end(wearable.id)
        self._known[wearable.id] = wearable
        self._distrusted.discard(wearable.id)
        self._patience.pop(wearable.id, None)
        if self._listened_to:
            self._begin(wearable)

    async def part(self, wearable: UUID) -> None:
        """End a wearable's link, and have the platform forget its keys; where it cannot, that is logged."""
        known = self._known.pop(wearable, None)
        await self._end(wearable)
        if known is not None and known.bonded and self.pairing is not None:
            try:
                await bonds.forget([known.address])
            except OSError as error:
                log.warning("wearable.keys_not_forgotten", wearable=str(wearable), reason=str(error))

    @asynccontextmanager
    async def _aside(self, address: str) -> AsyncGenerator[None]:
        """Keep away from a wearable of ours while the context lasts: BlueZ has one link to it, and whoever ends it ends it for all."""
        ours = next((known.id for known in self._known.values() if known.address.upper() == address.upper()), None)
        if ours is not None:
            await self._end(ours)
        try:
            yield
        finally:
            if ours is not None and ours in self._known and ours not in self._tasks and self._listened_to:
                self._begin(self._known[ours])

    async def _end(self, wearable: UUID) -> None:
        task = self._tasks.pop(wearable, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _begin(self, wearable: KnownWearable) -> None:
        task = self._tasks[wearable.id] = asyncio.create_task(self._keep_connected(wearable))
        task.add_done_callback(self._on_broken)

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        """Tell a wearable that everything up to and including `sequence` is durable here; one that is away is told when it is back."""
        kept = self._kept[wearable] = Kept(session, sequence)
        link = self._links.get(wearable)
        if link is not None:
            link.keep(kept)

    async def _keep_connected(self, wearable: KnownWearable) -> None:
        """Link after link; one that is not what it was is left alone until a person pairs it anew."""
        while wearable.id not in self._distrusted:
            failures: Sequence[Exception] = ()
            try:
                await self._one_link(wearable)
            except* (*LINK_FAILURES, Malformed) as group:
                failures = group.exceptions
            await asyncio.sleep(self._wait_after(wearable, failures))

    def _wait_after(self, wearable: KnownWearable, failures: Sequence[Exception]) -> float:
        """Return how long to wait before the next link, s: longer each time where it is the wearable's fault, not where there is no radio."""
        said = {error.dbus_error for error in failures if isinstance(error, BleakDBusError)}
        missing = bool(said & _NOBODY) or any(isinstance(error, BleakBluetoothNotAvailableError) for error in failures)
        if missing != self._radio_missing:
            self._radio_missing = missing
            log.warning("radio.missing" if missing else "radio.found")
        if missing:
            return RADIO_LOOK_S
        if _BUSY in said:
            self.gate.busy()
        if failures:
            reason = "; ".join(f"{type(error).__name__}: {error}" for error in failures)
            log.info("wearable.link_failed", wearable=str(wearable.id), reason=reason)
        patience = self._patience[wearable.id] = link_ended(self._patience.get(wearable.id, Patience()), time.monotonic())
        return wait_s(patience, self._dice())

    async def _one_link(self, wearable: KnownWearable) -> None:
        """Find, connect, talk until the link falls, and leave nothing behind."""
        device = await self._seeker.find(wearable.address.upper())
        if wearable.bonded and bluez_agent.is_bonded(device) is False:
            self._distrust(wearable)
            return
        gone, epitaph = asyncio.Event(), Epitaph(wearable.id, self._seeker.signals(wearable.address.upper()))
        client = BleakClient(device, lambda _client: gone.set(), timeout=CONNECT_TIMEOUT_S, backend=self._backend.client)
        try:
            async with self.gate.one():
                await client.connect()
            epitaph.begin(time.monotonic())
            log.info("wearable.connected", wearable=str(wearable.id), signal=epitaph.signals[-1:])
            await self._talk(wearable, client, gone, epitaph)
        finally:
            self._links.pop(wearable.id, None)
            if not self._radio_gone:
                with suppress(*LINK_FAILURES):
                    async with asyncio.timeout(DISCONNECT_TIMEOUT_S):
                        await client.disconnect()
            epitaph.write(self._reasons.pop(wearable.address.upper(), None), time.monotonic())

    async def _talk(self, wearable: KnownWearable, client: BleakClient, gone: asyncio.Event, epitaph: Epitaph) -> None:
        def deliver(notification: Notification) -> bool:
            taken = self._deliver(notification)
            epitaph.records += taken
            return taken

        events = LinkEvents(deliver, self._waiting.put_nowait, self._on_about, self._on_malformed, self._on_gap)
        battery_every_s = self._pace.wall_seconds(BATTERY_EVERY_S)
        link = WearableLink(wearable, client, self._now, battery_every_s, events, self._kept.get(wearable.id), self._place)
        self._links[wearable.id] = link
        talk = asyncio.create_task(link.run())
        fell = asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({talk, fell}, return_when=asyncio.FIRST_COMPLETED)
            if talk.done():
                talk.result()
        finally:
            talk.cancel()
            fell.cancel()
            await asyncio.gather(talk, fell, return_exceptions=True)

    def _on_end(self, address: str, reason: str) -> None:
        """Take note of why the platform says that a link ended: a bonded wearable with other keys than it had is not the one that was adopted."""
        wearable = next((known for known in self._known.values() if known.address.upper() == address), None)
        if wearable is not None:
            self._reasons[address] = reason
        if wearable is not None and wearable.bonded and reason == bluez_agent.WRONG_KEYS:
            self._distrust(wearable)

    def _on_radio_gone(self) -> None:
        """Give up: bleak goes on believing in links, and in devices, that went with the service."""
        self._radio_gone = True
        self._waiting.put_nowait(RadioGone("org.bluez left the bus"))

    def _distrust(self, wearable: KnownWearable) -> None:
        """Say it once until the wearable is paired anew: it may come again every few seconds."""
        if wearable.id not in self._distrusted:
            self._distrusted.add(wearable.id)
            log.warning("wearable.changed_bond", wearable=str(wearable.id))
            self._waiting.put_nowait(ChangedBond(wearable.id, self._now()))

    def _on_broken(self, task: asyncio.Task[None]) -> None:
        """Hand an error that nothing expects to the reader: a wearable must not fall silent by a fault of ours."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._waiting.put_nowait(error)

    def _deliver(self, notification: Notification) -> bool:
        if self._waiting.qsize() >= MOST_WAITING:
            return False
        self._waiting.put_nowait(notification)
        self._patience[notification.wearable] = data_came(self._patience.get(notification.wearable, Patience()), time.monotonic())
        return True

    def _on_about(self, wearable: KnownWearable, about: DeviceInformation) -> None:
        self.about[wearable.id] = about

    def _on_malformed(self, wearable: KnownWearable, reason: str) -> None:
        self.malformed += 1
        log.warning("wearable.malformed_record", wearable=str(wearable.id), reason=reason)

    def _on_gap(self, wearable: KnownWearable, expected: int, came: int) -> None:
        log.info("wearable.gap", wearable=str(wearable.id), expected=expected, came=came)
