"""What faults cost at home: `make bench-faults OF=gateway`; PART=i/n TRIALS= REPORT=, and IN= for what is kept between runs.

Ten wearables on a virtual radio, at 1 and at 10 Hz each, with their gateway, broker, worker and database. Six faults, TRIALS (5) times
each: the broker is killed and stays away for 20 s; the gateway is killed while its links are up; every wearable drops its link at once;
the hub's power is cut, gateway and radio both; the broker stays away for 30 s and the hub's power is cut meanwhile; the radio's service
ends under a living gateway. After each, every
record that reached a subscribed gateway is looked for by its sequence number in the cloud's database. Trials are numbered; PART=i/n does
every n-th, and what an earlier run has done is not done again. Takes about half an hour for all of it.
"""

import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg

from benchmarks import evidence
from benchmarks.gateway import wait_for
from benchmarks.ingest import tell
from deploy.local import balance, journal, people, wearables
from deploy.local.people import CLINICS, Device, Home
from deploy.local.rows import Rows
from deploy.local.site import ROOT, Plan, Site, running
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter
from provisioning import secret_files

RATES = (1.0, 10.0)
KINDS = ("broker away", "gateway killed", "links dropped", "power cut", "power cut while the broker is away", "radio service killed")
WEARABLES = ("heart_rate_belt", "pulse_oximeter") * 5
BROKER_AWAY_SECONDS, BROKER_AWAY_LONGER_SECONDS = 20.0, 30.0
BEFORE_SECONDS, AFTER_SECONDS, LISTENED_SECONDS, SETTLE_SECONDS = 3.0, 3.0, 60.0, 120.0
GOALS = {"lost": ("==", 0.0), "stored_twice": ("==", 0.0), "invented": ("==", 0.0), "subscribed_again_s": ("<", 3.0)}
_SUBSCRIBED = re.compile(r"^(.+) is subscribed to at ([0-9.]+)$", re.MULTILINE)
_POWER_BACK = re.compile(r"^power is back at ([0-9.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """One numbered trial. rate: of each wearable, Hz."""

    number: int
    kind: str
    rate: float

    @property
    def name(self) -> str:
        """Return what it is kept under."""
        return f"{self.number} {self.kind} at {self.rate:g} Hz"


@dataclass(frozen=True, slots=True)
class Away:
    """How long a broker stays away, seconds: in its own fault, and around a power cut."""

    alone: float = BROKER_AWAY_SECONDS
    around: float = BROKER_AWAY_LONGER_SECONDS


def trials(each: int, part: tuple[int, int]) -> Iterator[Trial]:
    """Yield the trials of one part. part: (i, n) with 1 <= i <= n."""
    every = [(kind, rate) for rate in RATES for _ in range(each) for kind in KINDS]
    for number, (kind, rate) in enumerate(every):
        if number % part[1] == part[0] - 1:
            yield Trial(number, kind, rate)


def home(rate: float) -> Home:
    """Return a home with ten wearables that measure at `rate`, Hz."""
    worn = tuple(Device(str(uuid4()), kind, f"C0:11:22:33:88:{n:02X}", f"W {n}", rate) for n, kind in enumerate(WEARABLES, 1))
    return Home(1, str(uuid4()), "Demo Alder", "1950-01-01", str(uuid4()), worn)


def running_home(folder: Path, rate: float) -> Plan:
    """Write down one home of ten wearables, and return the plan that runs it."""
    state = folder / "state"
    secret_files.make_folder(state)
    made = people.keep(state / "people.json", 1)
    secret_files.replace(state / "people.json", json.dumps({**asdict(made), "homes": [asdict(home(rate))]}).encode())
    return Plan(state, ROOT / ".cache", 1)


def do(site: Site, kind: str, away: Away) -> float | None:
    """Do one fault; return how long after the link's return (or the restart) the last wearable was subscribed to again, None where none was lost."""
    began = time.time()
    match kind:
        case "broker away":
            _broker_away(site, away.alone)
            return None
        case "gateway killed":
            restarted = _kill_gateway(site)
            return _subscribed_again(site, began, lambda: restarted)
        case "links dropped":
            site.processes.signal(wearables.NAME, signal.SIGUSR1)
            return _subscribed_again(site, began, lambda: began)
        case "power cut":
            return _cut_power(site, began, _kill_gateway)
        case "radio service killed":
            return _cut_power(site, began, lambda _site: began)
        case _:
            restarts: list[float] = []
            _broker_away(site, away.around, lambda: restarts.append(_cut_power(site, began, _kill_gateway)))
            return restarts[0]


def _broker_away(site: Site, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
    back_at = time.monotonic() + seconds
    site.processes.signal("broker", signal.SIGKILL)
    site.processes.stop("broker")
    meanwhile()
    time.sleep(max(0.0, back_at - time.monotonic()))
    site.processes.start(site.broker.program, seconds=30)


def _kill_gateway(site: Site) -> float:
    """Kill it as nothing can be prepared for; return when it was started again, Unix seconds."""
    [household] = site.households
    starts = site.processes.starts(household.name)
    site.processes.signal(household.name, signal.SIGKILL)
    wait_for(lambda: site.processes.starts(household.name) > starts, LISTENED_SECONDS, "the gateway is started again")
    return psutil.Process(site.processes.pids()[household.name]).create_time()


def _cut_power(site: Site, began: float, and_of: Callable[[Site], float]) -> float:
    """Cut the radio's power, and that of something else. and_of: returns when that was there again, Unix seconds."""
    site.processes.signal(wearables.NAME, signal.SIGPWR)
    restarted = and_of(site)

    def back() -> list[float]:
        return [at for at in map(float, _POWER_BACK.findall(site.processes.log(wearables.NAME))) if at > began]

    wait_for(lambda: bool(back()), LISTENED_SECONDS, "the radio has its power again")
    return _subscribed_again(site, began, lambda: max(restarted, *back()))


def _subscribed_again(site: Site, began: float, since: Callable[[], float]) -> float:
    def times() -> dict[str, float]:
        told = ((name, float(at)) for name, at in _SUBSCRIBED.findall(site.processes.log(wearables.NAME)))
        return {name: at for name, at in told if at > began}

    wait_for(lambda: len(times()) == len(WEARABLES), LISTENED_SECONDS, "every wearable is subscribed to again")
    return max(times().values()) - since()


def counted(site: Site, upto: float, seconds: float = SETTLE_SECONDS) -> dict[str, float]:
    """Wait (at most so long) until nothing is missing of what was on the air by a moment, Unix seconds, and count.

    invented: stored and later than that moment, or never produced.
    """
    deadline = time.monotonic() + seconds
    while True:
        produced = [record for record in journal.read(*site.journals) if record.on_air <= upto]
        sessions = {(record.wearable, record.session) for record in produced}
        try:
            found = balance.of_readings(produced, Rows(site.database.owner, CLINICS).readings(sessions))
        except psycopg.OperationalError:
            found = None
        if found is not None and (not found.lost or time.monotonic() > deadline):
            return {
                "values": float(found.produced),
                "lost": float(found.lost),
                "stored_twice": float(found.duplicated),
                "invented": float(found.invented),
            }
        time.sleep(0.5)


def heard(site: Site) -> None:
    """Wait until every wearable is heard."""
    wait_for(lambda: len({r.wearable for r in journal.read(*site.journals)}) == len(WEARABLES), LISTENED_SECONDS, "all are heard")


def at_one_rate(todo: Iterable[Trial], rate: float, away: Away, keep: Callable[[Trial, dict[str, float]], None]) -> dict[str, float]:
    """Run one home and do trials in it, one after another on continuous streams; count after each, and everything at the end."""
    with tempfile.TemporaryDirectory(prefix="mediassist-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with running(running_home(folder, rate)) as site:
            heard(site)
            for trial in todo:
                time.sleep(BEFORE_SECONDS)
                again = do(site, trial.kind, away)
                time.sleep(AFTER_SECONDS)
                began = time.monotonic()
                found = counted(site, time.time())
                del found["invented"]
                if again is not None:
                    found["subscribed_again_s"] = round(again, 3)
                keep(trial, found)
                tell(f"{trial.name}: {found}; settled in {time.monotonic() - began:.0f} s")
            site.stop_measuring()
            time.sleep(AFTER_SECONDS)
            return counted(site, time.time())


def figures_of(done: dict[str, dict[str, float]], wholes: Iterable[dict[str, float]]) -> dict[str, float]:
    """Return the report's figures. done: by a trial's name; wholes: what was counted at the end of each home."""
    counts = {kind.replace(" ", "_"): float(sum(f" {kind} at " in name for name in done)) for kind in KINDS}
    everything = [*done.values(), *wholes]
    return {
        "values": sum(whole["values"] for whole in wholes),
        **{what: sum(found.get(what, 0.0) for found in everything) for what in ("lost", "stored_twice", "invented")},
        "subscribed_again_s": max((found.get("subscribed_again_s", 0.0) for found in done.values()), default=float("inf")),
        **counts,
    }


def main() -> int:
    """Print the report; 1 when a goal is missed, 2 where it cannot be measured."""
    first, _, of = (os.environ.get("PART") or "1/1").partition("/")
    kept = Path(os.environ.get("IN") or ROOT / ".cache" / "gateway-faults.json")
    done: dict[str, dict[str, float]] = json.loads(kept.read_text()) if kept.exists() else {}

    def keep(trial: Trial, found: dict[str, float]) -> None:
        done[trial.name] = found
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(done, indent=1) + "\n")

    todo = [trial for trial in trials(int(os.environ.get("TRIALS") or "5"), (int(first), int(of))) if trial.name not in done]
    wholes: list[dict[str, float]] = []
    try:
        for rate in RATES:
            here = [trial for trial in todo if trial.rate == rate]
            if here:
                wholes.append(at_one_rate(here, rate, Away(), keep))
    except (ProgramMissing, MayNotEnter) as missing:
        print(missing, file=sys.stderr)
        return 2
    context = {
        "wearables": len(WEARABLES),
        "rates_hz": RATES,
        "subscribed_again_s": "the worst of all wearables and trials, after the link's return or the gateway's restart, whichever was later",
        "values": "counted at the ends of the homes of this run alone",
    }
    return evidence.report(figures_of(done, wholes), GOALS, context)


if __name__ == "__main__":
    sys.exit(main())
