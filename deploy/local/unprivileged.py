"""Which user runs what refuses to run as root, and may that user enter the folders it needs?"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict


class MayNotEnter(Exception):
    """A folder is closed to the user that must work in it: the message names the folder and the ways out."""


@dataclass(frozen=True, slots=True)
class User:
    """An existing account of this machine, never root.

    masked: a process takes the account's numbers inside a user namespace of its own, where it is not root, and keeps root's files.
    """

    name: str
    uid: int
    gid: int
    masked: bool = False


def find_user(*preferred: str, reach: Iterable[Path] = ()) -> User | None:
    """Return whom to run a server as: None (ourselves) unless we are root; then the first of `preferred` there is, else nobody.

    reach: where the server must get to. Where that account may not, its masked form is returned, if this machine has user namespaces.

    Raises:
        MayNotEnter: we are root and there is no such user.
    """
    if os.geteuid() != 0:
        return None
    for name in (*preferred, os.environ.get("SUDO_USER", ""), "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return _masked_if_it_must(User(name, found.pw_uid, found.pw_gid), reach)
    raise MayNotEnter("started as root, and there is no user 'nobody' to run the servers as: start as an ordinary user")


def _masked_if_it_must(user: User, reach: Iterable[Path]) -> User:
    there = [next(place for place in (path, *path.absolute().parents) if place.exists()) for path in reach]
    masked = replace(user, masked=True)
    if all(_reaches(path, user) for path in there) or not shutil.which("unshare"):
        return user
    return masked if run(["true"], masked, Path("/")).returncode == 0 else user


def command_of(command: Sequence[str], user: User | None) -> list[str]:
    """Return the command that runs `command` for `user`."""
    if user is None or not user.masked:
        return list(command)
    return ["unshare", "--user", f"--map-user={user.uid}", f"--map-group={user.gid}", "--", *command]


class Account(TypedDict, total=False):
    """The arguments of `subprocess` that change the account."""

    user: int
    group: int
    extra_groups: tuple[int, ...]


def account_of(user: User | None) -> Account:
    """Return the arguments that make `subprocess` start a command as `user`."""
    if user is None or user.masked:
        return Account()
    return Account(user=user.uid, group=user.gid, extra_groups=())


def run(command: list[str], user: User | None, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in `folder` as `user` (None: ourselves); the caller looks at its return code and what it said."""
    return subprocess.run(
        command_of(command, user),
        cwd=folder,
        **account_of(user),
        capture_output=True,
        text=True,
        check=False,
    )


def give(folder: Path, user: User | None) -> Path:
    """Make `folder` with mode 0700, owned by `user`; return it.

    Raises:
        MayNotEnter: the user cannot get there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if user and not user.masked:
        if folder.stat().st_uid != user.uid:
            os.chown(folder, user.uid, user.gid)
        check_may_enter(folder, user)
    return folder


def check_may_enter(path: Path, user: User | None) -> None:
    """Make sure that `user` reaches `path`.

    Raises:
        MayNotEnter: it does not; nothing has been changed.
    """
    if user is None or _reaches(path, user):
        return
    closed = next((parent for parent in reversed(path.absolute().parents) if not _reaches(parent, user)), path)
    raise MayNotEnter(
        f"started as root, so PostgreSQL and mosquitto run as {user.name!r}; that user may not enter {closed}. "
        f"Start as an ordinary user, or put the project into a folder that everybody may enter (chmod o+x {closed}), "
        "or set STATE to a folder elsewhere"
    )


def _reaches(path: Path, user: User) -> bool:
    return run(["test", "-x" if path.is_dir() else "-r", str(path)], user, Path("/")).returncode == 0
