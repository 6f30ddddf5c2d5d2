"""What can be said of a day follows from what can be said of its epochs."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.completeness.statement import DayState, EpochFact, Statement, day_state, ranges, stated

MIDNIGHT = datetime(2027, 1, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def epoch(
    opened_at: datetime = MIDNIGHT - HOUR, *, missing: tuple[int, ...] = (), forked: bool = False, lost: str | None = None
) -> EpochFact:
    return EpochFact(opened_at, Statement(4, (), missing, None, forked), lost)


@pytest.mark.parametrize(
    ("epochs", "heard_at", "given_up", "state"),
    [
        ([epoch()], MIDNIGHT, 0, DayState.COMPLETE),
        ([epoch()], MIDNIGHT, 1, DayState.EXCEPT),
        ([epoch()], MIDNIGHT - HOUR, 0, DayState.OPEN),
        ([epoch()], None, 0, DayState.OPEN),
        ([], None, 0, DayState.OPEN),
        ([epoch(), epoch(missing=(3,))], MIDNIGHT, 0, DayState.INCOMPLETE),
        ([epoch(lost="burnt")], MIDNIGHT, 0, DayState.INCOMPLETE),
        ([epoch(missing=(3,), forked=True)], MIDNIGHT, 1, DayState.FORKED),
        ([epoch(), epoch(MIDNIGHT, missing=(3,), forked=True)], MIDNIGHT, 0, DayState.COMPLETE),
    ],
)
def test_a_day_is_what_its_epochs_are(epochs: list[EpochFact], heard_at: datetime | None, given_up: int, state: DayState) -> None:
    assert day_state(epochs, MIDNIGHT, heard_at, given_up) is state


@given(st.sets(st.integers(0, 60)))
def test_ranges_hold_what_they_were_made_of(counters: set[int]) -> None:
    found = ranges(sorted(counters))
    assert {counter for first, last in found for counter in range(first, last + 1)} == counters
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(found))


def test_an_epoch_that_says_nothing_is_complete_to_nothing() -> None:
    assert stated(-1, [], [], None) == Statement(-1, (), (), None, forked=False)
