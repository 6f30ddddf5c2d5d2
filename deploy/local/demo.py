"""The demonstration, top to bottom: start everything, say where it is, watch it, and, when asked, report what it showed."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psycopg

from deploy.local import balance, journal, surroundings, wearables
from deploy.local.live_watch import LiveWatch
from deploy.local.people import CLINICS
from deploy.local.report import Run, balanced, report
from deploy.local.rows import Rows
from deploy.local.site import Plan, Site, running
from deploy.local.stage import Stages

_LOOK = 0.2
_HAND_OVER = 60.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for. duration: wall seconds of measuring, None until Ctrl-C; report: where to write it."""

    plan: Plan
    duration: float | None
    report: Path | None


class _Told(threading.Event):
    """Set once a person has said that it is enough. starting: an interruption must end what is being waited for."""

    starting = True

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        if self.is_set():
            return
        self.set()
        print(f"\n{signal.Signals(number).name}: stopping everything", file=sys.stderr, flush=True)
        if self.starting:
            raise KeyboardInterrupt


def show(wish: Wish) -> int:
    """Run a demonstration; return 0, or 1 if anything was lost, stored twice or invented."""
    stages = Stages()
    with _until_told() as told, running(wish.plan, stages.tell) as site, ExitStack() as watches:
        watching = [watches.enter_context(LiveWatch(site.cloud.address, login)) for login in site.logins]
        _say_where(site, stages)
        told.starting = False
        rows = Rows(site.database.owner, CLINICS)
        first_stored_at = _measure(site, rows, stages, wish.duration, told)
        if wish.report is None and wish.duration is None:
            stages.tell("stopping")
            return 0
        run = _settle(site, rows, stages, watching, first_stored_at)
        text = json.dumps(report(run, _context(site, rows, wish)), indent=1)
        if wish.report:
            wish.report.write_text(text + "\n")
            stages.tell(f"report in {wish.report}")
        _say_result(run, stages)
        return 0 if balanced(run) else 1


def _measure(site: Site, rows: Rows, stages: Stages, duration: float | None, told: threading.Event) -> float | None:
    """Watch until the time is over or a person says so; return when the first reading was seen in the database."""
    first: float | None = None
    end = time.time() + duration if duration is not None else None
    while not told.is_set() and (end is None or time.time() < end):
        site.processes.check()
        with suppress(psycopg.OperationalError):
            if first is None and rows.readings(_sessions(site)):
                first = time.time()
                stages.tell("first reading stored")
        told.wait(_LOOK)
    return first


def _settle(site: Site, rows: Rows, stages: Stages, watching: list[LiveWatch], first_stored_at: float | None) -> Run:
    """Stop measuring, wait until all is handed over (at most 60 s), and count."""
    memory = surroundings.resident(site.processes.pids())
    site.stop_measuring()
    stages.tell("measuring stopped; waiting until everything is stored")
    deadline = time.monotonic() + _HAND_OVER
    calm = 0
    while True:
        produced = journal.read(*site.journals)
        sessions = _sessions(site)
        readings = balance.of_readings(produced, rows.readings(sessions))
        samples = balance.of_samples(produced, rows.samples(sessions))
        calm = calm + 1 if readings.lost == samples.lost == 0 else 0
        if calm == 2 or time.monotonic() > deadline:
            break
        time.sleep(2 * _LOOK)
    return Run(
        started=stages.started,
        produced=produced,
        readings=readings,
        samples=samples,
        alerts=rows.alerts(sessions),
        seen={alert: at for watch in watching for alert, at in watch.seen.items()},
        first_stored_at=first_stored_at,
        memory=memory,
        starts={name: site.processes.starts(name) for name in site.processes.names()},
    )


def _sessions(site: Site) -> set[tuple[str, int]]:
    return {(record.wearable, record.session) for record in journal.read(*site.journals)}


def _context(site: Site, rows: Rows, wish: Wish) -> dict[str, object]:
    bus = site.households[0].bus
    programs = {"mosquitto": (site.broker.program, "-h")} | ({"dbus-daemon": (bus.program, "--version")} if bus else {})
    return {
        "patients": len(site.households),
        "recordings": [path.name for path in site.plan.records[: len(site.households)]],
        "radio": "bus" if bus else "in-process",
        "speed": site.plan.speed,
        "duration_s": wish.duration,
        "cores": os.cpu_count(),
        "memory": "proportional set size where the system tells it, else resident set size; the database with its children",
        "versions": rows.versions() | surroundings.versions(programs),
    }


def _say_where(site: Site, stages: Stages) -> None:
    stages.tell("everything runs")
    print(f"\n  open   {site.cloud.address}")
    for login in site.logins:
        print(f"  log in {login.email}  password {login.password}  ({CLINICS[login.organisation][0]})")
    at_home = site.households[0]
    print(f"  the home of {at_home.home.name}: {at_home.hub}  set-up code {at_home.code}")
    if at_home.bus:
        print(f"  a finger sensor that shows {wearables.PASSKEY} and a thermometer lie there: add them on that page")
    print("  stop   Ctrl-C\n", flush=True)


def _say_result(run: Run, stages: Stages) -> None:
    for what, part in (("readings", run.readings), ("waveform samples", run.samples)):
        stages.tell(
            f"{what}: {part.produced} produced, {part.stored} stored, "
            f"{part.lost} lost, {part.duplicated} duplicated, {part.invented} invented"
        )
    stages.tell(f"{len(run.alerts)} alerts")


@contextmanager
def _until_told() -> Generator[_Told]:
    """Turn Ctrl-C and SIGTERM into an event once everything runs; before, the first one interrupts the start. Later ones are let pass."""
    told = _Told()
    before = {number: signal.signal(number, told.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
