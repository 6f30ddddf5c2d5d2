"""The whole system in a folder of its own, for journeys: real processes, real broker, real database; gone afterwards."""

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from deploy.local import balance, journal
from deploy.local.balance import Balance
from deploy.local.people import CLINICS, Login
from deploy.local.rows import Rows, Session, StoredAlert
from deploy.local.site import ROOT, Plan, Site, running
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter


@dataclass(frozen=True)
class Stack:
    """A running system. Names of processes: database, broker, worker, app, simulators, gateway-1.., bus-1.."""

    site: Site

    @property
    def app_url(self) -> str:
        return self.site.cloud.address

    @property
    def database_url(self) -> str:
        """As superuser."""
        return self.site.database.owner

    @property
    def logins(self) -> tuple[Login, ...]:
        return self.site.logins

    def kill_nine(self, name: str) -> None:
        """Kill a process as nothing can be prepared for, and wait until it is ready again."""
        starts = self.site.processes.starts(name)
        self.site.processes.signal(name, signal.SIGKILL)
        eventually(lambda: self.site.processes.starts(name) > starts, 30, f"{name} is started again")
        self.site.processes.wait(name, 30)

    def balance(self) -> tuple[Balance, Balance]:
        """Return the balance of readings, and of waveform samples, as it is now."""
        produced = journal.read(*self.site.journals)
        rows, sessions = self._rows, self._sessions
        return balance.of_readings(produced, rows.readings(sessions)), balance.of_samples(produced, rows.samples(sessions))

    def settle(self, seconds: float = 60) -> tuple[Balance, Balance]:
        """Stop measuring, wait until nothing is missing any more (or the time is over), and return the balance."""
        self.site.stop_measuring()
        deadline = time.monotonic() + seconds
        calm = 0
        while True:
            found = self.balance()
            calm = calm + 1 if not any(part.lost for part in found) else 0
            if calm == 3 or time.monotonic() > deadline:
                return found
            time.sleep(0.5)

    def stored_now(self) -> int:
        """Return how many readings are stored."""
        return self.balance()[0].stored

    def stored(self, at_least: int, seconds: float = 60) -> None:
        """Wait until there are that many readings."""

        def enough() -> bool:
            with suppress(psycopg.OperationalError):
                return self.stored_now() >= at_least
            return False

        eventually(enough, seconds, f"{at_least} readings are stored")

    def alerts(self) -> list[StoredAlert]:
        """Return the alerts of this run."""
        return self._rows.alerts(self._sessions)

    def log(self, name: str) -> str:
        """Return what a process wrote."""
        return self.site.processes.log(name)

    @property
    def _rows(self) -> Rows:
        return Rows(self.database_url, CLINICS)

    @property
    def _sessions(self) -> set[Session]:
        return {(record.wearable, record.session) for record in journal.read(*self.site.journals)}


@contextmanager
def whole_stack(
    patients: int = 2, speed: float = 1.0, records: list[Path] | None = None, fold_seconds: float = 1.0, story: str | None = None
) -> Generator[Stack]:
    """Run everything in a temporary folder on free ports; skips, naming what is missing, where a program is not to be had."""
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    plan = Plan(folder / "state", ROOT / ".cache", patients, records or [], speed, fold_seconds, story=story)
    try:
        with running(plan) as site:
            yield Stack(site)
    except (ProgramMissing, MayNotEnter) as missing:
        pytest.skip(str(missing))
    finally:
        shutil.rmtree(folder)


def eventually(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is true.

    Raises:
        AssertionError: it was not within that time.
    """
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
