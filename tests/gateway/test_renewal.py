"""When to renew, and which moment to believe."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gateway.renewal import EARLIER, NotNow, Validity, check_still_valid, due_at, is_due, moment_to_try

DAY = timedelta(days=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
OWN = Validity(NOW, NOW + 30 * DAY)
SERVER = Validity(NOW - 30 * DAY, NOW + 60 * DAY)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.floats(0, 1))
def test_a_certificate_is_due_from_two_thirds_of_its_life_spread_over_a_twelfth(dice: float) -> None:
    assert NOW + 20 * DAY <= due_at(OWN, dice) <= NOW + 22.5 * DAY
    assert not is_due(OWN, dice, NOW + 19 * DAY)
    assert is_due(OWN, dice, NOW + 23 * DAY)


def test_a_clock_before_the_certificate_is_wrong_and_asks_the_server() -> None:
    assert is_due(OWN, 0.5, LONG_AGO)


def test_a_right_clock_is_believed_whatever_the_server_says() -> None:
    assert moment_to_try(SERVER, NOW, LONG_AGO, NOW - 20 * DAY) == NOW
    assert moment_to_try(SERVER, NOW, LONG_AGO, None) == NOW


def test_a_clock_that_is_behind_tries_the_moment_that_the_server_says() -> None:
    assert moment_to_try(SERVER, LONG_AGO, LONG_AGO, NOW) == NOW


def test_what_is_known_to_be_over_stands_in_for_a_clock_that_is_behind() -> None:
    assert moment_to_try(SERVER, LONG_AGO, NOW, None) == NOW


@pytest.mark.parametrize("said", [None, NOW - 31 * DAY, NOW + 60 * DAY, datetime(2100, 1, 1, tzinfo=UTC)])
def test_what_does_not_fit_the_certificate_is_not_believed(said: datetime | None) -> None:
    with pytest.raises(NotNow, match="clock is behind"):
        moment_to_try(SERVER, LONG_AGO, LONG_AGO, said)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_a_certificate_that_is_over_is_never_accepted_and_the_moment_never_goes_back(
    clock: datetime, passed: datetime, said: datetime | None
) -> None:
    try:
        moment = moment_to_try(SERVER, clock, passed, said)
    except NotNow:
        return
    assert max(clock, passed) <= moment
    assert SERVER.since <= moment < SERVER.until


def test_our_own_new_certificate_tells_that_the_servers_had_ended() -> None:
    check_still_valid(SERVER, OWN)
    with pytest.raises(NotNow, match="not the server any more"):
        check_still_valid(Validity(NOW - 90 * DAY, NOW), Validity(NOW - EARLIER, NOW + 30 * DAY))
