"""What is missing, there twice, or never made, is found."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from deploy.local.balance import Balance, of_readings, of_samples
from deploy.local.journal import Produced

BELT = "b"
MADE = [Produced(BELT, (5 << 32) | number, 0.0, {"heart_rate": 1, "rr_interval": 2}) for number in range(3)]
WHOLE = {(BELT, record.record, metric): count for record in MADE for metric, count in record.values.items()}


def strip(first: int, samples: int) -> Produced:
    return Produced(BELT, (5 << 32) | first, 0.0, {}, first, samples, "ecg")


def test_everything_once_is_balanced() -> None:
    assert of_readings(MADE, WHOLE) == Balance(9, 9, 0, 0, 0)


def test_a_missing_row_is_lost() -> None:
    assert of_readings(MADE, {key: count for key, count in WHOLE.items() if key != (BELT, 5 << 32, "heart_rate")}) == Balance(9, 8, 1, 0, 0)


def test_one_of_two_intervals_missing_is_lost() -> None:
    assert of_readings(MADE, {**WHOLE, (BELT, 5 << 32, "rr_interval"): 1}) == Balance(9, 8, 1, 0, 0)


def test_a_second_row_is_a_duplicate() -> None:
    assert of_readings(MADE, {**WHOLE, (BELT, 5 << 32, "heart_rate"): 2}) == Balance(9, 10, 0, 1, 0)


def test_a_loss_does_not_hide_a_duplicate() -> None:
    stored = {**WHOLE, (BELT, 5 << 32, "heart_rate"): 0, (BELT, (5 << 32) | 1, "heart_rate"): 2}
    assert of_readings(MADE, stored) == Balance(9, 9, 1, 1, 0)


def test_a_row_of_no_record_is_invented() -> None:
    assert of_readings(MADE, {**WHOLE, (BELT, 77, "spo2"): 1}) == Balance(9, 10, 0, 0, 1)


def test_nothing_produced_and_nothing_stored_is_balanced() -> None:
    assert of_readings([], {}) == of_samples([], {}) == Balance(0, 0, 0, 0, 0)


def test_samples_may_be_stored_in_other_pieces() -> None:
    assert of_samples([strip(0, 50), strip(50, 50)], {(BELT, 5, "ecg"): [(0, 30), (30, 70)]}) == Balance(100, 100, 0, 0, 0)


def test_a_gap_between_pieces_is_lost() -> None:
    assert of_samples([strip(0, 100)], {(BELT, 5, "ecg"): [(0, 30), (40, 60)]}) == Balance(100, 90, 10, 0, 0)


def test_overlapping_pieces_are_duplicates() -> None:
    assert of_samples([strip(0, 100)], {(BELT, 5, "ecg"): [(0, 60), (50, 50)]}) == Balance(100, 110, 0, 10, 0)


def test_another_session_s_samples_do_not_stand_in() -> None:
    assert of_samples([strip(0, 100)], {(BELT, 6, "ecg"): [(0, 100)]}) == Balance(100, 100, 100, 0, 100)


def test_another_waveform_s_samples_do_not_stand_in() -> None:
    assert of_samples([strip(0, 100)], {(BELT, 5, "respiration"): [(0, 100)]}) == Balance(100, 100, 100, 0, 100)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=6),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=6),
)
def test_the_sweep_counts_as_sample_by_sample(made: list[tuple[int, int]], stored: list[tuple[int, int]]) -> None:
    wanted, there = (Counter(at for first, samples in pieces for at in range(first, first + samples)) for pieces in (made, stored))
    surplus = there - wanted
    assert of_samples([strip(*piece) for piece in made], {(BELT, 5, "ecg"): stored}) == Balance(
        wanted.total(),
        there.total(),
        (wanted - there).total(),
        sum(count for at, count in surplus.items() if at in wanted),
        sum(count for at, count in surplus.items() if at not in wanted),
    )
