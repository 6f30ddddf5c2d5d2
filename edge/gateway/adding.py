"""A person adds a device at the hub: looks around, chooses one, answers what its display asks, and sees its first reading.

One person at a time, in a window of a few minutes that somebody opened: outside of it nothing is paired.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog

from edge.firmware_bridge.pairing import Nearby, Pairing, PairingFailed
from edge.firmware_bridge.wearable import KnownWearable
from edge.firmware_bridge.wearable_link import LINK_FAILURES
from edge.gateway.board import Board
from edge.gateway.household import paired

log = structlog.get_logger()

WINDOW_SECONDS = 180.0
PASSKEY_DIGITS = 6

Phase = Literal["closed", "looking", "connecting", "passkey", "compare", "type_there", "added"]
Why = Literal["wrong_answer", "refused", "gone", "no_radio", "broken"]


@dataclass(frozen=True, slots=True)
class _Choice:
    nearby: Nearby
    patient: UUID


class Adding:
    """What a hub's page shows of it. why: why the last try failed. number: to be compared, or typed on the device. added: the new wearable.

    adopt: has the line take a wearable. new_id: makes ids.
    """

    def __init__(
        self,
        pairing: Pairing,
        board: Board,
        adopt: Callable[[KnownWearable], Awaitable[None]],
        new_id: Callable[[], UUID] = uuid4,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pairing, self._board, self._adopt = pairing, board, adopt
        self._new_id, self._monotonic = new_id, monotonic
        self._choice: asyncio.Queue[_Choice] = asyncio.Queue()
        self._answer: asyncio.Future[Any] | None = None
        self._work: asyncio.Task[None] | None = None
        self.phase: Phase = "closed"
        self.chosen: Nearby | None = None
        self.number: int | None = None
        self.why: Why | None = None
        self.added: UUID | None = None

    @property
    def patients(self) -> list[UUID]:
        """The people who live here."""
        return self._board.patients

    def nearby(self) -> list[tuple[Nearby, bool]]:
        """Return what is heard, the nearest first, each with whether it belongs here already."""
        return [(one, self._known(one.address) is not None) for one in self._pairing.nearby()]

    async def open(self) -> None:
        """Open the window, or go on looking after a device was added."""
        if self.phase in ("closed", "added"):
            await self.close()
            self.phase, self.why, self.added, self.chosen = "looking", None, None, None
            self._choice = asyncio.Queue()
            self._work = asyncio.create_task(self._guarded(self._look()))

    async def close(self) -> None:
        """Close the window; what is being paired is given up."""
        work, self._work = self._work, None
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        self.phase, self.number, self._answer = "closed", None, None

    def choose(self, address: str, patient: UUID) -> bool:
        """Begin to pair a device that is nearby, for somebody who lives here; say whether there are both."""
        nearby = next((one for one in self._pairing.nearby() if one.address == address), None)
        if self.phase != "looking" or nearby is None or patient not in self.patients:
            return False
        self.phase, self.chosen, self.why = "connecting", nearby, None
        self._choice.put_nowait(_Choice(nearby, patient))
        return True

    def answer(self, answered: int | bool | None) -> None:  # noqa: FBT001  (what a person says)
        """Give a person's answer: the number on the display, or whether it is the same; None: give up. Unasked for, it changes nothing."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answered)

    async def passkey(self) -> int | None:
        """Ask for the number on the device's display."""
        return await self._asked("passkey", None)

    async def same(self, number: int) -> bool:
        """Ask whether the device shows this number."""
        return bool(await self._asked("compare", number))

    def type_there(self, number: int) -> None:
        """Show the number that is to be typed on the device."""
        self.phase, self.number = "type_there", number

    async def _asked(self, phase: Phase, number: int | None) -> Any:
        self.phase, self.number = phase, number
        self._answer = asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self.phase, self.number = "connecting", None

    async def _look(self) -> None:
        """Keep the window open until something is added, or its time is over."""
        until = self._monotonic() + WINDOW_SECONDS
        async with self._pairing.window():
            while self.added is None:
                try:
                    async with asyncio.timeout(max(0.0, until - self._monotonic())):
                        choice = await self._choice.get()
                except TimeoutError:
                    return
                await self._pair(choice)

    async def _pair(self, choice: _Choice) -> None:
        try:
            vouched = await self._pairing.pair(choice.nearby.address, self)
        except PairingFailed as failed:
            log.info("pairing.failed", why=failed.why, reason=str(failed))
            self.phase, self.why = "looking", failed.why
            return
        wearable = self._wearable(choice)
        try:
            await self._adopt(wearable)
        except Exception as error:  # noqa: BLE001  (a full disk, or whatever it is: a page that waits for ever tells nobody)
            log.error("pairing.not_kept", error=type(error).__name__)
            self.phase, self.why = "looking", "broken"
            return
        self.added = wearable.id
        log.info("pairing.done", wearable=str(wearable.id), vouched=vouched)

    def _wearable(self, choice: _Choice) -> KnownWearable:
        known = (shown.wearable for shown in self._board.shown.values())
        return paired(known, choice.nearby.address, choice.nearby.kind, choice.patient, self._new_id)

    def _known(self, address: str) -> KnownWearable | None:
        known = (shown.wearable for shown in self._board.shown.values())
        return next((wearable for wearable in known if wearable.address.upper() == address), None)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        """Say so on the page where the radio cannot listen."""
        try:
            with suppress(asyncio.CancelledError):
                await work
        except LINK_FAILURES as error:
            log.warning("pairing.no_radio", reason=str(error))
            self.why = "no_radio"
        self.phase = "closed" if self.added is None else "added"
