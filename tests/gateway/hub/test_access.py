"""The set-up code: made once, typed as people type, and not to be guessed."""

import os
import stat
from pathlib import Path

import pytest

from edge.gateway.hub.access import ATTEMPTS, MOST_SESSIONS, SESSION_SECONDS, WINDOW_SECONDS, Access, TooOften, setup_code, spoken


class Door:
    """Access with time set by hand and secrets that count."""

    def __init__(self) -> None:
        self.seconds, self._made = 0.0, 0
        self.access = Access("ABCD2345", self._token, lambda: self.seconds)

    def _token(self) -> str:
        self._made += 1
        return f"secret {self._made}"


def test_a_code_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    code = setup_code(tmp_path / "hub", os.urandom)
    assert setup_code(tmp_path / "hub", os.urandom) == code
    assert len(code) == 8
    assert not set(code) & set("01ILOU")
    assert stat.S_IMODE((tmp_path / "hub" / "setup_code").stat().st_mode) == 0o600
    assert spoken("ABCD2345") == "ABCD-2345"


@pytest.mark.parametrize("typed", ["ABCD2345", "abcd-2345", " AbCd 2345 "])
def test_it_may_be_typed_as_people_type(typed: str) -> None:
    door = Door()
    assert door.access.session(door.access.sign_in(typed)) is not None


def test_five_wrong_codes_close_the_door_for_five_minutes_for_the_right_one_too() -> None:
    door = Door()
    for _ in range(ATTEMPTS):
        assert door.access.sign_in("AAAA-AAAA") is None
    with pytest.raises(TooOften, match="try again in 300 s"):
        door.access.sign_in("ABCD-2345")
    door.seconds += WINDOW_SECONDS
    assert door.access.sign_in("ABCD-2345") is not None


def test_a_session_ends_by_itself_or_when_it_is_closed() -> None:
    door = Door()
    secret, other = door.access.sign_in("ABCD2345"), door.access.sign_in("ABCD2345")
    door.access.sign_out(other)
    assert door.access.session(other) is None
    assert door.access.session("guess") is door.access.session(None) is None
    door.seconds += SESSION_SECONDS
    assert door.access.session(secret) is None


def test_only_so_many_browsers_stay_signed_in() -> None:
    door = Door()
    secrets = [door.access.sign_in("ABCD2345") for _ in range(MOST_SESSIONS + 1)]
    assert door.access.session(secrets[0]) is None
    assert door.access.session(secrets[1]) is not None
