"""The back-off of a message without a receipt."""

from hypothesis import given
from hypothesis import strategies as st

from edge.gateway.resend import JITTER, pause, pause_unheard


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_it_doubles_from_ten_seconds_to_ten_minutes_within_its_jitter(attempts: int, dice: float) -> None:
    expected = min(600.0, 10.0 * 2.0 ** min(attempts - 1, 10))
    assert (1 - JITTER) * expected - 1e-9 <= pause(attempts, 0, dice) <= (1 + JITTER) * expected + 1e-9


def test_the_cloud_may_ask_for_more() -> None:
    assert pause(1, 45.0, 0.5) == 45.0


@given(st.floats(0, 1))
def test_what_nobody_heard_comes_again_soon(dice: float) -> None:
    assert 2.0 <= pause_unheard(dice) <= 2.5
