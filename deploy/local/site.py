"""Everything on this machine, running: database, broker, homes with their radios and gateways, worker, application, simulators.

Steps wait only for what they need: the database is made beside the authority, the broker and the buses.
"""

import asyncio
import fcntl
import json
import os
import signal
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cloud import planting
from cloud.access.passwords import Passwords
from deploy.local import homes, people, recordings, wearables
from deploy.local.broker import Broker
from deploy.local.cloud import WORKER, Cloud, cloud_in
from deploy.local.database import Database, open_database
from deploy.local.homes import Household
from deploy.local.people import Login, People
from deploy.local.processes import Program, Supervisor
from protocol.pace import Pace, write_pace
from provisioning.authority import Authority

ROOT = Path(__file__).resolve().parents[2]


class Taken(Exception):
    """The state folder is in use: the message says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. state: all that stays; cache: unpacked programs; records: what the patients replay; speed: 1..10; app_port: preferred, if free.

    buses: whether each home has a radio bus (where there is a dbus-daemon), or an in-process radio. story: what all patients live, None: each another.
    """

    state: Path
    cache: Path
    patients: int = 4
    records: list[Path] = field(default_factory=list[Path])
    speed: float = 1.0
    fold_seconds: float = 2.0
    database_url: str | None = None
    app_port: int | None = None
    buses: bool = True
    story: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A running demonstration."""

    plan: Plan
    pace: Pace
    processes: Supervisor
    database: Database
    broker: Broker
    cloud: Cloud
    people: People
    households: tuple[Household, ...]

    @property
    def journals(self) -> tuple[Path, ...]:
        """Return where the simulators' journals of this run are."""
        return wearables.journals(self.households, self.plan.state)

    @property
    def logins(self) -> tuple[Login, ...]:
        """Return the demonstration's log-ins."""
        return self.people.logins

    def stop_measuring(self) -> None:
        """Tell the simulated wearables to measure no more, and to hand over what they have."""
        for name in {household.name if household.bus is None else wearables.NAME for household in self.households}:
            self.processes.signal(name, signal.SIGUSR2)


@contextmanager
def running(plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Generator[Site]:
    """Start everything, yield it, and stop everything, whatever happens.

    Raises:
        Taken, ProgramMissing, MayNotEnter, ProcessFailed: it cannot run here; the message says what to do.
    """
    plan.state.mkdir(mode=0o711, parents=True, exist_ok=True)
    plan.state.chmod(0o711)
    with _alone_in(plan.state), Supervisor(plan.state / "logs", tell) as processes:
        households: tuple[Household, ...] = ()
        database: Database | None = None
        try:
            with ThreadPoolExecutor(1) as beside:
                future = beside.submit(open_database, plan.state, plan.database_url, processes)
                broker, cloud = Broker(plan.state / "broker", plan.cache), cloud_in(plan.state, plan.app_port)
                everybody = people.keep(plan.state / "people.json", plan.patients)
                households = homes.lay_out(everybody.homes, plan.state, plan.cache, tell, buses=plan.buses)
                certificates = _identities(plan, broker, cloud, households)
                tell(f"certificates issued: broker, worker, {len(households)} gateways")
                buses = [household.bus.program for household in households if household.bus]
                _start(processes, broker.program, *buses)
                tell(f"broker on port {broker.port}, {len(buses)} radio buses")
                pace = Pace(datetime.now(UTC), plan.speed)
                for program in wearables.prepare(
                    households,
                    plan.state,
                    lambda number: recordings.source(number, plan.records, plan.story),
                    _environment(pace),
                    processes,
                ):
                    processes.start(replace(program, folder=ROOT))
                database = future.result()
                tell("database ready")
            clinics = planting.read_clinics(json.dumps(people.description(everybody, certificates)))
            asyncio.run(planting.plant(database.owner, clinics, Passwords()))
            site = Site(plan, pace, processes, database, broker, cloud, everybody, households)
            _start_programs(site)
            tell(f"worker, application, {len(people.KINDS) * len(households)} wearables and {len(households)} gateways started")
            yield site
        finally:
            _stop(processes)
            for household in households:
                if household.bus:
                    household.bus.forget()
            if database:
                database.forget()


@contextmanager
def _alone_in(state: Path) -> Generator[None]:
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Taken(f"another demonstration runs in {state}: stop it, or set STATE to another folder") from error
        yield


def _identities(plan: Plan, broker: Broker, cloud: Cloud, households: tuple[Household, ...]) -> dict[str, str]:
    """Give everybody a certificate; return the gateways' (PEM)."""
    folder = plan.state / "authority"
    authority = Authority.open(folder) if (folder / "root.pem").exists() else Authority.make(folder, datetime.now(UTC))
    broker.prepare(authority, (WORKER,))
    ingest = cloud.prepare(authority)
    certificates: dict[str, str] = {}
    for household in households:
        if household.bus:
            household.bus.prepare()
        certificates[household.home.gateway] = household.enrol(authority, ingest, cloud.signer)
    return certificates


def _start_programs(site: Site) -> None:
    environment = _environment(site.pace)
    for_gateways = {**environment, "GATEWAY_FOLD_SECONDS": f"{site.plan.fold_seconds:g}"}
    programs = (
        site.cloud.worker(site.database.ingest, site.broker.port, environment),
        site.cloud.watch(site.database.watch, environment),
        site.cloud.app(site.database.app, environment),
        *(household.gateway(site.broker.port, for_gateways, site.processes.log) for household in site.households),
    )
    _start(site.processes, *(replace(program, folder=ROOT) for program in programs))
    if wearables.NAME in site.processes.names():
        site.processes.wait(wearables.NAME, 60)


def _environment(pace: Pace) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {"MEDIASSIST_DEMO": "1", "MEDIASSIST_PACE": write_pace(pace), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _start(processes: Supervisor, *programs: Program) -> None:
    """Start programs at once, then wait for each."""
    for program in programs:
        processes.start(program)
    for program in programs:
        processes.wait(program.name, 30)


def _stop(processes: Supervisor) -> None:
    """Stop gateways first, so that they hand over, and the database last."""
    started = processes.names()
    for tier in (("gateway-", "home-"), (wearables.NAME, "worker", "watch", "app"), ("broker", "bus-")):
        names = tuple(name for name in started if name.startswith(tier))
        if names:
            processes.stop(*names)
