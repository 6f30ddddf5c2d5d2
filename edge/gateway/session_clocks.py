"""The clocks of the wearables that a gateway hears: one a session, begun anew where a wearable set its clock back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from edge.firmware_bridge import device_clock
from edge.firmware_bridge.device_clock import DeviceClock
from edge.firmware_bridge.wearable import ClockReading
from edge.gateway.spool import Heard
from protocol.samples import ClockEvidence

log = structlog.get_logger()

SET_BACK_MS = 1_000
"""A wearable takes its records in their order; ticks that go back by more than this are another timeline's."""


@dataclass(frozen=True, slots=True)
class SessionClock:
    """A wearable's clock in one of its sessions; the next session's begins at 0 again.

    ticks_ms: of its last record; where they go back the clock was set, and a timeline of its own begins. shown: what it showed on this link.
    """

    session: int
    clock: DeviceClock
    ticks_ms: int = 0
    shown: ClockReading | None = None


class SessionClocks:
    """Those of one gateway."""

    def __init__(self) -> None:
        self._clocks: dict[UUID, SessionClock] = {}

    def remember(self, heard: Mapping[UUID, Heard]) -> None:
        """Take up what an earlier process learnt.

        Raises:
            Malformed: a clock was not written by `device_clock.write_clock`.
        """
        for wearable, mark in heard.items():
            clock = device_clock.read_clock(mark.clock)
            self._clocks[wearable] = SessionClock(mark.session, clock, max((ticks for ticks, _ in clock.envelope), default=0))

    def clock(self, wearable: UUID, session: int) -> DeviceClock:
        """Return what is known of a session's clock."""
        return self._of(wearable, session).clock

    def observed(self, wearable: UUID, session: int, ticks_ms: int, arrived_at: int) -> DeviceClock:
        """Learn from when a record came (ms UTC); return what is known now."""
        known = self._of(wearable, session)
        known = _unless_set_back(known, known.ticks_ms, ticks_ms, wearable)
        clock = device_clock.observe(known.clock, ticks_ms, arrived_at)
        self._clocks[wearable] = replace(known, clock=clock, ticks_ms=ticks_ms)
        return clock

    def asked(self, shown: ClockReading) -> None:
        """Learn from what a clock shows before the records of a link, which may be older."""
        known = self._of(shown.wearable, shown.session)
        before = max(known.ticks_ms, 0 if known.shown is None else known.shown.ticks_ms)
        known = _unless_set_back(known, before, shown.ticks_ms, shown.wearable)
        clock = device_clock.observe(known.clock, shown.ticks_ms, shown.arrived_at)
        self._clocks[shown.wearable] = replace(known, clock=clock, shown=shown)

    def outdated(self, wearable: UUID, session: int, sequence: int, ticks_ms: int) -> bool:
        """Say whether a record bears ticks of a timeline that was over before the clock was asked: it had been taken by then, and is later."""
        shown = self._of(wearable, session).shown
        return shown is not None and sequence < shown.next and ticks_ms > shown.ticks_ms

    def evidence(self, wearables: Iterable[UUID], now: int) -> list[ClockEvidence]:
        """Return how the clocks of these wearables are mapped at `now`, ms UTC, by id; of which nothing is known there is none."""
        known = {w: self._clocks[w].clock for w in sorted(wearables) if w in self._clocks and self._clocks[w].clock.envelope}
        return [device_clock.evidence(clock, wearable, now) for wearable, clock in known.items()]

    def _of(self, wearable: UUID, session: int) -> SessionClock:
        known = self._clocks.get(wearable)
        return known if known is not None and known.session == session else SessionClock(session, DeviceClock())


def _unless_set_back(known: SessionClock, before: int, ticks_ms: int, wearable: UUID) -> SessionClock:
    """Return a clock as it is known, or one of which nothing is known where it was set back."""
    if ticks_ms >= before - SET_BACK_MS:
        return known
    log.warning("wearable.clock_set_back", wearable=str(wearable), by_ms=before - ticks_ms)
    return SessionClock(known.session, DeviceClock(), shown=known.shown)
