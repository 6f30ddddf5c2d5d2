"""How often an address may fail."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cloud.access.brake import Brake

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_eleventh_attempt_in_five_minutes_waits() -> None:
    brake = Brake()
    assert [brake.attempt("a", "x@y", NOON + n * SECOND) for n in range(10)] == [0.0] * 10
    assert brake.attempt("a", "x@y", NOON + 60 * SECOND) == 240.0
    assert brake.attempt("a", "x@y", NOON + 300 * SECOND) == 0.0


def test_a_refused_attempt_does_not_prolong_the_wait() -> None:
    brake = Brake(attempts=1)
    brake.attempt("a", "x@y", NOON)
    assert brake.attempt("a", "x@y", NOON + 299 * SECOND) == 1.0
    assert brake.attempt("a", "x@y", NOON + 300 * SECOND) == 0.0


def test_another_address_or_account_is_not_held_up() -> None:
    brake = Brake(attempts=1)
    brake.attempt("a", "x@y", NOON)
    assert brake.attempt("b", "x@y", NOON) == 0.0
    assert brake.attempt("a", "z@y", NOON) == 0.0


def test_who_signed_in_starts_anew() -> None:
    brake = Brake(attempts=1)
    brake.attempt("a", "x@y", NOON)
    brake.release("a", "x@y")
    assert brake.attempt("a", "x@y", NOON) == 0.0


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 5)), max_size=60))
def test_memory_stays_bounded(attempts: list[tuple[str, int]]) -> None:
    brake = Brake(attempts=2, most_keys=3)
    for number, (address, account) in enumerate(attempts):
        brake.attempt(address, str(account), NOON + number * SECOND)
        assert len(brake._seen) <= 3
