"""The power goes at every write, sync, truncation and deletion of the gateway's file: what was done is there, what was not is not, nothing is half.

In the manner of MCUboot's simulator: a day's work is recorded once, and then every disk that could be found afterwards is opened as the next
start would open it. `make test` opens a spread of them, `make test-slow` all.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from edge.firmware_bridge.profiles.identifiers import HEART_RATE_MEASUREMENT, WAVEFORM
from edge.firmware_bridge.wearable import Notification
from edge.gateway.disk import Disk
from edge.gateway.outbox import HOLD_MS, Parcel
from edge.gateway.spool import Heard, Memory, Spool
from protocol.envelope import read_opening
from protocol.message import Waveforms, WearableAdopted
from protocol.samples import Reading, WaveformPiece, batch_of
from tests.support import power_cut
from tests.support.gateway import BELT, NOON, PATIENT, Rig
from tests.support.power_cut import Files, Step

FEWEST = 1000
MOST_KEPT = 60_000
_TABLES = {
    "spool": "*",
    "heard": "*",
    "watch": "*",
    "said": "*",
    "epoch": "number, epoch, count, head, receipt_key",
    "message": "*",
    "state": "*",
}

Contents = dict[str, list[tuple[object, ...]]]


def contents(disk: Disk) -> Contents:
    """Return everything that lies in the file, but whether an epoch is over: the next start ends them all."""
    return {table: sorted(disk.read().execute(f"select {columns} from {table}").fetchall(), key=repr) for table, columns in _TABLES.items()}


@dataclass
class Day:
    """A gateway's work and what it left: after how many steps each transaction had ended, and what was in the file then."""

    rig: Rig
    recorder: power_cut.Recorder
    ended: list[tuple[int, Contents]] = field(default_factory=list)

    def do(self, work: Callable[[], object]) -> None:
        work()
        self.ended.append((len(self.recorder.steps), contents(self.rig.disk)))


def vitals(number: int) -> Parcel:
    return Parcel(batch_of([Reading(BELT, 1, NOON, 60.0 + number % 40, number)]), NOON, NOON)


def waveform(number: int) -> Parcel:
    noise = np.random.default_rng(number).integers(-30000, 30000, 3000).astype(np.int16)
    return Parcel(Waveforms((WaveformPiece(BELT, 20, NOON, 125.0, 0.005, 0, noise),)), NOON, NOON)


def arrivals(number: int, count: int) -> list[tuple[int, Notification]]:
    told = [(HEART_RATE_MEASUREMENT, b"\x06\x48") if number % 2 else (WAVEFORM, bytes(100)) for number in range(number, number + count)]
    return [(NOON + i, Notification(BELT, what, value, NOON + i, 7, number * 100 + i, i)) for i, (what, value) in enumerate(told)]


