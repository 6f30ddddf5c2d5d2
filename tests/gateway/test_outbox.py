"""The outbox: numbered without gaps, sealed once, kept until the cloud says it is stored. Names as in the delivery guide."""

from pathlib import Path

import numpy as np
import pytest

from edge.gateway.outbox import HOLD_MS, Outbox, Parcel
from protocol.envelope import MessageClass, digest, read_opening
from protocol.errors import SealBroken, UnknownEpoch
from protocol.message import Gap, GapReason, Waveforms, WearableAdopted
from protocol.samples import Reading, WaveformPiece, batch_of
from tests.support.gateway import BELT, NOON, PATIENT, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def vitals(value: float = 70.0) -> Parcel:
    return Parcel(batch_of([Reading(BELT, 1, NOON, value, 1)]), NOON, NOON)


def waveform(samples: int = 4000) -> Parcel:
    noise = np.random.default_rng(1).integers(-30000, 30000, samples).astype(np.int16)
    return Parcel(Waveforms((WaveformPiece(BELT, 20, NOON, 125.0, 0.005, 0, noise),)), NOON, NOON)


def gaps(rig: Rig) -> list[tuple[int, int, GapReason]]:
    return [(item.first, item.last, item.reason) for _, body in rig.said() if isinstance(body, Gap) for item in body.given_up]


def test_counters_have_no_gap_and_each_message_names_its_predecessor(rig: Rig) -> None:
    rig.outbox.put([vitals(), vitals()], NOON)
    rig.outbox.put([vitals()], NOON)
    rows = rig.rows()
    assert [counter for _, counter, _ in rows] == [0, 1, 2, 3]
    assert [header.previous for header, _ in rig.said()] == [digest(data) for _, _, data in rows[:-1]]


