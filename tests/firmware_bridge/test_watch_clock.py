"""When a stamped measurement was taken: every case of the guide's, and the nights on which clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.firmware_bridge import watch_clock
from edge.firmware_bridge.profiles import blood_pressure, glucose, identifiers, pulse_oximeter, weight_scale
from edge.firmware_bridge.profiles.current_time import EXTERNAL_REFERENCE, MANUAL, CurrentTime
from edge.firmware_bridge.profiles.glucose import GlucoseMeasurement
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.pulse_oximeter import Saturation, SpotCheck
from edge.firmware_bridge.profiles.watch_time import WatchTime, watch_time_of
from edge.firmware_bridge.watch_clock import BELIEVED_MS, FUTURE_MS, Stamp, Watch, measured_at, off_by_ms, stamp_of, stamps_of, watch_of
from protocol.errors import Malformed

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
NEVER_SET = WatchTime(0, 0, 0, 0, 0, 0)


def shown(moment: datetime) -> Stamp:
    seconds = watch_time_of(moment).seconds
    assert seconds is not None
    return Stamp(seconds)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def watch_that_shows(moment: datetime, now: datetime = NOW, adjusted: int = 0) -> Watch:
    return watch_of(CurrentTime(watch_time_of(moment), adjusted=adjusted), ms(now))


# Case 1: no timestamp


@pytest.mark.parametrize("watch", [Watch(), Watch(0), Watch(0, by_reference=True)])
@pytest.mark.parametrize("synchronised", [True, False])
def test_case_1_without_a_stamp_it_was_measured_when_it_arrived(watch: Watch, synchronised: bool) -> None:  # noqa: FBT001
    assert measured_at(None, watch, NOW_MS, BERLIN, synchronised=synchronised) == NOW_MS


def test_case_1_a_watch_that_says_it_was_never_set_and_cannot_be_read_stamps_nothing() -> None:
    yesterday = shown((NOW - timedelta(days=1)).astimezone(BERLIN))
    assert measured_at(Stamp(yesterday.seconds, never_set=True), Watch(), NOW_MS, BERLIN) == NOW_MS


# Case 2: not of the current timeline


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2026, 11, 26, 8, 0, tzinfo=UTC), datetime(2026, 11, 26, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 3, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
    ],
)
def test_case_2_synchronised_a_recent_stamp_is_taken_in_the_homes_zone_winter_and_summer(local: datetime, utc: datetime) -> None:
    assert measured_at(shown(local), Watch(), NOW_MS, BERLIN) == ms(utc)


@pytest.mark.parametrize("off", [timedelta(milliseconds=-BELIEVED_MS - 1000), timedelta(milliseconds=FUTURE_MS + 1000)])
def test_case_2_synchronised_a_stamp_of_another_age_is_no_time(off: timedelta) -> None:
    assert measured_at(shown((NOW + off).astimezone(BERLIN)), Watch(), NOW_MS, BERLIN) == NOW_MS


@pytest.mark.parametrize("adjusted", [0, MANUAL, EXTERNAL_REFERENCE])
def test_case_2_otherwise_a_watch_set_back_by_a_day_leaves_what_it_stamped_before_without_a_time(adjusted: int) -> None:
    watch = watch_that_shows((NOW - timedelta(days=1)).astimezone(BERLIN), adjusted=adjusted)
    assert measured_at(shown(NOW.astimezone(BERLIN)), watch, NOW_MS, BERLIN) is None


def test_case_2_otherwise_a_record_before_one_with_an_earlier_stamp_has_no_time() -> None:
    outdated = Stamp(shown(NOW - timedelta(hours=30)).seconds, outdated=True)
    assert measured_at(outdated, Watch(0), NOW_MS, BERLIN) is None


# Case 3: of the current timeline


@pytest.mark.parametrize("wrong_by", [timedelta(), timedelta(seconds=40), timedelta(hours=-3), timedelta(days=400), timedelta(days=-9000)])
@pytest.mark.parametrize("adjusted", [0, MANUAL, EXTERNAL_REFERENCE])
def test_case_3_gateway_better_and_otherwise_a_stamp_is_shifted_by_what_the_watch_is_off(wrong_by: timedelta, adjusted: int) -> None:
    taken = NOW - timedelta(hours=7)
    watch = watch_that_shows(NOW.astimezone(BERLIN) + wrong_by, adjusted=adjusted)
    assert measured_at(shown(taken.astimezone(BERLIN) + wrong_by), watch, NOW_MS, BERLIN) == ms(taken)


def test_case_3_device_better_a_watch_set_by_a_reference_is_believed_before_a_gateway_whose_clock_is_not_synchronised() -> None:
    taken = NOW - timedelta(hours=7)
    gateway_believes = datetime(2023, 1, 1, tzinfo=UTC)
    watch = watch_that_shows(NOW.astimezone(BERLIN), gateway_believes, EXTERNAL_REFERENCE)
    assert measured_at(shown(taken.astimezone(BERLIN)), watch, ms(gateway_believes), BERLIN, synchronised=False) == ms(taken)


def test_case_3_otherwise_one_set_by_hand_is_not_believed_before_any_gateway() -> None:
    believed = datetime(2023, 1, 1, tzinfo=UTC)
    watch = watch_that_shows(NOW.astimezone(BERLIN), believed, MANUAL)
    taken = shown((NOW - timedelta(hours=7)).astimezone(BERLIN))
    assert measured_at(taken, watch, ms(believed), BERLIN, synchronised=False) == ms(believed - timedelta(hours=7))


def test_a_stamp_a_moment_later_than_its_arrival_is_no_future() -> None:
    watch = Watch(0)
    assert measured_at(shown(NOW + timedelta(seconds=59)), watch, NOW_MS, BERLIN) == NOW_MS
    assert measured_at(Stamp(NOW_MS // 1000 - 1), watch, NOW_MS, BERLIN) == NOW_MS - 1000


# Clock changes of the place


@pytest.mark.parametrize(
    ("taken", "now"),
    [
        (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 25, 9, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), datetime(2026, 3, 29, 9, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 40, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 40, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("wrong_by", [timedelta(), timedelta(minutes=3)])
def test_a_watch_that_follows_its_places_clock_changes(taken: datetime, now: datetime, wrong_by: timedelta) -> None:
    watch = watch_that_shows(now.astimezone(BERLIN) + wrong_by, now)
    at = measured_at(shown(taken.astimezone(BERLIN) + wrong_by), watch, ms(now), BERLIN)
    assert at == ms(taken)


@pytest.mark.parametrize("days", [1, 120])
def test_a_watch_that_was_left_at_summer_time(days: int) -> None:
    taken, now = datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 24, 20, 0, tzinfo=UTC) + timedelta(days=days)
    summer = timedelta(hours=2)
    watch = watch_that_shows(now + summer, now)
    assert measured_at(shown(taken + summer), watch, ms(now), BERLIN) == ms(taken)


def test_in_the_hour_that_comes_twice_the_later_one_is_meant() -> None:
    now = datetime(2026, 10, 25, 3, 0, tzinfo=UTC)
    watch = watch_that_shows(now.astimezone(BERLIN), now)
    assert measured_at(shown(datetime(2026, 10, 25, 2, 30, tzinfo=UTC)), watch, ms(now), BERLIN) == ms(
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    )


# Meters


def record(number: int, taken: datetime | None, offset: int | None = None) -> GlucoseMeasurement:
    return GlucoseMeasurement(number, NEVER_SET if taken is None else watch_time_of(taken), offset_minutes=offset)


def test_a_meters_records_before_its_clock_was_set_back_are_outdated_and_those_after_it_are_not() -> None:
    hours = [10, 11, 12, -12, -11]
    stamps = stamps_of([record(n, NOW + timedelta(hours=hour)) for n, hour in enumerate(hours)])
    assert [stamp is not None and stamp.outdated for stamp in stamps] == [True, True, True, False, False]
    assert stamps[3] == shown(NOW - timedelta(hours=12))


def test_a_users_new_time_moves_a_meters_older_records_along() -> None:
    at_home, away = NOW - timedelta(hours=20), NOW - timedelta(hours=1)
    stamps = stamps_of([record(1, at_home), record(2, away, 180)])
    assert stamps == [shown(at_home + timedelta(hours=3)), shown(away + timedelta(hours=3))]
    watch = watch_that_shows(NOW + timedelta(hours=3))
    assert [measured_at(stamp, watch, NOW_MS, BERLIN) for stamp in stamps] == [ms(at_home), ms(away)]


def test_a_meter_without_a_date_stamps_nothing() -> None:
    assert stamps_of([record(1, None), record(2, NOW)]) == [None, shown(NOW)]
    assert stamps_of([]) == []


# What is read off


def test_a_watch_without_a_date_cannot_be_read() -> None:
    assert watch_of(CurrentTime(NEVER_SET), NOW_MS) == Watch()
    assert off_by_ms(Watch(), NOW_MS, BERLIN) is None


def test_who_set_a_watch() -> None:
    assert watch_that_shows(NOW, adjusted=EXTERNAL_REFERENCE).by_reference
    assert not watch_that_shows(NOW, adjusted=MANUAL).by_reference


@pytest.mark.parametrize(("month", "wrong_by"), [(1, timedelta()), (7, timedelta()), (7, timedelta(minutes=-9)), (1, timedelta(seconds=3))])
def test_how_far_a_watch_is_from_its_places_time(month: int, wrong_by: timedelta) -> None:
    now = datetime(2026, month, 5, 12, tzinfo=UTC)
    watch = watch_that_shows(now.astimezone(BERLIN) + wrong_by, now)
    assert off_by_ms(watch, ms(now), BERLIN) == -wrong_by / timedelta(milliseconds=1)


def test_which_values_bear_a_stamp() -> None:
    time, number = watch_time_of(NOW), MedicalNumber(97)
    stamp = shown(NOW)
    cuff = blood_pressure.BloodPressure(number, number, number, taken_at=time)
    assert stamp_of(identifiers.BLOOD_PRESSURE_MEASUREMENT, blood_pressure.serialise(cuff)) == stamp
    assert stamp_of(identifiers.WEIGHT_MEASUREMENT, weight_scale.serialise(weight_scale.WeightMeasurement(14_000, taken_at=time))) == stamp
    assert stamp_of(identifiers.WEIGHT_MEASUREMENT, weight_scale.serialise(weight_scale.WeightMeasurement(14_000))) is None
    check = SpotCheck(Saturation(number, number), taken_at=time)
    assert stamp_of(identifiers.PULSE_OXIMETER_SPOT, pulse_oximeter.serialise_spot(check)) == stamp
    unset = SpotCheck(Saturation(number, number), taken_at=time, clock_not_set=True)
    assert stamp_of(identifiers.PULSE_OXIMETER_SPOT, pulse_oximeter.serialise_spot(unset)) == Stamp(stamp.seconds, never_set=True)
    meter = glucose.serialise(record(1, NOW, 60))
    assert stamp_of(identifiers.GLUCOSE_MEASUREMENT, meter) == Stamp(stamp.seconds + 3600)
    assert stamp_of(identifiers.HEART_RATE_MEASUREMENT, b"") is None
    with pytest.raises(Malformed):
        stamp_of(identifiers.BLOOD_PRESSURE_MEASUREMENT, b"\x02")
    assert watch_clock.OFF_MS == 2_000
