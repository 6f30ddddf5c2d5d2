"""Current Time and Local Time: they come back, a watch is set to its place's time, and a summer's hour is told apart."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles import current_time
from edge.firmware_bridge.profiles.current_time import CurrentTime, LocalTime
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from tests.firmware_bridge.profiles.times import OCTET, TIMES

BERLIN = ZoneInfo("Europe/Berlin")


@given(st.builds(CurrentTime, TIMES, st.integers(0, 7), OCTET, OCTET))
def test_a_current_time_comes_back(time: CurrentTime) -> None:
    assert current_time.parse(current_time.serialise(time)) == time


@given(st.builds(LocalTime, st.none() | st.integers(-48, 56), st.none() | st.sampled_from([0, 2, 4, 8])))
def test_a_local_time_comes_back(local: LocalTime) -> None:
    assert current_time.parse_local(current_time.serialise_local(local)) == local


@given(st.binary(max_size=12))
def test_any_bytes_are_a_time_or_malformed(data: bytes) -> None:
    for parse in (current_time.parse, current_time.parse_local):
        try:
            parse(data)
        except Malformed:
            continue


@pytest.mark.parametrize(("month", "zone", "daylight"), [(1, 4, 0), (7, 4, 4)])
def test_a_place_in_winter_and_in_summer(month: int, zone: int, daylight: int) -> None:
    moment = datetime(2026, month, 15, 9, 30, 0, 500_000, tzinfo=BERLIN)
    time, local = current_time.current_time_at(moment), current_time.local_time_at(moment)
    assert local == LocalTime(zone, daylight)
    assert (time.shown, time.weekday, time.fraction) == (WatchTime(2026, month, 15, 9, 30, 0), moment.isoweekday(), 128)
    assert current_time.utc_of(time.shown, local) == moment.replace(microsecond=0).astimezone(UTC)
    assert time.milliseconds == int(datetime(2026, month, 15, 9, 30, tzinfo=UTC).timestamp()) * 1000 + 500


def test_without_an_offset_or_a_date_nobody_knows_when() -> None:
    assert current_time.utc_of(WatchTime(2026, 1, 1, 0, 0, 0), LocalTime(None, 0)) is None
    assert current_time.utc_of(WatchTime(2026, 1, 1, 0, 0, 0), LocalTime(0, None)) is None
    assert current_time.utc_of(WatchTime(0, 1, 1, 0, 0, 0), LocalTime(0, 0)) is None
    assert CurrentTime(WatchTime(0, 0, 0, 0, 0, 0)).milliseconds is None


@pytest.mark.parametrize("local", [LocalTime(57, 0), LocalTime(-49, 0), LocalTime(0, 3)])
def test_an_offset_that_no_place_has_is_refused(local: LocalTime) -> None:
    with pytest.raises(Malformed, match="no place"):
        current_time.serialise_local(local)


def test_the_eighth_day_of_the_week_is_refused() -> None:
    with pytest.raises(Malformed, match="no day 8"):
        current_time.parse(bytes.fromhex("ea070b1a0d050a080000"))
    with pytest.raises(Malformed, match="cannot be written"):
        current_time.serialise(CurrentTime(WatchTime(2026, 1, 1, 0, 0, 0), 8))
