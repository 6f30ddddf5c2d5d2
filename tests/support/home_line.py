"""A gateway's line in this process, with a real disk and fakes of its wearables and its uplink."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from edge.firmware_bridge.profiles.identifiers import PULSE_OXIMETER_CONTINUOUS
from edge.firmware_bridge.wearable import KnownWearable, Notification
from edge.gateway.assembly import household_of
from edge.gateway.board import Board
from edge.gateway.disk import DiskThread
from edge.gateway.drain import Drain
from edge.gateway.household import write_household
from edge.gateway.spool import Spool
from edge.gateway.vitals_line import VitalsLine
from protocol.findings import Finding
from protocol.samples import SampleBatch
from tests.support.gateway import BELT, NOON, PATIENT, FakeUplink, FakeWearables, Rig

SESSION = 4711
KNOWN = [KnownWearable(BELT, PATIENT, "C0:11:22:33:00:01", "heart_rate_belt")]


async def no_messages() -> int:
    return 0


class Home:
    """A gateway's line in this process, with fakes at both ends; time stands at noon and moves with the records."""

    def __init__(self, folder: Path, fold_seconds: float = 0.05) -> None:
        self.folder, self.rig = folder, Rig(folder)
        self.fold_seconds = fold_seconds
        self.start()

    def start(self) -> None:
        self.start_with(KNOWN)

    def start_with(self, known: list[KnownWearable]) -> None:
        self.wearables, self.uplink, self.thread = FakeWearables(), FakeUplink(), DiskThread()
        spool = Spool(self.rig.disk, self.rig.keystore)
        memories = {patient: memory.text for patient, memory in spool.memories().items()}
        drain = Drain(self.rig.outbox, self.uplink, self.thread, lambda: NOON, time.monotonic, lambda: 0.5, lambda _: None)
        self.board = Board(
            known,
            self.folder / "hub",
            self.rig.keystore,
            lambda: NOON,
            {},
            lambda: True,
            no_messages,
            lambda: drain.receipted_at,
            self.thread,
        )
        self.household = household_of(known, memories)
        self.line = VitalsLine(
            self.wearables,
            self.household,
            spool,
            self.rig.outbox,
            drain,
            self.thread,
            lambda: NOON,
            self.fold_seconds,
            self.board,
            partial(write_household, self.folder / "household.json"),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with self.thread:
            task = asyncio.create_task(self.line.run())
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def restart(self) -> None:
        """As after kill -9: only the disk remains."""
        self.rig.restart()
        self.start()

    def say(self, sequence: int, characteristic: str, value: bytes, session: int = SESSION) -> None:
        at = NOON + 1000 * sequence
        self.wearables.queue.put_nowait(Notification(BELT, characteristic, value, at, session, sequence, 1000 * sequence))

    def say_saturation(self, sequence: int, percent: int) -> None:
        self.say(sequence, PULSE_OXIMETER_CONTINUOUS, bytes([0, percent, 0, 70, 0]))

    def findings(self) -> list[Finding]:
        return [body for _, body in self.rig.said() if isinstance(body, Finding)]

    def readings(self) -> list[tuple[int, float]]:
        return [(r.record & 0xFFFFFFFF, r.value) for _, body in self.rig.said() if isinstance(body, SampleBatch) for r in body.readings()]

    def times(self) -> list[int]:
        return [r.at for _, body in self.rig.said() if isinstance(body, SampleBatch) for r in body.readings()]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.01)
