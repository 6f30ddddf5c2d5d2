"""The order of statements keeps a fold and a late repeat from storing a message twice (D8)."""

import asyncio

from cloud.ingest import ledger
from cloud.ingest.folding import fold
from edge.gateway.outbox import Parcel
from protocol.samples import Reading, batch_of
from tests.support.gateway import BELT, GATEWAY, NOON
from tests.support.ingest import Exchange


async def test_a_repeat_that_waits_for_a_fold_is_recognised(wire: Exchange) -> None:
    parcel = Parcel(batch_of([Reading(BELT, 1, NOON, 70.0, 1)]), NOON, NOON)
    wire.rig.outbox.put([parcel] * 3, NOON)
    arrivals = wire.queued()
    epoch = wire.rig.rows()[0][0]
    await wire.carry(*arrivals)
    async with wire.database.transaction(None) as folding:
        await fold(folding, [GATEWAY.bytes + epoch])
        late = asyncio.create_task(wire.carry(arrivals[1]))
        async with asyncio.timeout(10):
            while not wire.rows("select pid from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into ledger%%'"):
                await asyncio.sleep(0.02)
    committed = await late
    assert committed.new == set()
    assert wire.rows("select count(*) from reading") == [(3,)]
    assert wire.rows("select count(*) from ledger") == [(0,)]


async def test_a_gap_that_names_folded_counters_leaves_no_row(wire: Exchange) -> None:
    parcel = Parcel(batch_of([Reading(BELT, 1, NOON, 70.0, 1)]), NOON, NOON)
    wire.rig.outbox.put([parcel] * 2, NOON)
    epoch = wire.rig.rows()[0][0]
    await wire.carry(*wire.queued())
    async with wire.database.transaction(None) as connection:
        await fold(connection, [GATEWAY.bytes + epoch])
        gaps = await ledger.enter_gaps(connection, [GATEWAY.bytes + epoch + counter.to_bytes(8) for counter in (1, 9)])
        done = await ledger.progress(connection, [GATEWAY.bytes + epoch])
        _, late = ledger.taken({}, gaps, done)
        await ledger.forget(connection, late)
    assert wire.rows("select counter, status from ledger") == [(9, "gap")]
