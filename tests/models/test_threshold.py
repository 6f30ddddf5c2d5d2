"""A vital is outside its limits only when all of it was, for long enough, until now."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.threshold import Limits, breached, distance, limits_of, score
from protocol.metrics import Absence
from protocol.samples import Reading

NOW = 1_800_000_000_000
BELT = UUID(int=1)
LIMITS = Limits(50.0, 120.0, 60)


def readings(*values: float, step: int = 1000, ago: int = 0) -> list[Reading]:
    start = NOW - ago - step * (len(values) - 1)
    return [Reading(BELT, 1, start + step * place, value, place) for place, value in enumerate(values)]


def test_a_minute_outside_is_a_breach_and_one_value_inside_is_none() -> None:
    assert breached(LIMITS, readings(*[130.0] * 60), NOW)
    assert breached(LIMITS, readings(*[40.0] * 60), NOW)
    assert not breached(LIMITS, readings(*[130.0] * 59, 120.0), NOW)
    assert not breached(LIMITS, readings(*[130.0] * 30), NOW)


def test_nothing_is_concluded_from_silence_or_from_reasons_for_absence() -> None:
    assert not breached(LIMITS, [], NOW)
    assert not breached(LIMITS, readings(*[130.0] * 60, ago=60_001), NOW)
    off = [Reading(BELT, 1, NOW - 1000 * n, float("nan"), n, Absence.OFF_BODY) for n in range(60)]
    assert not breached(LIMITS, off, NOW)


@pytest.mark.parametrize(("value", "outside"), [(49.0, 1.0), (50.0, 0.0), (120.0, 0.0), (125.5, 5.5)])
def test_the_distance_is_in_the_metrics_unit(value: float, outside: float) -> None:
    assert distance(LIMITS, value) == outside


@given(st.lists(st.floats(0, 350), min_size=1, max_size=40))
def test_the_score_is_the_least_distance_of_all(values: list[float]) -> None:
    assert score(LIMITS, readings(*values)) == min(distance(LIMITS, value) for value in values)
    assert limits_of(LIMITS.numbers(1)) == LIMITS