def test_a_restart_opens_a_new_epoch_that_states_where_the_last_one_ended(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    last = rig.rows()[-1]
    rig.restart()
    rig.outbox.put([vitals()], NOON)
    opening = read_opening(rig.rows()[2][2]).opening
    assert opening.epoch != last[0]
    assert (opening.previous, opening.previous_count, opening.previous_head) == (last[0], 2, digest(last[2]))


def test_an_epoch_ends_after_a_day(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    rig.outbox.put([vitals()], NOON + 24 * 3600 * 1000)
    assert [counter for _, counter, _ in rig.rows()] == [0, 1, 0, 1]


def test_a_failed_commit_keeps_nothing_and_ends_the_epoch(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)

    def full(_link: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        rig.outbox.put([vitals()], NOON, full)
    assert len(rig.rows()) == 2
    rig.outbox.put([vitals()], NOON)
    epochs = [epoch for epoch, _, _ in rig.rows()]
    assert len(set(epochs)) == 2


def test_the_disk_shows_neither_readings_nor_secrets(rig: Rig) -> None:
    rig.outbox.put([vitals(71.5)], NOON)
    epoch = rig.rows()[0][0]
    rig.disk.close()
    on_disk = b"".join(path.read_bytes() for path in rig.folder.glob("gateway.sqlite*"))
    rig.start()
    assert np.float64(71.5).tobytes() not in on_disk
    assert rig.keys(epoch).receipt_key not in on_disk
    assert BELT.bytes not in on_disk


def test_only_a_receipt_frees_a_message_and_it_stays_held(rig: Rig) -> None:
    rig.outbox.put([vitals(), vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.outbox.receive(rig.receipt(epoch, [0, 1]), NOON)
    assert [c for _, c, _ in rig.rows("queued")] == [2]
    assert [c for _, c, _ in rig.rows("held")] == [0, 1]


def test_receipts_of_an_older_process_are_still_understood(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    epoch = rig.rows()[0][0]
    receipt = rig.receipt(epoch, [0, 1])
    rig.restart()
    rig.outbox.receive(receipt, NOON)
    assert rig.outbox.depth() == 0


def test_a_forged_receipt_and_one_of_a_strange_epoch_free_nothing(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    genuine = rig.receipt(rig.rows()[0][0], [0, 1])
    with pytest.raises(SealBroken):
        rig.outbox.receive(genuine[:-1] + bytes([genuine[-1] ^ 1]), NOON)
    with pytest.raises(UnknownEpoch):
        rig.outbox.receive(genuine[:17] + bytes(16) + genuine[33:], NOON)
    assert rig.outbox.depth() == 2


def test_a_receipt_from_before_a_restore_is_ignored_and_a_restore_brings_back_what_is_held(rig: Rig) -> None:
    rig.outbox.put([vitals(), vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.outbox.receive(rig.receipt(epoch, [0, 1], generation=5), NOON)
    rig.outbox.receive(rig.receipt(epoch, [], generation=6), NOON)
    assert [c for _, c, _ in rig.rows("queued")] == [0, 1, 2]
    rig.outbox.receive(rig.receipt(epoch, [2], generation=5), NOON)
    assert [c for _, c, _ in rig.rows("queued")] == [0, 1, 2]


def test_after_a_restore_what_is_gone_is_said(rig: Rig) -> None:
    rig.outbox.put([vitals(), vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.outbox.receive(rig.receipt(epoch, [0, 1], generation=5), NOON)
    rig.outbox.tidy(NOON + HOLD_MS)
    rig.outbox.receive(rig.receipt(epoch, [], generation=6), NOON)
    assert gaps(rig) == [(1, 1, GapReason.GONE)]


def test_a_refusal_counts_only_for_the_very_bytes_and_becomes_a_gap(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    epoch, _, data = rig.rows()[1]
    rig.outbox.receive(rig.receipt(epoch, refused=[(1, digest(b"what the broker made of it"))]), NOON)
    assert [c for _, c, _ in rig.rows("held")] == []
    rig.outbox.receive(rig.receipt(epoch, refused=[(1, digest(data))]), NOON)
    assert [c for _, c, _ in rig.rows("held")] == [1]
    assert gaps(rig) == [(1, 1, GapReason.REFUSED)]


def test_a_full_outbox_gives_up_held_messages_first_and_then_waveforms_by_name(tmp_path: Path) -> None:
    rig = Rig(tmp_path, capacity=40_000)
    rig.outbox.put([waveform(), vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.outbox.put([waveform(), waveform(), waveform(), waveform()], NOON)
    assert [reason for _, _, reason in gaps(rig)] == [GapReason.FULL]
    assert 2 in [c for _, c, _ in rig.rows()], "vitals stay"
    rig.outbox.receive(rig.receipt(epoch, [c for _, c, _ in rig.rows()]), NOON)
    rig.outbox.put([waveform(), waveform(), waveform()], NOON)
    assert gaps(rig) == [], "what is held goes without a gap, the receipted gap too"
    counters = {c for e, c, _ in rig.rows("queued") + rig.rows("held") if e == epoch}
    assert 0 in counters


def test_findings_and_vitals_are_never_given_up(tmp_path: Path) -> None:
    rig = Rig(tmp_path, capacity=1)
    rig.outbox.put([vitals() for _ in range(5)], NOON)
    assert [c for _, c, _ in rig.rows()] == [0, 1, 2, 3, 4, 5]


def test_an_opening_stays_while_its_epoch_is_current_or_has_messages(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.outbox.receive(rig.receipt(epoch, [0]), NOON)
    rig.outbox.tidy(NOON + HOLD_MS)
    assert rig.outbox.opening(epoch) is not None
    rig.outbox.receive(rig.receipt(epoch, [1]), NOON)
    rig.restart()
    rig.outbox.tidy(NOON + HOLD_MS)
    rig.outbox.tidy(NOON + HOLD_MS)
    assert rig.outbox.opening(epoch) is None


def test_an_opening_goes_when_its_epoch_was_ended_and_no_other_has_been_opened(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.outbox.receive(rig.receipt(epoch, [0, 1]), NOON)
    rig.outbox.tidy(NOON + HOLD_MS)
    assert rig.outbox.opening(epoch) is not None
    rig.outbox.end_epoch()
    rig.outbox.tidy(NOON + HOLD_MS)
    assert rig.outbox.opening(epoch) is None


def test_a_message_damaged_on_the_disk_is_given_up_by_name(rig: Rig) -> None:
    rig.outbox.put([vitals(), vitals()], NOON)
    epoch = rig.rows()[0][0]
    rig.disk.read().execute("update message set bytes = zeroblob(90) where counter = 1")
    found = [rig.outbox.bytes_of(waiting) for waiting in rig.outbox.waiting(10)]
    assert found.count(None) == 1
    assert rig.outbox.give_up_corrupt(NOON) == 1
    assert rig.outbox.give_up_corrupt(NOON) == 0
    assert (epoch, 1) not in [(e, c) for e, c, _ in rig.rows()]
    assert gaps(rig) == [(1, 1, GapReason.CORRUPT)]


def test_what_is_urgent_comes_first_and_what_is_live_before_what_is_old(rig: Rig) -> None:
    rig.outbox.put([waveform(10), vitals(), vitals()], NOON)
    order = [(w.of_class, w.counter) for w in rig.outbox.waiting(10)]
    assert order == [(MessageClass.OPENING, 0), (MessageClass.VITAL, 3), (MessageClass.VITAL, 2), (MessageClass.WAVEFORM, 1)]


def test_two_outboxes_never_share_an_epoch(rig: Rig) -> None:
    rig.outbox.put([vitals()], NOON)
    other = Outbox(rig.disk, rig.outbox._keyring, 1 << 30)
    other.put([vitals()], NOON)
    assert len({epoch for epoch, _, _ in rig.rows()}) == 2


def test_nothing_passes_an_adoption_that_has_no_receipt(rig: Rig) -> None:
    rig.outbox.put([vitals(), Parcel(WearableAdopted(BELT, PATIENT, "thermometer", "C0:11:22:33:00:09"), NOON, NOON), vitals()], NOON)
    [waiting] = rig.outbox.waiting(10)
    assert (waiting.counter, waiting.of_class) == (2, MessageClass.ADOPTION)
    rig.outbox.receive(rig.receipt(waiting.epoch, [2]), NOON)
    assert [one.counter for one in rig.outbox.waiting(10)] == [0, 3, 1]
