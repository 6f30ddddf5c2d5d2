"""What arrives is stored once and receipted, whatever is repeated, reordered, altered or killed; refusals have reasons."""

import asyncio
import random
from uuid import UUID

import psycopg
import pytest

from cloud.ingest.ingest_line import Stuck
from cloud.ingest.meters import REFUSED
from edge.gateway.outbox import Parcel
from protocol import channels
from protocol.envelope import EpochKeys, Header, MessageClass, digest, read_opening
from protocol.findings import Detector, Finding, Priority, encode_evidence
from protocol.message import Gap, GapReason, GivenUp, WearableAdopted, WearableRemoved, encode_body
from protocol.receipts import read_receipt
from protocol.samples import Reading, batch_of
from provisioning.sealing_keys import PrivateKey, Suite
from tests.support.gateway import BELT, GATEWAY, NOON, PATIENT, an_ingest_key
from tests.support.ingest import STRANGER, Exchange


def vitals(value: float = 70.0, at: int = NOON, wearable: UUID = BELT) -> Parcel:
    return Parcel(batch_of([Reading(wearable, 1, at, value, 1)]), at, at)


def a_finding(number: int = 9, patient: UUID = PATIENT) -> Parcel:
    evidence = encode_evidence([Reading(BELT, 1, NOON, 160.0, 3)])
    detector = Detector("news2", "2017", "ab")
    finding = Finding(
        UUID(int=number), patient, "early_warning", Priority.HIGH, NOON, 0, NOON, 7.0, "why", detector, {"high": 7.0}, {}, BELT, 3, evidence
    )
    return Parcel(finding, 0, NOON)


def counted(reason: str) -> float:
    return REFUSED.labels(reason)._value.get()


async def test_readings_are_stored_receipted_and_settled(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals(70), vitals(71)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select value, record from reading order by value") == [(70.0, 1), (71.0, 1)]
    assert wire.rows("select organisation_id, metric from series") == [(1, 1)]
    assert wire.settled == [True, True, True]
    assert wire.rig.outbox.depth() == 3, "not before the receipt"
    assert wire.bring_back() == [channels.RECEIPTS]
    assert wire.rig.outbox.depth() == 0


async def test_repeats_are_stored_once_and_receipted_again(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals(), vitals()], NOON)
    arrivals = wire.queued()
    await wire.carry(*arrivals, *arrivals)
    wire.inlet.answers.clear()
    wire.new_worker()
    await wire.carry(*reversed(arrivals))
    assert wire.rows("select count(*) from reading") == [(2,)]
    wire.bring_back()
    assert wire.rig.outbox.depth() == 0


async def test_repeats_after_folding_are_stored_once(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals() for _ in range(5)], NOON)
    arrivals = wire.queued()
    await wire.carry(*arrivals)
    async with asyncio.timeout(10):
        folding = asyncio.create_task(wire.line._folds())
        while wire.rows("select done_upto from epoch") != [(5,)]:
            await asyncio.sleep(0.02)
        folding.cancel()
    assert wire.rows("select count(*) from ledger") == [(0,)]
    await wire.carry(*arrivals)
    assert wire.rows("select count(*) from reading") == [(5,)]
    assert wire.rows("select count(*) from ledger") == [(0,)]


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_and_any_number_of_copies_store_each_message_once(wire: Exchange, seed: int) -> None:
    dice = random.Random(seed)
    for epoch in range(3):
        wire.rig.outbox.put([vitals(60 + epoch) for _ in range(6)], NOON)
        wire.rig.restart()
    deck = wire.queued() * 3
    for _ in range(20):
        await wire.carry(*dice.sample(deck, dice.randint(1, 12)))
        if dice.random() < 0.3:
            wire.new_worker()
    while wire.rig.outbox.depth():
        await wire.carry(*wire.queued())
        wire.bring_back()
    assert wire.rows("select count(*) from reading") == [(18,)]


