"""A real enrolment server: its process, its authority, and claims from the factory."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from cloud.enrolment.commands import keep
from provisioning.authority import Authority
from provisioning.claims import ClaimCode
from provisioning.factory_bench import make_labels
from tests.support.postgres import Addresses


def wall_clock() -> datetime:
    """Return the machine's time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class EnrolmentServer:
    """Where it answers, whom to believe, and the database behind it."""

    url: str
    root: Path
    authority: Authority
    database: Addresses

    async def claims(self, count: int = 1, life: timedelta = timedelta(days=1), made: datetime | None = None) -> list[ClaimCode]:
        """Make claims as the factory does; made: when, now if not said."""
        now = made or datetime.now(UTC)
        labels = make_labels(count, life, now)
        await keep(self.database.superuser, labels, now)
        return [label.code for label in labels]

    def rows(self, statement: str, values: list[object] | None = None) -> list[TupleRow]:
        """Ask the database as its superuser."""
        with psycopg.connect(self.database.superuser) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def history(self, claim: ClaimCode) -> list[str]:
        """Return what the audit says happened to a claim, in order."""
        return [str(row[0]) for row in self.rows("select what from enrolment_audit where claim = %s order by id", [claim.number])]


@contextmanager
def enrolment_server(database: Addresses, folder: Path, wrongs: int = 10) -> Iterator[EnrolmentServer]:
    """Run the process over a database until the block ends."""
    authority = Authority.make(folder / "authority", datetime.now(UTC) - timedelta(days=1))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    settings = {
        "ENROLMENT_DATABASE_URL": database.enrolment,
        "ENROLMENT_AUTHORITY": str(folder / "authority"),
        "ENROLMENT_IDENTITY": str(folder / "server"),
        "ENROLMENT_PORT": str(port),
        "ENROLMENT_WRONGS": str(wrongs),
    }
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "cloud.enrolment"], env={**os.environ, **settings}, stderr=out)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield EnrolmentServer(f"https://127.0.0.1:{port}", folder / "authority" / "root.pem", authority, database)
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
