"""The window keeps what was said lately, in whatever order and however often it arrives."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from edge.gateway.window import KEEP_MS, REMEMBERED_RECORDS, PatientWindow
from protocol.metrics import HEART_RATE, RR_INTERVAL, SPO2, Absence
from protocol.samples import NO_RECORD, Reading

BELT, OXIMETER = UUID(int=1), UUID(int=2)


def rate(second: int, value: float = 70.0, wearable: UUID = BELT) -> Reading:
    return Reading(wearable, HEART_RATE.code, second * 1000, value, second)


@given(st.permutations(range(30)))
def test_readings_stand_in_order_of_time_whatever_their_order_of_arrival(order: list[int]) -> None:
    window = PatientWindow()
    for second in order:
        assert window.push(rate(second))
    assert [r.at for r in window.between(HEART_RATE.code, -1, 29_000)] == [1000 * k for k in range(30)]


def test_a_span_leaves_its_start_out_and_takes_its_end_in() -> None:
    window = PatientWindow()
    for second in range(10):
        window.push(rate(second))
    assert [r.at for r in window.between(HEART_RATE.code, 3000, 6000)] == [4000, 5000, 6000]


@given(st.lists(st.integers(0, 50), min_size=1))
def test_a_record_that_is_sent_again_counts_once(seconds: list[int]) -> None:
    window = PatientWindow()
    taken = [window.push(rate(second)) for second in seconds]
    assert sum(taken) == len(set(seconds)) == len(window.between(HEART_RATE.code, -1, 60_000))


def test_all_values_of_one_record_are_taken_and_none_of_its_repeat() -> None:
    record = [rate(5), Reading(BELT, RR_INTERVAL.code, 4400, 600.0, 5), Reading(BELT, RR_INTERVAL.code, 5000, 600.0, 5)]
    window = PatientWindow()
    assert [window.push(r) for r in [*record, rate(6), *record]] == [True, True, True, True, False, False, False]
    assert [window.push(r) for r in (rate(7), rate(7))] == [True, False]


def test_equal_values_without_a_record_number_are_no_repeats() -> None:
    window = PatientWindow()
    same = Reading(BELT, HEART_RATE.code, 1000, 70.0, NO_RECORD)
    assert window.push(same)
    assert window.push(same)


def test_a_wearable_that_hands_over_an_old_hour_does_not_disturb_what_another_says_now() -> None:
    window = PatientWindow()
    for second in range(7200, 7260):
        window.push(rate(second))
    for second in range(3600, 3660):
        window.push(Reading(OXIMETER, SPO2.code, second * 1000, 97.0, second))
    assert len(window.between(HEART_RATE.code, 7_200_000 - 1, 7_260_000)) == 60
    assert len(window.between(SPO2.code, 3_600_000 - 1, 3_660_000)) == 60


def test_what_is_older_than_is_kept_is_forgotten() -> None:
    window = PatientWindow()
    for second in range(0, 2000, 10):
        window.push(rate(second))
    assert window.between(HEART_RATE.code, -1, 1_990_000)[0].at == 1_990_000 - KEEP_MS + 10_000


def test_one_reading_from_the_far_future_does_not_stop_the_window() -> None:
    window = PatientWindow()
    window.push(rate(0))
    window.push(Reading(BELT, HEART_RATE.code, 10**12, 70.0, 1))
    for second in range(2, 12):
        assert window.push(rate(second))
    assert len(window.between(HEART_RATE.code, 0, 20_000)) == 10


def test_the_latest_reading_is_the_newest_with_a_value() -> None:
    window = PatientWindow()
    window.push(rate(1))
    window.push(Reading(BELT, HEART_RATE.code, 2000, float("nan"), 2, Absence.OFF_BODY))
    assert window.latest(HEART_RATE.code, 0, 5000) == rate(1)
    assert window.latest(SPO2.code, 0, 5000) is None


def test_coverage_is_what_came_of_what_was_expected() -> None:
    window = PatientWindow()
    for second in range(1, 31):
        window.push(rate(second))
        absence = Absence.NAN if second % 2 else Absence.PRESENT
        window.push(Reading(OXIMETER, SPO2.code, second * 1000, float("nan") if absence else 97.0, second, absence))
    covered = window.coverage(0, 60_000)
    assert covered["heart_rate"] == 0.5
    assert covered["spo2"] == 0.25
    assert covered["respiratory_rate"] == covered["rr_interval"] == 0.0


def test_two_wearables_that_say_the_same_metric_stand_in_one_order() -> None:
    window = PatientWindow()
    for second in (1, 3, 5):
        window.push(rate(second))
    for second in (2, 4):
        window.push(rate(second, wearable=OXIMETER))
    assert [r.at for r in window.between(HEART_RATE.code, 0, 9000)] == [1000, 2000, 3000, 4000, 5000]
    assert window.latest(HEART_RATE.code, 0, 4000) == rate(4, wearable=OXIMETER)
    assert window.latest(HEART_RATE.code, 0, 9000) == rate(5)
    window.push(Reading(OXIMETER, HEART_RATE.code, 6000, float("nan"), 6, Absence.NAN))
    assert window.latest(HEART_RATE.code, 5000, 9000) is None


def test_record_numbers_are_remembered_only_so_far_back() -> None:
    window = PatientWindow()
    for second in range(REMEMBERED_RECORDS + 1):
        window.push(rate(second))
    assert window.push(rate(0))
    assert not window.push(rate(REMEMBERED_RECORDS))
