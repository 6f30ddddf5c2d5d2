"""Folding is exact, gaps stay for ever, and the statement is never more than the truth."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.completeness.statement import stated
from cloud.ingest.folding import Fold, Row, fold, folded, statement
from edge.gateway.outbox import Parcel
from protocol.samples import Reading, batch_of
from tests.support.gateway import BELT, GATEWAY, NOON
from tests.support.ingest import Exchange

START = Fold(-1, None, None)


def chain(counters: list[int]) -> list[Row]:
    return [(c, "stored", bytes([c]) * 32, bytes([c - 1]) * 32 if c else b"") for c in counters]


@given(st.sets(st.integers(0, 40)))
def test_folding_stops_at_the_first_counter_that_is_missing(counters: set[int]) -> None:
    end = folded(START, chain(sorted(counters)))
    first_missing = next(c for c in range(42) if c not in counters)
    assert end.done_upto == first_missing - 1
    assert end.broken_at is None


def test_a_message_that_names_another_predecessor_is_a_fork_and_folding_goes_on() -> None:
    rows = chain([0, 1, 2, 3])
    rows[2] = (2, "stored", rows[2][2], b"other" * 6 + b"xx")
    assert folded(START, rows) == Fold(3, bytes([3]) * 32, 2)


def test_after_a_given_up_counter_the_chain_is_taken_up_again() -> None:
    rows = chain([0, 1, 2, 3])
    rows[1] = (1, "gap", None, None)
    assert folded(START, rows) == Fold(3, bytes([3]) * 32, None)


def test_the_statement_names_what_is_given_up_and_what_is_missing() -> None:
    said = stated(3, [(1, "gap"), (5, "stored"), (8, "gap")], [], None)
    assert (said.complete_to, said.given_up, said.missing, said.whole_at) == (3, (1, 8), (4, 6, 7), None)


def test_an_epoch_is_whole_only_when_its_one_successor_says_where_it_ended() -> None:
    assert stated(3, [], [], None).whole_at is None
    assert stated(3, [], [4], None).whole_at == 4
    assert stated(3, [], [6], None).missing == (4, 5)
    assert stated(3, [], [4, 4], None).forked
    assert stated(3, [], [3], None).forked
    assert stated(3, [], [3], None).whole_at is None


async def test_the_database_says_the_same(wire: Exchange) -> None:
    parcel = Parcel(batch_of([Reading(BELT, 1, NOON, 70.0, 1)]), NOON, NOON)
    wire.rig.outbox.put([parcel] * 3, NOON)
    first = wire.rig.rows()[0][0]
    wire.rig.restart()
    wire.rig.outbox.put([parcel], NOON)
    arrivals = wire.queued()
    await wire.carry(*arrivals[:2], *arrivals[3:])
    async with wire.database.transaction(None) as connection:
        await fold(connection, [GATEWAY.bytes + first])
        said = await statement(connection, GATEWAY, first)
        assert said is not None
        assert (said.complete_to, said.missing, said.whole_at) == (1, (2,), None)
    await wire.carry(arrivals[2])
    async with wire.database.transaction(None) as connection:
        end = (await fold(connection, [GATEWAY.bytes + first]))[GATEWAY.bytes + first]
        assert end is not None
        assert end.broken_at is None
        assert await statement(connection, GATEWAY, first) == stated(3, [], [4], None)
        assert await statement(connection, GATEWAY, bytes(16)) is None