async def test_a_message_before_its_opening_is_neither_stored_nor_buried_nor_receipted(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, message = wire.queued()
    await wire.carry(message)
    assert [what for _, what, _ in wire.inlet.answers] == [channels.UNKNOWN]
    assert wire.rows("select count(*) from dead_letter") == [(0,)]
    assert wire.rows("select count(*) from reading") == [(0,)]
    await wire.carry(opening, message)
    assert wire.rows("select count(*) from reading") == [(1,)]


async def test_an_altered_message_is_refused_by_its_bytes_and_the_true_one_is_still_stored(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals(70), vitals(71)], NOON)
    opening, one, two = wire.queued()
    altered = wire.arrival(1, one.data[:-1] + bytes([one.data[-1] ^ 1]))
    before = counted("seal_broken")
    await wire.carry(opening, altered, two)
    assert counted("seal_broken") == before + 1
    assert wire.rows("select reason, counter, sha256 from dead_letter") == [("seal_broken", 1, digest(altered.data))]
    wire.bring_back()
    assert [c for _, c, _ in wire.rig.rows("queued")] == [1], "a refusal of other bytes frees nothing"
    await wire.carry(one)
    assert wire.rows("select value from reading order by value") == [(70.0,), (71.0,)]


async def test_an_altered_opening_is_refused_to_its_gateway_by_a_worker_that_never_heard_of_its_epoch_too(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, _ = wire.queued()
    await wire.carry(opening)
    wire.inlet.answers.clear()
    wire.new_worker()
    altered = wire.arrival(0, opening.data[:-1] + bytes([opening.data[-1] ^ 1]))
    await wire.carry(altered)
    ((_, what, receipt),) = wire.inlet.answers
    assert what == channels.RECEIPTS
    refused = read_receipt(receipt, wire.rig.keys(opening.data[17:33]).receipt_key).refused
    assert [(r.counter, r.sha256) for r in refused] == [(0, digest(altered.data))]


async def test_what_a_gateway_cannot_have_sealed_is_refused_with_its_reason_and_disturbs_nothing(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, message = wire.queued()
    reasons = ("malformed", "foreign", "unknown_gateway", "seal_broken")
    before = {reason: counted(reason) for reason in reasons}
    unsealed = wire.arrival(1, encode_body(vitals().body))
    foreign = wire.arrival(1, message.data, STRANGER)
    stranger = wire.arrival(0, opening.data.replace(GATEWAY.bytes, STRANGER.bytes), STRANGER)
    forged = wire.arrival(0, opening.data[:-1] + bytes([opening.data[-1] ^ 1]))
    await wire.carry(unsealed, foreign, stranger, forged, opening, message)
    assert {reason: counted(reason) - before[reason] for reason in reasons} == dict.fromkeys(reasons, 1)
    assert sorted(wire.rows("select reason from dead_letter")) == [(reason,) for reason in sorted(reasons)]
    assert wire.rows("select count(*) from reading") == [(1,)]
    assert wire.settled == [True] * 6


async def test_an_opening_under_a_strange_key_or_certificate_is_unknown_and_never_refused(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, _ = wire.queued()
    wire.rows("update gateway_certificate set revoked_at = now(), revoked_for = 'compromise'")
    await wire.carry(opening)
    assert [what for _, what, _ in wire.inlet.answers] == [channels.UNKNOWN]
    assert wire.rows("select count(*) from dead_letter") == [(0,)]
    wire.rows("update gateway_certificate set revoked_for = 'replaced'")
    await wire.carry(opening)
    assert wire.rows("select count(*) from epoch") == [(1,)]


async def test_a_stored_opening_is_receipted_again_after_its_ingest_key_is_gone(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, message = wire.queued()
    await wire.carry(opening, message)
    wire.inlet.answers.clear()
    kept, wire.rig.ingest_key = wire.rig.ingest_key, an_ingest_key()
    wire.new_worker()
    await wire.carry(opening)
    wire.rig.ingest_key = kept
    wire.bring_back()
    assert [counter for _, counter, _ in wire.rig.rows("queued")] == [1]
    wire.rows("truncate epoch, ledger")
    await wire.line._settle([opening])
    assert wire.bring_back() == [channels.UNKNOWN], "not stored, and not to be opened any more"


async def test_small_firmware_that_seals_by_x25519_alone_is_understood(wire: Exchange) -> None:
    wire.rig.ingest_key = PrivateKey.generate(Suite.X25519)
    wire.rig.restart()
    wire.new_worker()
    wire.rig.outbox.put([vitals(70)], NOON)
    opening, message = wire.queued()
    assert len(read_opening(opening.data).sealed_secret) == 80
    await wire.carry(opening, message)
    assert wire.rows("select value from reading") == [(70.0,)]
    wire.bring_back()
    assert wire.rig.outbox.depth() == 0


async def test_what_is_authentic_but_not_understood_is_kept_sealed_and_receipted(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, message = wire.queued()
    epoch = message.data[17:33]
    keys: EpochKeys = wire.rig.keys(epoch)
    header = Header(GATEWAY, epoch, 1, MessageClass.VITAL, digest(opening.data))
    strange = wire.arrival(1, keys.seal(header, b"from a newer program"))
    await wire.carry(opening, strange)
    assert await wire.kept_sealed() == [(1, strange.data)]
    assert wire.rows("select reason from dead_letter") == [("undecodable",)]
    wire.bring_back()
    assert wire.rig.outbox.depth() == 0


@pytest.mark.parametrize(
    ("parcel", "reason"),
    [(vitals(wearable=STRANGER), "unknown_wearable"), (a_finding(patient=STRANGER), "unknown_patient")],
)
async def test_what_speaks_of_anothers_wearable_or_patient_is_kept_sealed(wire: Exchange, parcel: Parcel, reason: str) -> None:
    wire.rig.outbox.put([parcel], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select reason from dead_letter") == [(reason,)]
    assert wire.rows("select count(*) from undecoded") == [(1,)]
    assert wire.rows("select (select count(*) from reading) + (select count(*) from finding)") == [(0,)]


async def test_a_wearable_that_is_adopted_at_home_belongs_there_and_its_readings_are_stored(wire: Exchange) -> None:
    adopted = Parcel(WearableAdopted(STRANGER, PATIENT, "thermometer", "C0:11:22:33:00:09"), NOON, NOON)
    for _ in range(2):
        wire.rig.outbox.put([adopted], NOON)
        await wire.carry(*wire.queued())
        wire.bring_back()
    wire.rig.outbox.put([vitals(70, wearable=STRANGER)], NOON)
    await wire.carry(*wire.queued())
    expected = [(1, GATEWAY, PATIENT, "thermometer", "C0:11:22:33:00:09")]
    assert wire.rows("select organisation_id, gateway_id, patient_id, kind, address from wearable where id = %s", STRANGER) == expected
    assert wire.rows("select value from reading") == [(70.0,)]
    assert wire.rows("select count(*) from dead_letter") == [(0,)]


async def test_a_gateway_adopts_nothing_for_somebody_who_does_not_live_with_it(wire: Exchange) -> None:
    wire.rig.outbox.put([Parcel(WearableAdopted(STRANGER, STRANGER, "thermometer", "C0:11:22:33:00:09"), NOON, NOON)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select reason from dead_letter") == [("unknown_patient",)]
    assert wire.rows("select count(*) from wearable where id = %s", STRANGER) == [(0,)]
    wire.bring_back()
    assert wire.rig.outbox.depth() == 0


async def test_a_wearable_that_is_removed_at_home_stays_with_what_it_said_and_the_first_time_counts(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals(70)], NOON)
    await wire.carry(*wire.queued())
    wire.bring_back()
    for at in (NOON + 5_000, NOON + 9_000):
        wire.rig.outbox.put([Parcel(WearableRemoved(BELT, at), NOON, NOON)], NOON)
        await wire.carry(*wire.queued())
        wire.bring_back()
    assert wire.rows("select extract(epoch from removed_at)::bigint * 1000 from wearable where id = %s", BELT) == [(NOON + 5_000,)]
    assert wire.rows("select value from reading") == [(70.0,)]
    wire.rig.outbox.put([vitals(71, 72)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select count(*) from reading") == [(2,)], "what it said before and is sent late is stored"
    assert wire.rows("select count(*) from dead_letter") == [(0,)]


async def test_a_gateway_removes_no_wearable_of_another(wire: Exchange) -> None:
    wire.rig.outbox.put([Parcel(WearableRemoved(STRANGER, NOON), NOON, NOON)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select reason from dead_letter") == [("unknown_wearable",)]
    assert wire.rows("select count(*) from wearable where removed_at is not null") == [(0,)]


async def test_a_finding_raises_its_alert_once_even_when_it_is_said_in_two_messages(wire: Exchange) -> None:
    wire.rig.outbox.put([a_finding(), a_finding(), a_finding(10)], NOON)
    with psycopg.connect(wire.addresses.superuser, autocommit=True) as listener:
        listener.execute("listen live")
        await wire.carry(*wire.queued())
        (told,) = listener.notifies(timeout=5, stop_after=1)
    assert wire.rows("select kind, priority, state, occurrences from alert") == [("early_warning", "high", "raised", 2)]
    assert wire.rows("select count(*) from alert_finding") == [(2,)]
    assert PATIENT.hex in told.payload
    assert "160" not in told.payload


async def test_given_up_counters_are_in_the_ledger_for_ever_and_a_late_copy_still_counts(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals(70), vitals(71)], NOON)
    _, one, _ = wire.queued()
    epoch = one.data[17:33]
    gap = Gap((GivenUp(epoch, 1, 2, MessageClass.VITAL, NOON, NOON, GapReason.FULL),))
    wire.rig.outbox.put([Parcel(gap, NOON, NOON)], NOON)
    opening, _, two, said = wire.queued()
    await wire.carry(opening, said)
    assert wire.rows("select counter, status from ledger order by counter") == [(0, "stored"), (1, "gap"), (2, "gap"), (3, "stored")]
    await wire.carry(two)
    assert wire.rows("select counter, status from ledger where counter = 2") == [(2, "filled")]
    assert wire.rows("select value from reading") == [(71.0,)]


async def test_a_clock_that_is_wrong_by_years_stops_nothing(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals(at=0), vitals(at=NOON), vitals(at=4_000_000_000_000)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select count(*) from reading") == [(3,)]


async def test_while_the_database_is_away_nothing_is_settled_and_gateways_are_told_busy(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    await wire.carry(wire.queued()[0])
    wire.bring_back()
    wire.settled.clear()
    (message,) = wire.queued()
    wire.rows("alter role mediassist_ingest connection limit 0")
    wire.rows("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'mediassist_ingest'")
    try:
        settling = asyncio.create_task(wire.line._settle([message]))
        async with asyncio.timeout(30):
            while not wire.inlet.answers:
                await asyncio.sleep(0.05)
        assert wire.settled == []
        assert wire.bring_back() == [channels.RECEIPTS]
        assert wire.rig.outbox.depth() == 1
    finally:
        wire.rows("alter role mediassist_ingest connection limit -1")
    async with asyncio.timeout(30):
        await settling
    assert wire.settled == [True]
    assert wire.rows("select count(*) from reading") == [(1,)]


async def test_a_database_without_the_epoch_that_memory_has_is_asked_again(wire: Exchange) -> None:
    wire.rig.outbox.put([vitals()], NOON)
    opening, message = wire.queued()
    await wire.carry(opening)
    wire.rows("truncate epoch, ledger")
    await wire.line._settle([message])
    assert wire.inlet.answers[-1][1] == channels.UNKNOWN
    assert wire.rows("select count(*) from ledger") == [(0,)]


async def test_a_worker_that_holds_messages_and_moves_nothing_asks_for_another_process(
    wire: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.ingest.ingest_line.STUCK_SECONDS", 0.5)
    wire.rig.outbox.put([vitals()], NOON)
    with psycopg.connect(wire.addresses.superuser) as blocking:
        blocking.execute("lock table ledger")
        for arrival in wire.queued():
            wire.line.take(arrival)
        async with asyncio.timeout(10):
            with pytest.raises(ExceptionGroup) as stuck:
                await wire.line.run()
    assert stuck.group_contains(Stuck)
    assert wire.settled == []


async def test_a_worker_that_leaves_settles_all_that_it_was_given(wire: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.ingest.ingest_line.IDLE_SECONDS", 0.3)
    wire.rig.outbox.put([vitals(), vitals()], NOON)
    work = asyncio.create_task(wire.line.run())
    for arrival in wire.queued():
        wire.line.take(arrival)
    async with asyncio.timeout(10):
        await wire.line.drain()
    work.cancel()
    assert wire.inlet.left
    assert wire.settled == [True] * 3
    assert wire.rows("select count(*) from reading") == [(2,)]
