"""A course of values is followed as it comes; what breaks its habit surprises, and is said once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stream_anomaly.course import ALARM_BITS, FARTHEST, LEVELS, Course, widened

values = st.lists(st.one_of(st.floats(-1e300, 1e300), st.just(float("nan")), st.just(float("inf"))), max_size=60)


def habit(count: int) -> list[float]:
    """Return a course that goes up and down between 0 and 100."""
    return (50 + 50 * np.sin(np.arange(count) / 5)).tolist()


def alarms(course: Course, said: list[float]) -> list[int]:
    return [row for row, value in enumerate(said) if course.alarm(value)]


def test_what_goes_on_as_ever_raises_nothing_and_a_break_is_said_when_it_comes() -> None:
    usual = habit(2000)
    assert alarms(Course(0, 100, 300), usual) == []
    broken = [*usual[:1500], 0.0, 100.0, 0.0, 100.0, *usual[1500:]]
    found = alarms(Course(0, 100, 300), broken)
    assert found
    assert 1500 <= found[0] <= 1504


def test_what_has_been_said_is_not_said_again_for_a_while() -> None:
    torn = [*habit(1500), *([0.0, 100.0] * 20)]
    assert len(alarms(Course(0, 100, 300), torn)) == 1


def test_nothing_is_said_while_it_learns() -> None:
    course = Course(0, 100, 300)
    assert alarms(course, [*([50.0] * 299), 100.0]) == []
    assert course.step(0.0) > 0


def test_what_is_missing_is_no_surprise_and_nothing_is_learnt_from_it() -> None:
    one, other = Course(0, 100, 0), Course(0, 100, 0)
    for value in habit(200):
        one.step(value)
        other.step(value)
        assert other.step(float("nan")) == 0.0
    assert one.step(3.0) == other.step(3.0)


def test_values_far_outside_the_range_are_taken_for_the_farthest() -> None:
    one, other = Course(0, 7, 0), Course(0, 7, 0)
    far = [one.step(value) for value in (0.0, 1e9, 0.0, 1e9, -1e9)]
    assert far == [other.step(value) for value in (0.0, LEVELS + FARTHEST, 0.0, 1e300, -FARTHEST)]
    assert far[3] < far[1]


@given(values)
def test_any_values_have_a_surprise_and_the_same_ones_the_same(said: list[float]) -> None:
    one, other = Course(-1, 1, 3), Course(-1, 1, 3)
    for value in said:
        bits = one.step(value)
        assert 0.0 <= bits < 64.0
        assert other.step(value) == bits


def test_the_newest_value_alone_decides_what_is_said_of_it_beside_the_past() -> None:
    said = habit(400)
    whole, part = Course(0, 100, 50), Course(0, 100, 50)
    told = [whole.step(value) for value in said]
    assert [part.step(value) for value in said[:250]] == told[:250]


def test_a_constant_course_is_watched_too() -> None:
    course = Course(5, 5, 10)
    assert alarms(course, [5.0] * 2000) == []
    assert course.alarm(6.0) >= ALARM_BITS


@pytest.mark.parametrize("ends", [(1, 0), (0, float("nan")), (float("-inf"), 0)])
def test_a_range_that_is_none_is_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="ends are finite"):
        Course(*ends, 10)


def test_a_range_of_a_first_part_is_widened() -> None:
    assert widened(10, 20) == (5, 25)
