"""The line of the home gateway: wearable -> spool -> watches -> outbox -> uplink, and the folding of readings into messages.

notification -> measured when (device clock) -> on the disk (spool) -> the wearable may forget -> window and watches ->
a finding goes out at once; every `fold_seconds` the rest goes out as one message of readings and one of waveforms.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import structlog
from prometheus_client import Histogram

from edge.firmware_bridge import device_clock
from edge.firmware_bridge.device_clock import DeviceClock
from edge.firmware_bridge.measurements import readings_of
from edge.firmware_bridge.pairing import Pairing
from edge.firmware_bridge.wearable import ChangedBond, ClockReading, KnownWearable, Notification, Wearables
from edge.gateway.board import Board
from edge.gateway.disk import DiskThread
from edge.gateway.drain import Drain
from edge.gateway.meters import DURABLE_SECONDS, JUDGED_SECONDS, REFUSED, REPEATS, SPOOLED, TIMELESS
from edge.gateway.outbox import Outbox, Parcel
from edge.gateway.patient_watch import PatientWatch
from edge.gateway.session_clocks import SessionClocks
from edge.gateway.spool import Heard, Memory, Spool, Spooled
from edge.gateway.watch_finding import WatchFinding
from protocol.errors import Malformed
from protocol.findings import Finding, Priority, encode_evidence
from protocol.message import Waveforms, WearableAdopted, WearableRemoved
from protocol.orders import Order
from protocol.patient_rules import PatientRules
from protocol.samples import Reading, WaveformPiece, batch_of, joined

log = structlog.get_logger()

Item = TypeVar("Item")

GROUP_SECONDS = 0.03
MOST_IN_GROUP = 500
MOST_IN_FOLD = 2000
TIDY_SECONDS = 30.0
RECOVERED_AT_ONCE = 50
"""Notifications, a few milliseconds' work: wearables are being connected meanwhile, in many small steps."""


@dataclass(frozen=True, slots=True)
class Household:
    """Who lives here: the adopted wearables, and a watch for each person."""

    wearables: dict[UUID, KnownWearable]
    watches: Mapping[UUID, PatientWatch]

    def obey(self, order: Order) -> None:
        """Watch a person who lives here by the rules that an order gave."""
        if isinstance(order, PatientRules) and order.patient in self.watches:
            self.watches[order.patient].follow(order)
            log.info("rules.followed", patient=str(order.patient))


