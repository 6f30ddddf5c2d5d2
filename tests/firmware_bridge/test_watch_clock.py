"""When a stamped measurement was taken: every row of the table, and the nights on which clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.firmware_bridge import watch_clock
from edge.firmware_bridge.profiles import blood_pressure, identifiers, pulse_oximeter, weight_scale
from edge.firmware_bridge.profiles.current_time import CurrentTime
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.pulse_oximeter import Saturation, SpotCheck
from edge.firmware_bridge.profiles.watch_time import WatchTime, watch_time_of
from edge.firmware_bridge.watch_clock import BELIEVED_MS, FUTURE_MS, Watch, measured_at, off_by_ms, stamp_of, watch_of
from protocol.errors import Malformed

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
NEVER_SET = WatchTime(0, 0, 0, 0, 0, 0)


def shown(moment: datetime) -> int:
    seconds = watch_time_of(moment).seconds
    assert seconds is not None
    return seconds


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize("wrong_by", [timedelta(), timedelta(hours=-3), timedelta(days=400), timedelta(days=-9000)])
def test_a_stamp_is_shifted_by_what_the_watch_is_off(wrong_by: timedelta) -> None:
    taken = NOW - timedelta(hours=7)
    watch = watch_of(CurrentTime(watch_time_of(NOW.astimezone(BERLIN) + wrong_by)), NOW_MS)
    assert measured_at(shown(taken.astimezone(BERLIN) + wrong_by), watch, NOW_MS, BERLIN) == ms(taken)


def test_a_day_that_the_watch_was_set_back_keeps_the_measurement_at_its_arrival() -> None:
    watch = watch_of(CurrentTime(watch_time_of(NOW - timedelta(days=1))), NOW_MS)
    assert measured_at(shown(NOW), watch, NOW_MS, BERLIN) == NOW_MS


def test_a_stamp_a_moment_later_than_its_arrival_is_no_future() -> None:
    watch = Watch(0)
    assert measured_at(shown(NOW + timedelta(seconds=59)), watch, NOW_MS, BERLIN) == NOW_MS
    assert measured_at(NOW_MS // 1000 - 1, watch, NOW_MS, BERLIN) == NOW_MS - 1000


@pytest.mark.parametrize("watch", [Watch(), Watch(0)])
def test_without_a_stamp_it_was_measured_when_it_arrived(watch: Watch) -> None:
    assert measured_at(None, watch, NOW_MS, BERLIN) == NOW_MS


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2026, 11, 26, 8, 0, tzinfo=UTC), datetime(2026, 11, 26, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 3, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
    ],
)
def test_where_no_watch_can_be_read_a_recent_stamp_is_taken_in_the_homes_zone_winter_and_summer(local: datetime, utc: datetime) -> None:
    assert measured_at(shown(local), Watch(), NOW_MS, BERLIN) == ms(utc)


@pytest.mark.parametrize("off", [timedelta(milliseconds=-BELIEVED_MS - 1000), timedelta(milliseconds=FUTURE_MS + 1000)])
def test_where_no_watch_can_be_read_a_stamp_of_another_age_is_not_believed(off: timedelta) -> None:
    assert measured_at(shown((NOW + off).astimezone(BERLIN)), Watch(), NOW_MS, BERLIN) == NOW_MS


def test_a_watch_without_a_date_cannot_be_read() -> None:
    assert watch_of(CurrentTime(NEVER_SET), NOW_MS) == Watch()
    assert off_by_ms(Watch(), NOW_MS, BERLIN) is None


@pytest.mark.parametrize(("month", "wrong_by"), [(1, timedelta()), (7, timedelta()), (7, timedelta(minutes=-9)), (1, timedelta(seconds=3))])
def test_how_far_a_watch_is_from_its_places_time(month: int, wrong_by: timedelta) -> None:
    now = datetime(2026, month, 5, 12, tzinfo=UTC)
    watch = watch_of(CurrentTime(watch_time_of(now.astimezone(BERLIN) + wrong_by)), ms(now))
    assert off_by_ms(watch, ms(now), BERLIN) == -wrong_by / timedelta(milliseconds=1)


def test_which_values_bear_a_stamp() -> None:
    time, number = watch_time_of(NOW), MedicalNumber(97)
    seconds = time.seconds
    cuff = blood_pressure.BloodPressure(number, number, number, taken_at=time)
    assert stamp_of(identifiers.BLOOD_PRESSURE_MEASUREMENT, blood_pressure.serialise(cuff)) == seconds
    assert (
        stamp_of(identifiers.WEIGHT_MEASUREMENT, weight_scale.serialise(weight_scale.WeightMeasurement(14_000, taken_at=time))) == seconds
    )
    assert stamp_of(identifiers.WEIGHT_MEASUREMENT, weight_scale.serialise(weight_scale.WeightMeasurement(14_000))) is None
    check = SpotCheck(Saturation(number, number), taken_at=time)
    assert stamp_of(identifiers.PULSE_OXIMETER_SPOT, pulse_oximeter.serialise_spot(check)) == seconds
    unset = SpotCheck(Saturation(number, number), taken_at=time, clock_not_set=True)
    assert stamp_of(identifiers.PULSE_OXIMETER_SPOT, pulse_oximeter.serialise_spot(unset)) is None
    assert stamp_of(identifiers.HEART_RATE_MEASUREMENT, b"") is None
    with pytest.raises(Malformed):
        stamp_of(identifiers.BLOOD_PRESSURE_MEASUREMENT, b"\x02")
    assert watch_clock.OFF_MS == 2_000
