"""Coverage is a share of a window, whatever fell into it."""

from hypothesis import given
from hypothesis import strategies as st

from models.coverage import coverage_of
from protocol.metrics import RR_INTERVAL
from protocol.samples import Reading
from tests.support.gateway import BELT


@given(st.lists(st.integers(300, 1500), max_size=200))
def test_coverage_never_leaves_nought_to_one(intervals: list[int]) -> None:
    readings = tuple(Reading(BELT, RR_INTERVAL.code, k, float(rr)) for k, rr in enumerate(intervals))
    assert all(0.0 <= share <= 1.0 for share in coverage_of(readings, 60_000).values())


def test_beats_that_fill_the_time_are_full_coverage() -> None:
    readings = tuple(Reading(BELT, RR_INTERVAL.code, 800 * k, 800.0) for k in range(1, 76))
    assert coverage_of(readings, 60_000)["rr_interval"] == 1.0
