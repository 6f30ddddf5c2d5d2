"""The board: newest values, who is silent, and alarms that outlive the process and are no clear text on the disk."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway.board import MUTE_MS, SILENT_MS, SLOWLY_SILENT_MS, Board
from edge.gateway.disk import DiskThread
from protocol.metrics import BATTERY, HEART_RATE, RR_INTERVAL, SYSTOLIC_PRESSURE
from protocol.samples import Reading
from provisioning.keystore import FileKeystore
from tests.gateway.test_alarms import NOW, finding

BELT, CUFF, SENSOR = (
    KnownWearable(UUID(int=number), UUID(int=9), f"C0:00:00:00:00:0{number}", kind)
    for number, kind in enumerate(["heart_rate_belt", "blood_pressure_cuff", "glucose_sensor"], 1)
)


class Clock:
    """Time that is set by hand, and what the way to the cloud says."""

    ms = NOW
    receipted_at = NOW
    waiting = 0


@pytest.fixture
def keystore(tmp_path: Path) -> FileKeystore:
    return FileKeystore.make(tmp_path / "identity")


@pytest.fixture
def on_disk() -> Iterator[DiskThread]:
    with DiskThread() as thread:
        yield thread


def board(folder: Path, keystore: FileKeystore, on_disk: DiskThread) -> Board:
    async def waiting() -> int:
        return Clock.waiting

    return Board(
        [BELT, CUFF, SENSOR], folder / "hub", keystore, lambda: Clock.ms, {}, lambda: True, waiting, lambda: Clock.receipted_at, on_disk
    )


async def test_the_newest_value_of_each_metric_is_shown_whatever_comes_late(
    tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread
) -> None:
    shown = board(tmp_path, keystore, on_disk)
    shown.heard([Reading(BELT.id, HEART_RATE.code, NOW, 71.0)], NOW)
    shown.heard([Reading(BELT.id, HEART_RATE.code, NOW - 60_000, 90.0), Reading(BELT.id, RR_INTERVAL.code, NOW, 800.0)], NOW + 500)
    shown.heard([Reading(BELT.id, BATTERY.code, NOW, 64.0)], NOW + 500)
    belt = shown.shown[BELT.id]
    assert {code: reading.value for code, reading in belt.latest.items()} == {HEART_RATE.code: 71.0}
    assert (belt.battery, belt.heard_at) == (64, NOW + 500)


async def test_a_belt_is_silent_after_five_minutes_a_sensor_after_twenty_and_a_cuff_never(
    tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread
) -> None:
    shown = board(tmp_path, keystore, on_disk)
    for wearable in (BELT, CUFF, SENSOR):
        assert not shown.shown[wearable.id].silent(NOW), "what was never heard is not silent: it was not begun"
        shown.heard([Reading(wearable.id, SYSTOLIC_PRESSURE.code, NOW, 120.0)], NOW)
    silent = {
        late: [shown.shown[w.id].silent(NOW + late) for w in (BELT, CUFF, SENSOR)]
        for late in (SILENT_MS, SILENT_MS + 1, SLOWLY_SILENT_MS + 1)
    }
    assert list(silent.values()) == [[False, False, False], [True, False, False], [True, False, True]]


async def test_a_silence_is_an_alarm_once_and_over_when_the_wearable_is_heard(
    tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = board(tmp_path, keystore, on_disk)
    await shown.notice_silence()
    shown.heard([Reading(BELT.id, HEART_RATE.code, NOW, 71.0)], NOW)
    shown.heard([Reading(CUFF.id, SYSTOLIC_PRESSURE.code, NOW, 120.0)], NOW)
    await shown.notice_silence()
    assert shown.alarms == ()
    monkeypatch.setattr(Clock, "ms", NOW + SILENT_MS + 1)
    for _ in range(2):
        await shown.notice_silence()
    [alarm] = shown.alarms
    assert (alarm.kind, alarm.about, alarm.priority, shown.loudest()) == ("silence", BELT.id, "low", "low")
    await shown.seen(alarm.id)
    await shown.notice_silence()
    assert len(shown.alarms) == 1, "who has seen it is not told again of the same silence"
    shown.heard([Reading(BELT.id, HEART_RATE.code, Clock.ms, 71.0)], Clock.ms)
    monkeypatch.setattr(Clock, "ms", Clock.ms + SILENT_MS + 1)
    await shown.notice_silence()
    assert [a.sounds(Clock.ms) for a in shown.alarms] == [True, False], "a new silence is a new alarm"
    again = board(tmp_path, keystore, on_disk)
    await again.notice_silence()
    assert again.loudest() == "low", "a process that has heard nothing yet takes nothing for over"
    shown.heard([Reading(BELT.id, HEART_RATE.code, Clock.ms, 71.0)], Clock.ms)
    await shown.notice_silence()
    assert shown.loudest() is None


async def test_a_cloud_that_takes_nothing_of_what_waits_is_an_alarm_until_it_does(
    tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = board(tmp_path, keystore, on_disk)
    monkeypatch.setattr(Clock, "ms", NOW + MUTE_MS + 1)
    await shown.notice_mute_cloud()
    assert shown.loudest() is None, "nothing waits"
    monkeypatch.setattr(Clock, "waiting", 3)
    monkeypatch.setattr(Clock, "ms", NOW + MUTE_MS)
    await shown.notice_mute_cloud()
    assert shown.loudest() is None
    monkeypatch.setattr(Clock, "ms", NOW + MUTE_MS + 1)
    for _ in range(2):
        await shown.notice_mute_cloud()
    assert [(alarm.kind, alarm.patient, alarm.about) for alarm in shown.alarms] == [("mute_cloud", BELT.patient, None)]
    await shown.seen(shown.alarms[0].id)
    await shown.notice_mute_cloud()
    assert shown.loudest() is None, "who has seen it is not told again"
    monkeypatch.setattr(Clock, "receipted_at", Clock.ms)
    monkeypatch.setattr(Clock, "ms", Clock.ms + MUTE_MS + 1)
    await shown.notice_mute_cloud()
    assert shown.loudest() == "low", "the next time it is mute is told"
    monkeypatch.setattr(Clock, "receipted_at", Clock.ms)
    await shown.notice_mute_cloud()
    assert shown.loudest() is None


async def test_the_silence_of_a_wearable_that_was_removed_is_over(
    tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = board(tmp_path, keystore, on_disk)
    shown.heard([Reading(BELT.id, HEART_RATE.code, NOW, 71.0)], NOW)
    monkeypatch.setattr(Clock, "ms", NOW + SILENT_MS + 1)
    await shown.notice_silence()
    assert shown.loudest() == "low"
    shown.remove(BELT.id)
    await shown.notice_silence()
    assert shown.loudest() is None


async def test_alarms_outlive_the_process_and_are_wrapped_on_the_disk(tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread) -> None:
    first = board(tmp_path, keystore, on_disk)
    await first.found(finding(1))
    await first.found(finding(2, kind="vital_anomaly"))
    await first.seen(UUID(int=2))
    again = board(tmp_path, keystore, on_disk)
    assert again.alarms == first.alarms
    assert again.loudest() == "medium"
    await again.put_off(UUID(int=1))
    assert again.loudest() is None
    assert all(b"spo2" not in path.read_bytes() for path in (tmp_path / "hub").iterdir())


async def test_a_broken_file_of_alarms_is_no_reason_not_to_start(tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread) -> None:
    await board(tmp_path, keystore, on_disk).found(finding(1))
    (tmp_path / "hub" / "alarms.bin").write_bytes(b"junk")
    assert board(tmp_path, keystore, on_disk).alarms == ()


async def test_each_wearable_with_other_keys_is_an_alarm_of_its_own_and_stays_so(
    tmp_path: Path, keystore: FileKeystore, on_disk: DiskThread
) -> None:
    first = board(tmp_path, keystore, on_disk)
    for wearable, at in ((BELT, NOW), (CUFF, NOW), (BELT, NOW + 1), (KnownWearable(UUID(int=99), UUID(int=9), "", ""), NOW)):
        await first.changed_bond(wearable.id, at)
    assert [(alarm.about, alarm.at) for alarm in first.alarms] == [(BELT.id, NOW + 1), (CUFF.id, NOW)]
    assert board(tmp_path, keystore, on_disk).alarms == first.alarms
