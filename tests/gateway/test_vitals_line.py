"""The line from notification to outbox: durable first, found at once, folded on time, and the same after a crash anywhere."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.profiles.identifiers import HEART_RATE_MEASUREMENT, TEMPERATURE_MEASUREMENT, WAVEFORM
from edge.firmware_bridge.wearable import ChangedBond, ClockReading, KnownWearable, Notification
from edge.gateway.household import read_household
from edge.gateway.meters import REFUSED, REPEATS, TIMELESS
from edge.gateway.spool import Spooled
from edge.gateway.vitals_line import grouped
from protocol.findings import Priority, decode_evidence
from protocol.message import Waveforms, WearableAdopted, WearableRemoved
from protocol.metrics import SPO2, Absence
from protocol.patient_rules import PatientRules, PersonalThreshold
from protocol.samples import Reading, SampleBatch, WaveformPiece
from tests.support.gateway import BELT, NOON, PATIENT
from tests.support.home_line import KNOWN, SESSION, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


async def test_a_heartbeat_is_folded_into_a_sealed_message_and_the_wearable_may_forget_it(home: Home) -> None:
    home.say(1, HEART_RATE_MEASUREMENT, b"\x16\x48\x00\x04")
    async with home.running():
        await home.until(lambda: len(home.readings()) == 2)
    assert home.readings() == [(1, 72.0), (1, 1000.0)]
    assert home.wearables.kept == [(BELT, SESSION, 1)]
    batch = next(body for _, body in home.rig.said() if isinstance(body, SampleBatch))
    assert [clock.wearable for clock in batch.clocks] == [BELT]
    assert batch.clocks[0].offset_ms == NOON


async def test_waveform_pieces_that_follow_each_other_travel_as_one_strip(home: Home) -> None:
    for n in range(4):
        header = bytes([20]) + b"\x00\x00\xfa\x42" + b"\x0a\xd7\xa3\x3b" + (2 * n).to_bytes(4, "little")
        home.say(n, WAVEFORM, header + b"\x01\x00\x02\x00")
    home.fold_seconds = 0.3
    async with home.running():
        await home.until(lambda: any(isinstance(body, Waveforms) for _, body in home.rig.said()))
    (strips,) = [body.strips for _, body in home.rig.said() if isinstance(body, Waveforms)]
    assert [strip.samples.tolist() for strip in strips] == [[1, 2] * 4]
    assert strips[0].first_sample == SESSION << 32


async def test_records_that_come_again_are_dropped_and_told_again(home: Home) -> None:
    before = REPEATS._value.get()
    for sequence in (1, 2, 1, 2, 3):
        home.say(sequence, HEART_RATE_MEASUREMENT, b"\x06\x48")
    async with home.running():
        await home.until(lambda: len(home.readings()) == 3)
    assert [record for record, _ in home.readings()] == [1, 2, 3]
    assert REPEATS._value.get() - before == 2


async def test_a_new_session_of_a_wearable_counts_from_the_start(home: Home) -> None:
    home.say(9, HEART_RATE_MEASUREMENT, b"\x06\x48")
    home.say(1, HEART_RATE_MEASUREMENT, b"\x06\x50", session=SESSION + 1)
    async with home.running():
        await home.until(lambda: len(home.readings()) == 2)
    assert home.readings() == [(9, 72.0), (1, 80.0)]


async def test_an_hours_backlog_is_timed_right_by_a_gateway_that_never_heard_its_wearable_before(home: Home) -> None:
    began, hour = NOON - 3_600_000, range(0, 3600, 10)
    home.wearables.queue.put_nowait(ClockReading(BELT, SESSION, 3_600_000, NOON + 30))
    for sequence, second in enumerate(hour):
        home.wearables.queue.put_nowait(
            Notification(BELT, HEART_RATE_MEASUREMENT, b"\x06\x48", NOON + 100 + sequence, SESSION, sequence, 1000 * second)
        )
    async with home.running():
        await home.until(lambda: len(home.times()) == len(hour))
    assert home.times() == [began + 1000 * second + 30 for second in hour]


async def test_a_clock_is_believed_for_its_own_session_only(home: Home) -> None:
    home.say(1, HEART_RATE_MEASUREMENT, b"\x06\x48")
    home.wearables.queue.put_nowait(ClockReading(BELT, SESSION + 1, 500, NOON + 9000))
    home.wearables.queue.put_nowait(Notification(BELT, HEART_RATE_MEASUREMENT, b"\x06\x50", NOON + 9100, SESSION + 1, 0, 100))
    async with home.running():
        await home.until(lambda: len(home.times()) == 2)
    assert home.times() == [NOON + 1000, NOON + 8600]


def say_at(home: Home, sequence: int, ticks_ms: int, arrived_at: int) -> None:
    home.wearables.queue.put_nowait(Notification(BELT, HEART_RATE_MEASUREMENT, b"\x06\x48", arrived_at, SESSION, sequence, ticks_ms))


async def test_a_clock_set_back_by_a_day_while_its_wearable_is_heard_begins_anew(home: Home) -> None:
    day = 86_400_000
    for sequence in range(3):
        say_at(home, sequence, 2 * day + 1000 * sequence, NOON + 1000 * sequence)
    for sequence in range(3, 6):
        say_at(home, sequence, day + 1000 * sequence, NOON + 1000 * sequence)
    async with home.running():
        await home.until(lambda: len(home.times()) == 6)
    assert home.times() == [NOON + 1000 * sequence for sequence in range(6)]


async def test_records_from_before_a_clock_was_set_back_have_no_time_and_those_after_it_have_theirs(home: Home) -> None:
    before, day = TIMELESS._value.get(), 86_400_000
    home.wearables.queue.put_nowait(ClockReading(BELT, SESSION, day + 10_000, NOON, next=4))
    for sequence, ticks in enumerate((2 * day, 2 * day + 1000, day + 1000, day + 2000)):
        say_at(home, sequence, ticks, NOON + 50 + sequence)
    say_at(home, 4, day + 10_500, NOON + 500)
    async with home.running():
        await home.until(lambda: len(home.times()) == 5)
    said = [reading for _, body in home.rig.said() if isinstance(body, SampleBatch) for reading in body.readings()]
    assert [reading.absence for reading in said[:2]] == [Absence.TIME_UNKNOWN] * 2
    assert [(reading.at, reading.value) for reading in said[2:]] == [(NOON - 9000, 72.0), (NOON - 8000, 72.0), (NOON + 500, 72.0)]
    assert TIMELESS._value.get() - before == 2


async def test_a_backlog_older_than_what_the_clock_shows_now_is_no_clock_set_back(home: Home) -> None:
    say_at(home, 0, 1_000_000, NOON)
    home.wearables.queue.put_nowait(ClockReading(BELT, SESSION, 1_600_000, NOON + 600_000, next=3))
    say_at(home, 1, 1_001_000, NOON + 600_050)
    say_at(home, 2, 1_002_000, NOON + 600_060)
    async with home.running():
        await home.until(lambda: len(home.times()) == 3)
    assert home.times() == [NOON, NOON + 1000, NOON + 2000]


async def test_a_malformed_notification_is_refused_counted_and_disturbs_nothing(home: Home) -> None:
    before = REFUSED.labels("malformed")._value.get()
    home.say(1, HEART_RATE_MEASUREMENT, b"\x06")
    home.say(2, "0000dead-0000-1000-8000-00805f9b34fb", b"\x06\x48")
    home.say(3, HEART_RATE_MEASUREMENT, b"\x06\x48")
    async with home.running():
        await home.until(lambda: len(home.readings()) == 1)
    assert home.readings() == [(3, 72.0)]
    assert REFUSED.labels("malformed")._value.get() - before == 2
    assert home.wearables.kept[-1] == (BELT, SESSION, 3), "or it would be sent again for ever"


async def test_a_fall_of_saturation_is_said_at_once_with_its_evidence(home: Home) -> None:
    home.fold_seconds = 3600
    home.start()
    for sequence in range(60):
        home.say_saturation(sequence, 97 if sequence < 20 else 80)
    async with home.running():
        await home.until(lambda: bool(home.findings()))
    finding = home.findings()[0]
    assert (finding.kind, finding.patient, finding.trigger_wearable) == ("early_warning", PATIENT, BELT)
    assert finding.trigger_record >> 32 == SESSION
    assert any(reading.value == 80 for reading in decode_evidence(finding.evidence).readings())


async def test_limits_that_an_order_gave_are_watched_from_then_on(home: Home) -> None:
    home.household.obey(PatientRules(PATIENT, 2, (PersonalThreshold(SPO2.code, 92.0, None, 10, Priority.HIGH),)))
    home.household.obey(PatientRules(UUID(int=99), 1))
    for sequence in range(30):
        home.say_saturation(sequence, 91)
    async with home.running():
        await home.until(lambda: len(home.readings()) == 60)
    [finding] = home.findings()
    assert (finding.kind, finding.priority, finding.explanation) == ("threshold", "high", "spo2 91 %, for 10 s below 92")


async def test_a_crash_between_disk_and_judgement_neither_loses_nor_doubles_the_finding(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sequence in range(60):
        home.say_saturation(sequence, 97 if sequence < 20 else 80)

    async def killed(_spooled: object, _measured: object) -> None:
        raise ConnectionAbortedError("kill -9")

    monkeypatch.setattr(home.line, "_judge", killed)
    with home.thread, pytest.raises(ExceptionGroup):
        await home.line.run()
    assert home.findings() == []
    home.restart()
    async with home.running():
        await home.until(lambda: bool(home.findings()))
    first = [finding.id for finding in home.findings() if finding.kind == "early_warning"]
    assert len(first) == 1
    home.restart()
    async with home.running():
        home.say_saturation(60, 80)
        await home.until(lambda: any(record == 60 for record, _ in home.readings()))
    assert [finding.id for finding in home.findings() if finding.kind == "early_warning"] == first


async def test_a_restart_in_the_middle_gives_the_findings_of_an_undisturbed_run(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    values = [97] * 20 + [80] * 40
    whole, cut = Home(tmp_path / "one"), Home(tmp_path / "two")
    for sequence, value in enumerate(values):
        whole.say_saturation(sequence, value)
    async with whole.running():
        await whole.until(lambda: len(whole.readings()) >= 2 * len(values))
    for sequence, value in enumerate(values):
        if sequence % 15 == 14:
            async with cut.running():
                await cut.until(lambda seen=sequence: len(cut.readings()) >= 2 * seen)
            cut.restart()
        cut.say_saturation(sequence, value)
    async with cut.running():
        await cut.until(lambda: len(cut.readings()) >= 2 * len(values))
    assert whole.findings()
    assert [finding.id for finding in cut.findings()] == [finding.id for finding in whole.findings()]


async def test_an_error_of_the_source_comes_through_the_grouping() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ConnectionResetError("radio gone")

    groups = grouped(broken(), 0.001, 10)
    assert await anext(groups) == [1]
    with pytest.raises(ConnectionResetError):
        await anext(groups)


NEW = KnownWearable(UUID(int=77), PATIENT, "C0:11:22:33:00:77", "thermometer", bonded=True, adopted_here=True)


def adoptions(home: Home) -> list[WearableAdopted]:
    return [body for _, body in home.rig.said() if isinstance(body, WearableAdopted)]


async def test_a_wearable_that_is_adopted_is_written_down_told_shown_and_told_again_at_the_next_start(home: Home) -> None:
    async with home.running():
        await home.line.adopt(NEW)
        assert NEW in read_household(home.folder / "household.json")
        assert home.wearables.adopted == [NEW]
        assert home.board.shown[NEW.id].wearable == NEW
        told = WearableAdopted(NEW.id, PATIENT, "thermometer", "C0:11:22:33:00:77")
        assert adoptions(home) == [told]
        home.wearables.queue.put_nowait(Notification(NEW.id, TEMPERATURE_MEASUREMENT, bytes.fromhex("006c0100ff"), NOON))
        await home.until(lambda: bool(home.board.shown[NEW.id].latest))
        with pytest.raises(LookupError):
            await home.line.adopt(replace(NEW, id=UUID(int=78), patient=UUID(int=79)))
    home.restart()
    home.start_with(read_household(home.folder / "household.json"))
    async with home.running():
        await home.until(lambda: adoptions(home) == [told, told])


async def test_a_changed_bond_is_an_alarm_of_the_home(home: Home) -> None:
    home.wearables.queue.put_nowait(ChangedBond(BELT, NOON))
    async with home.running():
        await home.until(lambda: bool(home.board.alarms))
    [alarm] = home.board.alarms
    assert (alarm.kind, alarm.priority, alarm.patient) == ("changed_bond", "medium", PATIENT)
    assert "keys" in alarm.explanation


async def test_a_wearable_that_is_removed_is_written_down_told_heard_no_more_and_told_again_at_the_next_start(home: Home) -> None:
    home.say(1, HEART_RATE_MEASUREMENT, b"\x06\x48")
    told = WearableRemoved(BELT, NOON)
    async with home.running():
        await home.until(lambda: len(home.readings()) == 1)
        await home.line.part(BELT)
        assert home.wearables.parted == [BELT]
        assert BELT not in home.board.shown
        assert home.board.patients == [PATIENT]
        with pytest.raises(LookupError):
            await home.line.part(BELT)
        with pytest.raises(LookupError):
            await home.line.part(UUID(int=99))
    assert removals(home) == [told]
    known = read_household(home.folder / "household.json")
    assert known == [replace(KNOWN[0], removed_at=NOON)]
    home.rig.restart()
    home.start_with(known)
    async with home.running():
        await home.until(lambda: removals(home) == [told, told])
        assert home.board.shown == {}


def removals(home: Home) -> list[WearableRemoved]:
    return [body for _, body in home.rig.said() if isinstance(body, WearableRemoved)]


async def test_what_wearables_say_is_kept_before_the_windows_are_rebuilt_and_judged_after(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sequence in range(3):
        home.say(sequence, HEART_RATE_MEASUREMENT, b"\x06\x48")
    async with home.running():
        await home.until(lambda: len(home.readings()) == 3)
    home.restart()
    judged: list[int] = []
    judge, recover, go_on = home.line._judge, home.line._recover, asyncio.Event()

    async def noted(spooled: Sequence[Spooled], measured: Sequence[Sequence[Reading | WaveformPiece]]) -> None:
        judged.extend(s.notification.sequence or 0 for s in spooled)
        await judge(spooled, measured)

    async def late(upto: int) -> None:
        await go_on.wait()
        await recover(upto)

    monkeypatch.setattr(home.line, "_judge", noted)
    monkeypatch.setattr(home.line, "_recover", late)
    home.say(3, HEART_RATE_MEASUREMENT, b"\x06\x49")
    async with home.running():
        await home.until(lambda: (BELT, SESSION, 3) in home.wearables.kept)
        assert judged == []
        go_on.set()
        await home.until(lambda: 3 in judged)
        assert home.line.recovered.is_set()
    assert judged == [0, 1, 2, 3]
