"""One clock scaled for a demonstration."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.pace import REAL, Pace, parse_pace, write_pace

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_time_runs_faster_from_the_origin_on() -> None:
    pace = Pace(NOON, 4)
    assert pace.at(NOON + timedelta(seconds=10)) == NOON + timedelta(seconds=40)
    assert pace.wall_seconds(2) == 0.5
    assert REAL.at(NOON) == NOON


@given(st.floats(1, 10), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_pace_comes_back(speed: float, origin: datetime) -> None:
    back = parse_pace(write_pace(Pace(origin, speed)), demonstration=True)
    assert back.speed == speed
    assert abs(back.origin - origin) < timedelta(milliseconds=1)


@given(st.floats(1, 10), st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)), st.floats(0, 1e8))
def test_its_milliseconds_are_those_of_its_moment(speed: float, origin: datetime, later: float) -> None:
    pace, wall = Pace(origin, speed), origin + timedelta(seconds=later)
    assert abs(pace.at_ms(wall.timestamp()) - pace.at(wall).timestamp() * 1000) < 2


@pytest.mark.parametrize("text", ["1", "a,b", "0,11", "0,0.5", "nan,1", "1e99,2"])
def test_what_is_no_pace_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_pace(text, demonstration=True)
    assert str(caught.value)


def test_only_a_demonstration_may_run_faster() -> None:
    assert parse_pace("", demonstration=False) == REAL
    assert parse_pace("0.0,1.0", demonstration=False).speed == 1
    with pytest.raises(Malformed, match="only a demonstration"):
        parse_pace("0.0,4.0", demonstration=False)
