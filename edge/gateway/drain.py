"""Empties the outbox through the uplink: most urgent first, openings before what they open, again until it is receipted."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import assert_never

import structlog

from edge.gateway.disk import DiskThread
from edge.gateway.inbox import Inbox
from edge.gateway.outbox import Outbox, Waiting
from edge.gateway.resend import pause, pause_unheard
from edge.gateway.uplink import Connected, Said, Uplink
from protocol import channels
from protocol.envelope import MessageClass
from protocol.errors import ProtocolError, Repeated, UnknownOrder
from protocol.orders import Order
from protocol.receipts import Receipt, read_unknown

log = structlog.get_logger()

Key = tuple[bytes, int]

MOST_ON_THE_WAY = 400
OPENING_AGAIN_SECONDS = 10.0
UNKNOWN_ENDS_EPOCH = 20
STANDING_AGAIN_SECONDS = 600.0
"""A standing is not receipted: one that was lost on its way, or by the cloud, is made good by the next."""


@dataclass(slots=True)
class _Sent:
    """When a message was last sent, in monotonic seconds, how often, and when it is due again."""

    attempts: int
    due: float


class Drain:
    """Sends what the outbox holds. monotonic: seconds. dice: 0..1. now: ms UTC. refused: counts by reason what came back wrong.

    inbox: None for a gateway that was given no order key: it obeys nobody. obeyed: is told of each order that was done.
    """

    def __init__(
        self,
        outbox: Outbox,
        uplink: Uplink,
        disk: DiskThread,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        dice: Callable[[], float],
        refused: Callable[[str], None],
        inbox: Inbox | None = None,
        obeyed: Callable[[Order], None] = lambda _: None,
    ) -> None:
        self._outbox, self._uplink, self._disk, self._inbox, self._obeyed = outbox, uplink, disk, inbox, obeyed
        self._now, self._monotonic, self._dice, self._refused = now, monotonic, dice, refused
        self._sent: dict[Key, _Sent] = {}
        self._openings: dict[bytes, float] = {}
        self._unknown: dict[bytes, int] = {}
        self._busy_until = 0.0
        self._standing_due = math.inf
        self.receipted_at = now()
        """When the cloud last said that something is stored, ms UTC; before that, when this drain was made."""
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that the outbox has something new."""
        self._wake.set()

    async def run(self) -> None:
        """Send and listen, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._send())

    async def _listen(self) -> None:
        async for arrival in self._uplink.arrivals():
            match arrival:
                case Connected():
                    self._sent.clear()
                    self._openings.clear()
                    log.info("uplink.connected", waiting=await self._disk(self._outbox.depth))
                    self._standing_due = -math.inf
                case Said(what, data) if what == channels.RECEIPTS:
                    await self._receipt(data)
                case Said(what, data) if what == channels.UNKNOWN:
                    await self._unknown_epoch(data)
                case Said(what, data) if what == channels.ORDERS:
                    await self._order(data)
                case Said(what):
                    self._refused("topic")
                    log.warning("downlink.refused", reason="topic", topic=what)
                case _:
                    assert_never(arrival)
            self._wake.set()

    async def _receipt(self, data: bytes) -> None:
        try:
            receipt: Receipt = await self._disk(self._outbox.receive, data, self._now())
        except ProtocolError as error:
            self._refused(error.reason)
            log.warning("receipt.refused", reason=error.reason)
            return
        self.receipted_at = self._now()
        self._unknown.pop(receipt.epoch, None)
        self._busy_until = self._monotonic() + receipt.busy
        for counter in (*receipt.counters(), *(refused.counter for refused in receipt.refused)):
            self._sent.pop((receipt.epoch, counter), None)

    async def _order(self, data: bytes) -> None:
        """Do an order; say so when it was done, is not understood, or was answered before: that answer may have been lost."""
        if self._inbox is None:
            self._refused("order")
            return
        try:
            order = await self._disk(self._inbox.obey, data)
        except ProtocolError as error:
            self._refused(error.reason)
            log.warning("order.refused", reason=error.reason)
            if not isinstance(error, Repeated | UnknownOrder):
                return
        else:
            self._obeyed(order)
            log.info("order.done")
        self._standing_due = -math.inf

    async def _unknown_epoch(self, data: bytes) -> None:
        try:
            epoch = read_unknown(data)
        except ProtocolError as error:
            self._refused(error.reason)
            return
        now = self._monotonic()
        if now - self._openings.get(epoch, -OPENING_AGAIN_SECONDS) < OPENING_AGAIN_SECONDS:
            return
        self._openings.pop(epoch, None)
        self._unknown[epoch] = self._unknown.get(epoch, 0) + 1
        await self._opening_first(epoch)
        if self._unknown[epoch] == UNKNOWN_ENDS_EPOCH:
            await self._disk(self._outbox.end_epoch)
            log.error("epoch.never_opened", epoch=epoch.hex(), told=UNKNOWN_ENDS_EPOCH)

    async def _send(self) -> None:
        while True:
            await self._woken()
            if not self._uplink.connected:
                continue
            await self._say_standing()
            for waiting in await self._disk(self._outbox.waiting, MOST_ON_THE_WAY):
                sent = self._sent.get((waiting.epoch, waiting.counter))
                if sent is None or sent.due <= self._monotonic():
                    await self._send_one(waiting)
            if await self._disk(self._outbox.give_up_corrupt, self._now()):
                log.error("outbox.corrupt")
                self._wake.set()

    async def _say_standing(self) -> None:
        """Say to what this gateway's orders are sealed and which it answered, if due: on connecting, after an order, and now and then."""
        if self._inbox is None or self._standing_due > self._monotonic():
            return
        self._standing_due = self._monotonic() + STANDING_AGAIN_SECONDS
        loop = asyncio.get_running_loop()

        def answered(taken: Future[bool]) -> None:
            if not taken.cancelled() and not taken.result():
                loop.call_soon_threadsafe(self._standing_unheard)

        self._uplink.send(channels.STANDINGS, await self._disk(self._inbox.standing)).add_done_callback(answered)

    def _standing_unheard(self) -> None:
        self._standing_due = min(self._standing_due, self._monotonic() + pause_unheard(self._dice()))

    async def _woken(self) -> None:
        soonest = min((sent.due for sent in self._sent.values()), default=float("inf"))
        try:
            async with asyncio.timeout(max(0.05, min(1.0, soonest - self._monotonic()))):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _send_one(self, waiting: Waiting) -> None:
        await self._opening_first(waiting.epoch)
        if waiting.of_class is MessageClass.OPENING:
            return
        data = await self._disk(self._outbox.bytes_of, waiting)
        if data is not None:
            self._note((waiting.epoch, waiting.counter), self._uplink.send(channels.MESSAGES, data))

    async def _opening_first(self, epoch: bytes) -> None:
        """Send an epoch's opening, queued or held, once a connection, and again while it is queued and due."""
        key = (epoch, 0)
        again = key in self._sent and self._sent[key].due <= self._monotonic()
        if epoch in self._openings and not again:
            return
        data = await self._disk(self._outbox.opening, epoch)
        self._openings[epoch] = self._monotonic()
        if data is not None:
            self._note(key, self._uplink.send(channels.OPENINGS, data))

    def _note(self, key: Key, taken: Future[bool]) -> None:
        attempts = self._sent[key].attempts + 1 if key in self._sent else 1
        busy = max(0.0, self._busy_until - self._monotonic())
        self._sent[key] = _Sent(attempts, self._monotonic() + pause(attempts, busy, self._dice()))
        loop = asyncio.get_running_loop()

        def answered(result: Future[bool]) -> None:
            if not result.cancelled() and not result.result():
                loop.call_soon_threadsafe(self._unheard, key)

        taken.add_done_callback(answered)

    def _unheard(self, key: Key) -> None:
        if key in self._sent:
            self._sent[key].due = self._monotonic() + pause_unheard(self._dice())
            self._wake.set()