class VitalsLine:
    """One gateway's line. now: ms UTC. fold_seconds: of the wall's time. board: is told what is heard and found.

    keep_household: writes down which wearables belong here. pairing: how a new one is paired; None: not on this radio.
    """

    def __init__(
        self,
        wearables: Wearables,
        household: Household,
        spool: Spool,
        outbox: Outbox,
        drain: Drain,
        disk: DiskThread,
        now: Callable[[], int],
        fold_seconds: float,
        board: Board,
        keep_household: Callable[[Sequence[KnownWearable]], None],
        pairing: Pairing | None = None,
    ) -> None:
        self._wearables, self._household = wearables, household
        self._spool, self._outbox, self._drain, self._disk = spool, outbox, drain, disk
        self._now, self._fold_seconds, self.board = now, fold_seconds, board
        self._keep_household, self.pairing = keep_household, pairing
        self._heard: dict[UUID, Heard] = {}
        self._clocks = SessionClocks()
        self._judged: dict[UUID, int] = {}
        self._judging = asyncio.Lock()
        self.recovered = asyncio.Event()
        """Set once what the last process left is picked up."""

    async def run(self) -> None:
        """Pick up where the last process ended, and work for ever.

        Wearables are connected, and what they say is kept, before the windows are rebuilt: it is judged after what was there before it.
        """
        upto = await self._disk(self._spool.newest)
        await self._know_what_was_heard()
        await self._tell_of([w for w in self._household.wearables.values() if w.adopted_here or w.removed_at is not None])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recover(upto))
            tasks.create_task(self._listen())
            tasks.create_task(self._fold_again_and_again())
            tasks.create_task(self._tidy_again_and_again())
            tasks.create_task(self._drain.run())

    async def adopt(self, wearable: KnownWearable) -> None:
        """Take a wearable that a person here has paired: written down, told to the cloud, shown, and listened to from now on.

        A crash in between loses nothing: the next start tells of every wearable that was adopted here, and the cloud takes each once.

        Raises:
            LookupError: its patient does not live here.
        """
        if wearable.patient not in self._household.watches:
            raise LookupError(f"no {wearable.patient} lives here")
        await self._disk(self._keep_household, [*({**self._household.wearables, wearable.id: wearable}).values()])
        self._household.wearables[wearable.id] = wearable
        if wearable.adopted_here:
            await self._tell_of([wearable])
        self.board.add(wearable)
        await self._wearables.adopt(wearable)
        log.info("wearable.adopted", wearable=str(wearable.id), bonded=wearable.bonded)

    async def alive(self) -> None:
        """Come back once the disk has answered: where it hangs, so does this."""
        await self._disk(lambda: None)

    async def part(self, which: UUID) -> None:
        """Part with a wearable that a person here removed: written down, told to the cloud, and heard no more. What it said is sent.

        Raises:
            LookupError: it does not belong here.
        """
        known = self._household.wearables.get(which)
        if known is None or known.removed_at is not None:
            raise LookupError(f"no wearable {which} belongs here")
        removed = replace(known, removed_at=self._now())
        await self._disk(self._keep_household, [*({**self._household.wearables, which: removed}).values()])
        self._household.wearables[which] = removed
        self.board.remove(which)
        await self._wearables.part(which)
        await self._tell_of([removed])
        log.info("wearable.removed", wearable=str(which))

    async def _tell_of(self, wearables: Sequence[KnownWearable]) -> None:
        """Tell the cloud which wearables people here have added and removed."""
        now = self._now()
        parcels = [Parcel(_told(wearable), now, now) for wearable in wearables]
        if parcels:
            await self._disk(self._outbox.put, parcels, now)
            self._drain.wake()

    async def _know_what_was_heard(self) -> None:
        """Know how far each wearable was heard, and tell it what is safe here."""
        self._heard = await self._disk(self._spool.heard)
        self._clocks.remember(self._heard)
        for wearable, mark in self._heard.items():
            if wearable in self._household.wearables:
                await self._wearables.keep(wearable, mark.session, mark.sequence)

    async def _recover(self, upto: int) -> None:
        """Rebuild the windows from the spool, up to an id; judge what a crash left unjudged."""
        memories = await self._disk(self._spool.memories)
        judged = {patient: memories.get(patient, Memory(0, "")).upto for patient in self._household.watches}
        unjudged, after = 0, -1
        while rows := await self._disk(self._spool.between, after, upto, RECOVERED_AT_ONCE):
            after = rows[-1].id
            new: list[Spooled] = []
            for spooled in rows:
                patient = self._patient_of(spooled.notification)
                if patient is not None and spooled.id <= judged[patient]:
                    self._recall(patient, spooled)
                elif patient is not None:
                    new.append(spooled)
            if new:
                await self._judge(new, [_measured(one) for one in new])
            unjudged += len(new)
        self.recovered.set()
        log.info("line.recovered", unjudged=unjudged)

    def _recall(self, patient: UUID, spooled: Spooled) -> None:
        measured = _measured(spooled)
        self.board.heard(measured, spooled.notification.arrived_at)
        for each in measured:
            self._household.watches[patient].recall(each)

    async def _listen(self) -> None:
        async for group in grouped(self._wearables.notifications(), GROUP_SECONDS, MOST_IN_GROUP):
            for said in group:
                if isinstance(said, ChangedBond):
                    await self.board.changed_bond(said.wearable, said.at)
            arrivals, measured, heard = self._admit([said for said in group if not isinstance(said, ChangedBond)])
            spooled = await self._disk(self._spool.keep, arrivals)
            self._heard |= heard
            SPOOLED.inc(len(spooled))
            self._observe(DURABLE_SECONDS, spooled)
            for wearable, mark in heard.items():
                await self._wearables.keep(wearable, mark.session, mark.sequence)
            await self.recovered.wait()
            await self._judge(spooled, measured)
            self._observe(JUDGED_SECONDS, spooled)

    def _observe(self, histogram: Histogram, spooled: Sequence[Spooled]) -> None:
        now = self._now()
        for one in spooled:
            histogram.observe(max(0, now - one.notification.arrived_at) / 1000)

    def _admit(
        self, group: Sequence[Notification | ClockReading]
    ) -> tuple[list[tuple[int, Notification]], list[Sequence[Reading | WaveformPiece]], dict[UUID, Heard]]:
        """Drop repeats and what is no measurement; say when each of the others was measured, and what."""
        arrivals: list[tuple[int, Notification]] = []
        measured: list[Sequence[Reading | WaveformPiece]] = []
        marks: dict[UUID, tuple[int, int]] = {}
        clocks: dict[UUID, DeviceClock] = {}
        for notification in group:
            if isinstance(notification, ClockReading):
                self._clocks.asked(notification)
                continue
            wearable, session, sequence = notification.wearable, notification.session, notification.sequence
            at = notification.arrived_at if notification.taken_at is None else notification.taken_at
            if session is not None and sequence is not None:
                mark = marks.get(wearable) or self._mark(wearable)
                if mark is not None and mark[0] == session and sequence <= mark[1]:
                    REPEATS.inc()
                    continue
                marks[wearable] = (session, sequence)
                clocks[wearable] = self._clocks.clock(wearable, session)
                if notification.ticks_ms is not None:
                    if self._clocks.outdated(wearable, session, sequence, notification.ticks_ms):
                        notification = replace(notification, timeless=True)  # noqa: PLW2901
                    else:
                        clocks[wearable] = self._clocks.observed(wearable, session, notification.ticks_ms, notification.arrived_at)
                        at = device_clock.to_utc(clocks[wearable], notification.ticks_ms)
            if notification.timeless:
                TIMELESS.inc()
                log.warning("notification.timeless", wearable=str(wearable))
            try:
                measured.append(readings_of(notification, at))
            except Malformed as error:
                REFUSED.labels(error.reason).inc()
                log.warning("notification.refused", wearable=str(wearable), reason=error.reason)
            else:
                arrivals.append((at, notification))
        return arrivals, measured, {wearable: Heard(*mark, device_clock.write_clock(clocks[wearable])) for wearable, mark in marks.items()}

    def _mark(self, wearable: UUID) -> tuple[int, int] | None:
        heard = self._heard.get(wearable)
        return None if heard is None else (heard.session, heard.sequence)

    async def _judge(self, spooled: Sequence[Spooled], measured: Sequence[Sequence[Reading | WaveformPiece]]) -> None:
        """Give what each said to its patient's watches; what is found goes out at once, and only then it counts as judged."""
        async with self._judging:
            findings: list[WatchFinding] = []
            judged: dict[UUID, int] = {}
            for one, said_here in zip(spooled, measured, strict=True):
                patient = self._patient_of(one.notification)
                if patient is not None:
                    watch = self._household.watches[patient]
                    self.board.heard(said_here, one.notification.arrived_at)
                    findings += [finding for each in said_here for finding in watch.push(each)]
                    judged[patient] = one.id
            if findings:
                said = await self._disk(self._spool.already_said, [finding.id for finding in findings])
                new = [finding for finding in findings if finding.id not in said]
                if new:
                    await self._say(new)
            self._judged |= judged

    async def _say(self, findings: Sequence[WatchFinding]) -> None:
        now = self._now()
        parcels = [Parcel(finding_of(finding), finding.window_from, finding.window_to) for finding in findings]
        ids = [finding.id for finding in findings]
        await self._disk(self._outbox.put, parcels, now, lambda link: self._spool.mark_said(link, ids, now))
        self._drain.wake()
        for finding in findings:
            await self.board.found(finding)
            log.info("finding.said", finding=str(finding.id), kind=finding.kind, priority=finding.priority)

    async def _fold_again_and_again(self) -> None:
        more = False
        while True:
            await asyncio.sleep(0 if more else self._fold_seconds)
            more = await self._fold()

    async def _fold(self) -> bool:
        """Fold the oldest spooled notifications into messages; True when there may be more."""
        rows = await self._disk(self._spool.unfolded, MOST_IN_FOLD)
        if not rows:
            return False
        measured = [each for spooled in rows for each in _measured(spooled)]
        readings = _values(measured)
        strips = joined([each for each in measured if isinstance(each, WaveformPiece)])
        times = [spooled.at for spooled in rows]
        parcels: list[Parcel] = []
        if readings:
            parcels.append(
                Parcel(batch_of(readings, self._clocks.evidence({r.wearable for r in readings}, self._now())), min(times), max(times))
            )
        if strips:
            parcels.append(Parcel(Waveforms(tuple(strips)), min(times), max(times)))
        await self._disk(self._outbox.put, parcels, self._now(), lambda link: self._spool.mark_folded(link, rows[-1].id))
        self._drain.wake()
        return len(rows) == MOST_IN_FOLD

    async def _tidy_again_and_again(self) -> None:
        await self.recovered.wait()
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            async with self._judging:
                watches = self._household.watches
                memories = {patient: Memory(upto, watches[patient].as_text()) for patient, upto in self._judged.items()}
            await self._disk(self._spool.tidy, self._now(), dict(self._heard), memories)
            await self._disk(self._outbox.tidy, self._now())

    def _patient_of(self, notification: Notification) -> UUID | None:
        known = self._household.wearables.get(notification.wearable)
        return None if known is None else known.patient


