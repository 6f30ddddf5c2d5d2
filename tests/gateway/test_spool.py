"""The spool: on the disk, wrapped, before anything else; and everything that a crash needs."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.profiles.identifiers import HEART_RATE_MEASUREMENT, WAVEFORM
from edge.firmware_bridge.wearable import Notification
from edge.gateway.disk import Disk, DiskError
from edge.gateway.spool import LOOK_BACK_MS, NO_CLOCK, Heard, Memory, Spool
from protocol.errors import SealBroken
from tests.support.gateway import BELT, NOON, PATIENT, Keys, everything


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.make(tmp_path / "identity")


def a_notification(sequence: int, characteristic: str = HEART_RATE_MEASUREMENT) -> Notification:
    return Notification(BELT, characteristic, b"\x06\x48", NOON + sequence, 77, sequence, sequence)


def test_what_is_kept_is_there_for_the_next_process(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    given = [(NOON + n, a_notification(n)) for n in range(3)]
    spool = Spool(disk, keys)
    kept = spool.keep(given)
    spool.tidy(NOON, {BELT: Heard(77, 2, "{}")}, {PATIENT: Memory(1, "so far")})
    disk.close()
    again = Spool(Disk(tmp_path / "gateway.sqlite"), keys)
    assert again.unfolded(10) == kept
    assert [spooled.notification for spooled in kept] == [notification for _, notification in given]
    assert again.heard() == {BELT: Heard(77, 2, "{}")}
    assert again.memories() == {PATIENT: Memory(1, "so far")}


def test_that_a_time_cannot_be_told_is_kept_too(tmp_path: Path, keys: Keys) -> None:
    spool = Spool(Disk(tmp_path / "gateway.sqlite"), keys)
    spool.keep([(NOON, replace(a_notification(1), timeless=True)), (NOON, a_notification(2))])
    assert [spooled.notification.timeless for spooled in everything(spool)] == [True, False]


def test_the_disk_alone_shows_no_value(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    marked = Notification(BELT, HEART_RATE_MEASUREMENT, b"\x06\x48 and a long value", NOON, 77, 1, 1)
    Spool(disk, keys).keep([(NOON, marked)])
    assert marked.value not in b"".join(path.read_bytes() for path in tmp_path.glob("gateway.sqlite*"))
    with pytest.raises(SealBroken):
        everything(Spool(disk, Keys.make(tmp_path / "thief")))


def test_folded_readings_stay_as_long_as_a_watch_looks_back_and_waveforms_do_not(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    spool = Spool(disk, keys)
    kept = spool.keep([(NOON, a_notification(1)), (NOON, a_notification(2, WAVEFORM)), (NOON, a_notification(3))])
    with disk.transaction() as link:
        spool.mark_folded(link, kept[1].id)
    spool.tidy(NOON + 1000, {}, {})
    assert [spooled.id for spooled in everything(spool)] == [kept[0].id, kept[2].id]
    spool.tidy(NOON + LOOK_BACK_MS + 10, {}, {})
    assert [spooled.id for spooled in everything(spool)] == [kept[2].id], "what is not folded is never deleted"
    assert [spooled.id for spooled in spool.unfolded(10)] == [kept[2].id]


def test_how_far_a_wearable_was_heard_is_said_by_its_rows_until_it_is_noted(tmp_path: Path, keys: Keys) -> None:
    spool = Spool(Disk(tmp_path / "gateway.sqlite"), keys)
    spool.keep([(NOON, a_notification(4)), (NOON, a_notification(5))])
    assert spool.heard() == {BELT: Heard(77, 5, NO_CLOCK)}
    spool.tidy(NOON, {BELT: Heard(77, 5, "[[1, 2]]")}, {})
    [kept] = spool.keep([(NOON, a_notification(6))])
    assert spool.heard() == {BELT: Heard(77, 6, "[[1, 2]]")}
    spool.keep([(NOON, Notification(BELT, HEART_RATE_MEASUREMENT, b"", NOON, 78, 0, 0))])
    assert spool.heard() == {BELT: Heard(78, 0, NO_CLOCK)}, "another session has another clock"
    assert kept.notification.sequence == 6


def test_nothing_new_writes_nothing(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    before = disk.read().total_changes
    assert Spool(disk, keys).keep([]) == []
    assert disk.read().total_changes == before


def test_a_file_of_the_first_layout_is_brought_to_this_one_with_all_that_is_in_it(tmp_path: Path, keys: Keys) -> None:
    file = tmp_path / "gateway.sqlite"
    disk = Disk(file)
    kept = Spool(disk, keys).keep([(NOON, a_notification(n)) for n in range(3)])
    disk.read().executescript(
        "alter table state drop column folded_upto; alter table spool add column folded integer not null default 0;"
        f"create index spool_by_folded on spool (folded, id); update spool set folded = 1 where id <= {kept[1].id}; pragma user_version = 1;"
    )
    disk.close()
    again = Spool(Disk(file), keys)
    assert everything(again) == kept
    assert again.unfolded(10) == kept[2:]


def test_a_failed_transaction_keeps_nothing(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    spool = Spool(disk, keys)
    disk.read().execute("create trigger full before insert on spool begin select raise(abort, 'disk full'); end")
    with pytest.raises(sqlite3.Error):
        spool.keep([(NOON, a_notification(1))])
    assert everything(spool) == []


def test_a_finding_is_said_once(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    spool = Spool(disk, keys)
    first, second = UUID(int=1), UUID(int=2)
    with disk.transaction() as link:
        spool.mark_said(link, [first], NOON)
    assert spool.already_said([first, second]) == {first}


def test_a_file_that_is_no_database_or_from_the_future_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"not a database at all, but long enough to be looked at" * 30)
    with pytest.raises(DiskError, match="not a gateway's database"):
        Disk(tmp_path / "junk")
    Disk(tmp_path / "new").read().execute("pragma user_version = 99")
    with pytest.raises(DiskError, match="layout 99"):
        Disk(tmp_path / "new")


def test_an_id_never_comes_again_however_quiet_the_home_was(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    spool = Spool(disk, keys)
    kept = spool.keep([(NOON, a_notification(1, WAVEFORM)), (NOON, a_notification(2, WAVEFORM))])
    with disk.transaction() as link:
        spool.mark_folded(link, kept[-1].id)
    spool.tidy(NOON + 10 * LOOK_BACK_MS, {}, {})
    later = spool.keep([(NOON, a_notification(3, WAVEFORM))])
    assert later[0].id > kept[-1].id
    assert spool.unfolded(10) == later, "what comes after a quiet time is folded too"


def test_a_file_of_the_second_layout_folds_what_comes_next(tmp_path: Path, keys: Keys) -> None:
    disk = Disk(tmp_path / "gateway.sqlite")
    disk.read().execute("update state set folded_upto = 500")
    disk.read().execute("pragma user_version = 2")
    disk.close()
    spool = Spool(Disk(tmp_path / "gateway.sqlite"), keys)
    kept = spool.keep([(NOON, a_notification(1))])
    assert spool.unfolded(10) == kept
