"""A wearable that fails is called less and less often, and afresh only after its data has flowed a while."""

from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.reconnect_policy import LONGEST_WAIT_S, STEADY_S, Patience, data_came, link_ended, wait_s


def test_waits_double_up_to_the_longest():
    patience, waits = Patience(), []
    for turn in range(12):
        patience = link_ended(patience, float(turn))
        waits.append(wait_s(patience, 1.0))
    assert waits[:3] == [0.2, 0.4, 0.8]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S


def test_a_link_that_falls_soon_after_its_first_data_is_still_a_failure():
    patience = link_ended(link_ended(Patience(), 0.0), 1.0)
    assert link_ended(data_came(patience, 2.0), 3.0).failures == 3


def test_data_that_flowed_a_while_starts_patience_again():
    patience = link_ended(link_ended(Patience(), 0.0), 1.0)
    flowing = data_came(data_came(patience, 2.0), 9.0)
    assert link_ended(flowing, 2.0 + STEADY_S) == Patience()


@given(st.integers(0, 1000), st.floats(0, 1))
def test_dice_spread_the_upper_half_of_a_wait(failures, dice):
    patience = Patience(failures)
    assert wait_s(patience, 0.0) <= wait_s(patience, dice) <= wait_s(patience, 1.0) <= LONGEST_WAIT_S
    assert wait_s(patience, 0.0) == wait_s(patience, 1.0) / 2