def worked(folder: Path, rounds: int) -> Day:
    """Live through a day: readings come, are folded, receipted, given up, come again after a restore, and are forgotten."""
    folder.mkdir()
    with power_cut.recorded(folder) as recorder:
        rig = Rig(folder, capacity=MOST_KEPT)
        day = Day(rig, recorder, [(len(recorder.steps), contents(rig.disk))])
        spool = Spool(rig.disk, rig.keystore)
        day.do(lambda: rig.outbox.put([Parcel(WearableAdopted(BELT, PATIENT, "thermometer", "C0:11:22:33:00:09"), NOON, NOON)], NOON))
        receipt = rig.receipt(rig.rows()[0][0], [1])
        day.do(lambda: rig.outbox.receive(receipt, NOON))
        for number in range(rounds):
            day.do(lambda n=number: spool.keep(arrivals(n, 6)))
            upto = spool.unfolded(100)[-1].id
            folded = [vitals(number), waveform(number)]
            day.do(lambda f=folded, u=upto, n=number: rig.outbox.put(f, NOON + n, lambda link: spool.mark_folded(link, u)))
            said = UUID(int=number + 1)
            day.do(lambda s=said, n=number: rig.outbox.put([vitals(n)], NOON, lambda link: spool.mark_said(link, [s], NOON)))
            epoch, counter, _ = rig.rows()[-1]
            if number % 2:
                receipt = rig.receipt(epoch, range(counter - 2, counter + 1), generation=5 + number // 10)
                day.do(lambda r=receipt, n=number: rig.outbox.receive(r, NOON + n))
            if number % 5 == 4:
                memory = {PATIENT: Memory(upto, f"memory {number}")}
                day.do(lambda m=memory, n=number: spool.tidy(NOON + 20 * 60_000, {BELT: Heard(7, n, "[]")}, m))
                day.do(lambda: rig.outbox.tidy(NOON + HOLD_MS + 100))
            if number % 9 == 8:
                rig.outbox.end_epoch()
        rig.disk.close()
        day.ended.append((len(recorder.steps), day.ended[-1][1]))
    return day


def spread(steps: list[Step], every: int) -> Iterator[tuple[int, str, Files]]:
    """Yield every `every`-th disk that can be found, each once for each number of steps."""
    seen: set[tuple[int, int]] = set()
    for number, (done, which, files) in enumerate(power_cut.images(steps, random.Random(11))):
        key = (done, hash(tuple(sorted(files.items()))))
        if number % every == 0 and key not in seen:
            seen.add(key)
            yield done, which, files


def survives(day: Day, done: int, files: Files, folder: Path) -> str | None:
    """Start on a disk that was found; return what is wrong with it, None where nothing is."""
    for path in folder.glob("gateway.sqlite*"):
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    before = max((i for i, (steps, _) in enumerate(day.ended) if steps <= done), default=-1)
    allowed = [day.ended[i][1] for i in (before, before + 1) if 0 <= i < len(day.ended)]
    rig = Rig.__new__(Rig)
    rig.folder, rig.ingest_key, rig.capacity, rig.keystore = folder, day.rig.ingest_key, 1 << 30, day.rig.keystore
    rig.start()
    try:
        (sound,) = rig.disk.read().execute("pragma integrity_check").fetchone()
        if sound != "ok":
            return f"the file is broken: {sound}"
        found = contents(rig.disk)
        if found not in allowed:
            return f"neither what was there before nor what was there after transaction {before + 1}"
        if any(rig.outbox.bytes_of(waiting) is None for waiting in rig.outbox.waiting(10_000)):
            return "a message is damaged"
        last = max(found["epoch"], default=None)
        rig.outbox.put([vitals(1)], NOON)
        opening = read_opening(rig.rows()[-2][2]).opening
        told = (opening.previous, opening.previous_count, opening.previous_head)
        if last is not None and told != (last[1], last[2], last[3]):
            return "the next epoch does not say where the last one ended"
        return None
    finally:
        rig.disk.close()


def explored(day: Day, folder: Path, every: int) -> tuple[int, list[str]]:
    """Return how many disks were opened, and what was wrong with which."""
    folder.mkdir()
    wrong: list[str] = []
    count = 0
    for count, (done, which, files) in enumerate(spread(day.recorder.steps, every), 1):  # noqa: B007  (the last one is the count)
        if (what := survives(day, done, files, folder)) is not None:
            wrong.append(f"after step {done} of {len(day.recorder.steps)} ({which}): {what}")
    return count, wrong


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of disks are made and synced."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    folder = shared / f"power-cuts-{tmp_path.name}-{random.getrandbits(32):x}"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("rounds", "every"),
    [pytest.param(30, 3, id="spread"), pytest.param(60, 1, id="all", marks=[pytest.mark.slow, pytest.mark.timeout(3600)])],
)
def test_nothing_that_was_kept_is_lost_or_half_there_wherever_the_power_goes(
    memory: Path, capsys: pytest.CaptureFixture[str], rounds: int, every: int
) -> None:
    if not power_cut.available():
        pytest.skip("this Python's SQLite is built in and cannot be listened to: run with one that loads libsqlite3")
    day = worked(memory / "day", rounds)
    count, wrong = explored(day, memory / "found", every)
    with capsys.disabled():
        print(f"\npower cuts: {count} disks opened, of {len(day.recorder.steps)} steps and {len(day.ended)} transactions")
    assert wrong == []
    assert count >= FEWEST
    assert {step.what for step in day.recorder.steps} == {"write", "sync", "truncate", "delete"}


def test_a_file_that_is_not_synced_is_noticed(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not power_cut.available():
        pytest.skip("this Python's SQLite is built in and cannot be listened to: run with one that loads libsqlite3")
    begun = Disk.__init__

    def careless(disk: Disk, path: Path) -> None:
        begun(disk, path)
        disk.read().execute("pragma synchronous = off")

    monkeypatch.setattr(Disk, "__init__", careless)
    _, wrong = explored(worked(memory / "day", 5), memory / "found", 5)
    assert any("neither what was there" in what for what in wrong)
