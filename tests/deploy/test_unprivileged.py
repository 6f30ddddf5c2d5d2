"""Servers that refuse root run as another user, on folders that it may enter."""

import os
from pathlib import Path

import pytest

from deploy.local import unprivileged

AS_ROOT = os.geteuid() == 0

ROOT_ONLY = pytest.mark.skipif(not AS_ROOT, reason="no root here: only root changes to another user")


@pytest.mark.skipif(AS_ROOT, reason="no ordinary user here: running as root")
def test_an_ordinary_user_stays_who_it_is() -> None:
    assert unprivileged.find_user("nobody") is None


@ROOT_ONLY
def test_root_becomes_somebody_who_exists() -> None:
    user = unprivileged.find_user("no-such-user")
    assert user
    assert user.uid != 0


@ROOT_ONLY
def test_the_closed_folder_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "deep").mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(unprivileged.MayNotEnter, match="chmod"):
        unprivileged.check_may_enter(closed / "deep", unprivileged.find_user())


def test_a_folder_given_away_is_its_owner_s_alone(tmp_path: Path) -> None:
    folder = unprivileged.give(tmp_path / "mine", None)
    assert folder.stat().st_mode & 0o777 == 0o700


@ROOT_ONLY
def test_where_the_user_may_not_enter_a_server_runs_masked_with_root_s_files(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    user = unprivileged.find_user(reach=(closed / "not yet there",))
    if user is None or not user.masked:
        pytest.skip("no user namespaces on this machine")
    unprivileged.check_may_enter(unprivileged.give(closed / "deep", user), user)
    assert unprivileged.run(["id", "-u"], user, closed).stdout.strip() == str(user.uid)
    assert unprivileged.run(["stat", "-c", "%u", "."], user, closed / "deep").stdout.strip() == str(user.uid), "its own folder"
