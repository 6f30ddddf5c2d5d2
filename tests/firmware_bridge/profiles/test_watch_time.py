"""A device's watch: seven octets come back, and a date that is none has no seconds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given

from edge.firmware_bridge.profiles.octets import Octets
from edge.firmware_bridge.profiles.watch_time import WatchTime, take, watch_time_of, written
from protocol.errors import Malformed
from tests.firmware_bridge.profiles.times import TIMES


@given(TIMES)
def test_a_time_comes_back(time: WatchTime) -> None:
    assert take(Octets("time", written(time))) == time


def test_its_seconds_are_those_of_the_same_digits_in_utc() -> None:
    moment = datetime(2026, 11, 26, 13, 5, 59, tzinfo=UTC)
    assert watch_time_of(moment).seconds == int(moment.timestamp())


@pytest.mark.parametrize("time", [WatchTime(0, 1, 1, 0, 0, 0), WatchTime(2026, 0, 1, 0, 0, 0), WatchTime(2026, 2, 30, 0, 0, 0)])
def test_what_is_no_date_has_no_seconds(time: WatchTime) -> None:
    assert time.seconds is None


@pytest.mark.parametrize("time", [WatchTime(1581, 1, 1, 0, 0, 0), WatchTime(2026, 13, 1, 0, 0, 0), WatchTime(2026, 1, 1, 24, 0, 0)])
def test_what_no_watch_shows_is_neither_written_nor_read(time: WatchTime) -> None:
    with pytest.raises(Malformed, match="no watch shows"):
        written(time)
    raw = time.year.to_bytes(2, "little") + bytes([time.month, time.day, time.hour, time.minute, time.second])
    with pytest.raises(Malformed, match="no watch shows"):
        take(Octets("time", raw))