def _told(wearable: KnownWearable) -> WearableAdopted | WearableRemoved:
    if wearable.removed_at is not None:
        return WearableRemoved(wearable.id, wearable.removed_at)
    return WearableAdopted(wearable.id, wearable.patient, wearable.kind, wearable.address.upper())


def _measured(spooled: Spooled) -> list[Reading | WaveformPiece]:
    return readings_of(spooled.notification, spooled.at)


def _values(measured: Sequence[Reading | WaveformPiece]) -> list[Reading]:
    return [each for each in measured if isinstance(each, Reading)]


def finding_of(found: WatchFinding) -> Finding:
    """Return a finding as it travels."""
    return Finding(
        id=found.id,
        patient=found.patient,
        kind=found.kind,
        priority=Priority(found.priority),
        at=found.at,
        window_from=found.window_from,
        window_to=found.window_to,
        score=found.score,
        explanation=found.explanation,
        detector=found.detector,
        thresholds=found.thresholds,
        coverage=found.coverage,
        trigger_wearable=found.trigger.wearable,
        trigger_record=found.trigger.record,
        evidence=encode_evidence(found.evidence, found.strips),
    )


async def grouped(source: AsyncIterator[Item], seconds: float, most: int) -> AsyncIterator[list[Item]]:
    """Yield what arrives within `seconds` of the first, at most `most`, as one list; errors of the source come through."""
    queue: asyncio.Queue[Item] = asyncio.Queue(most)

    async def pump() -> None:
        async for item in source:
            await queue.put(item)

    pumping = asyncio.create_task(pump())
    try:
        while True:
            first = asyncio.create_task(queue.get())
            await asyncio.wait({first, pumping}, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                first.cancel()
                pumping.result()
                return
            await asyncio.sleep(seconds)
            group = [first.result()]
            while len(group) < most and not queue.empty():
                group.append(queue.get_nowait())
            yield group
    finally:
        pumping.cancel()
        await asyncio.gather(pumping, return_exceptions=True)
