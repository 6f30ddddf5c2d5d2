"""Broker, database, worker and a fleet's people on this machine, for benchmarks: real processes, and what each of them costs."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks import plain_bridge
from benchmarks.fleet_identities import Identities
from deploy.local.broker import Broker
from deploy.local.cloud import WORKER, Cloud, cloud_in
from deploy.local.database import Database, open_database
from deploy.local.processes import Program, Supervisor
from provisioning import ingest_keys
from provisioning.certificates import certificate_id
from simulators.fleet_gateway import patient_of, wearable_of

ROOT = Path(__file__).resolve().parents[1]
ORGANISATIONS = 10
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class DataPlane:
    """A running data plane."""

    folder: Path
    processes: Supervisor
    database: Database
    broker: Broker
    cloud: Cloud
    ingest_key: bytes

    def scalar(self, statement: str, *arguments: object) -> int:
        """Return one number from the database, asked as its superuser."""
        with psycopg.connect(self.database.owner) as connection:
            connection.execute("set work_mem = '512MB'")
            connection.execute("analyze reading")  # of an empty table it would expect a handful of rows, and sort them by pairs
            row = connection.execute(statement.encode(), arguments).fetchone()
            assert row is not None
            return int(row[0] or 0)

    def cpu(self) -> dict[str, float]:
        """Return CPU seconds that each process, its children included, has used since it started."""
        return {name: cpu_seconds(pid) for name, pid in self.processes.pids().items()}

    def kill(self, name: str) -> None:
        """Kill a process as nothing can be prepared for, and wait until it is there again."""
        starts = self.processes.starts(name)
        self.processes.signal(name, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while self.processes.starts(name) == starts:
            time.sleep(0.05)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not started again")
        self.processes.wait(name, 60)

    def stop_database_for(self, seconds: float) -> None:
        """Stop the database, leave it stopped, and start it again."""
        assert self.database.embedded is not None
        self.processes.stop("database")
        time.sleep(seconds)
        self.processes.start(self.database.embedded.program, seconds=60)

    @contextmanager
    def plain_bridge(self) -> Generator[None]:
        """Have a plain bridge in the worker's place, with the worker's identity and a table of its own."""
        self.processes.stop("worker")
        with psycopg.connect(self.database.owner) as connection:
            connection.execute(plain_bridge.TABLE)
        ready = self.folder / "bridge.ready"
        ready.unlink(missing_ok=True)
        environment = {
            "PYTHONPATH": str(ROOT),
            "BRIDGE_IDENTITY": str(self.cloud.folder / "identity"),
            "BRIDGE_DATABASE_URL": self.database.owner,
            "BRIDGE_BROKER_PORT": str(self.broker.port),
            "BRIDGE_READY": str(ready),
        }
        command = (sys.executable, "-m", "benchmarks.plain_bridge")
        self.processes.start(Program("bridge", command, environment, ready.exists, restart=True, folder=ROOT), seconds=30)
        try:
            yield
        finally:
            self.processes.stop("bridge")
            self.start_worker()

    def start_worker(self) -> None:
        """Start the worker."""
        worker = self.cloud.worker(self.database.ingest, self.broker.port, {"PYTHONPATH": str(ROOT)})
        self.processes.start(replace(worker, folder=ROOT), seconds=30)


@contextmanager
def running(identities: Identities, tell: Callable[[str], None]) -> Generator[DataPlane]:
    """Start broker, database, worker and watch in a temporary folder with everybody planted; stop and remove them afterwards.

    Raises:
        ProgramMissing, MayNotEnter, ProcessFailed: it cannot run here; the message says what to do.
    """
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    database: Database | None = None
    try:
        with Supervisor(folder / "logs", tell) as processes:
            broker, cloud = Broker(folder / "broker", ROOT / ".cache"), cloud_in(folder)
            broker.prepare(identities.authority, (WORKER,))
            ingest_key = cloud.prepare(identities.authority)
            processes.start(broker.program, seconds=30)
            database = open_database(folder, None, processes)
            plant(database.owner, [gateway for gateway, _ in identities.gateways], [path for _, path in identities.gateways])
            plane = DataPlane(folder, processes, database, broker, cloud, ingest_keys.public_bytes(ingest_key))
            plane.start_worker()
            processes.start(replace(cloud.watch(database.watch, {"PYTHONPATH": str(ROOT)}), folder=ROOT), seconds=30)
            yield plane
    finally:
        if database is not None:
            database.forget()
        shutil.rmtree(folder, ignore_errors=True)


def plant(url: str, gateways: Sequence[UUID], identities: Sequence[Path]) -> None:
    """Bring a fleet's organisations, gateways, wearables and patients into the database."""
    now = datetime.now(UTC)
    with psycopg.connect(url) as connection:
        for number in range(1, ORGANISATIONS + 1):
            connection.execute("insert into organisation(id, name) values (%s, %s)", [number, f"Clinic {number}"])
        rows = [(gateway, number % ORGANISATIONS + 1) for number, gateway in enumerate(gateways)]
        cursor = connection.cursor()
        with cursor.copy("copy patient(id, organisation_id, name, born, zone) from stdin") as copy:
            for gateway, organisation in rows:
                copy.write_row((patient_of(gateway), organisation, f"Patient {gateway.hex[:8]}", "1950-01-01", "Europe/Berlin"))
        with cursor.copy("copy gateway(id, organisation_id, name) from stdin") as copy:
            for gateway, organisation in rows:
                copy.write_row((gateway, organisation, gateway.hex[:8]))
        with cursor.copy("copy gateway_certificate(id, gateway_id, organisation_id, certificate, issued_at) from stdin") as copy:
            for (gateway, organisation), identity in zip(rows, identities, strict=True):
                certificate = x509.load_pem_x509_certificate(identity.read_bytes())
                copy.write_row((certificate_id(certificate), gateway, organisation, certificate.public_bytes(Encoding.DER), now))
        with cursor.copy("copy wearable(id, organisation_id, gateway_id, patient_id, kind, address) from stdin") as copy:
            for gateway, organisation in rows:
                copy.write_row((wearable_of(gateway), organisation, gateway, patient_of(gateway), "belt", gateway.hex[:12]))
        connection.execute("analyze")


def cpu_seconds(pid: int) -> float:
    """Return CPU seconds of a process, of its children that run, and of those that have ended."""
    total = _own_cpu(pid)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = _fields(int(entry.name))
            except OSError:
                continue
            if int(fields[1]) == pid:
                total += _own_cpu(int(entry.name))
    return total


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _own_cpu(pid: int) -> float:
    try:
        fields = _fields(pid)
    except OSError:
        return 0.0
    return sum(int(number) for number in fields[11:15]) / _TICKS
