"""What one home's gateway costs: `make bench-gateway`; DURATION= REPORT=.

Twenty wearables on a virtual radio (five belts and five oximeters at 1 Hz, six thermometers, four ECG patches at 125 Hz) and everything
behind them: sealing, fsync, models, broker, worker, database. The gateway's CPU, memory, writes and delays are its own process's; what was
produced is counted against what is stored. Afterwards a bare loop of bleak and paho takes the gateway's place at the same wearables.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen
from uuid import UUID, uuid4

import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import evidence
from benchmarks.ingest import tell
from deploy.local import balance, journal, people
from deploy.local.people import CLINICS, Device, Home
from deploy.local.processes import Program
from deploy.local.rows import Rows
from deploy.local.site import ROOT, Plan, Site, running
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter
from provisioning import secret_files

WEARABLES = {"heart_rate_belt": 5, "pulse_oximeter": 5, "thermometer": 6, "ecg_patch": 4}
WARM_SECONDS, BARE_SECONDS, CONNECT_SECONDS, SETTLE_SECONDS = 10.0, 30.0, 120.0, 60.0
DAY_SECONDS = 86_400.0
FOLD_SECONDS = 10.0
"""As a gateway has it where nobody sets it."""
GOALS = {
    "lost": ("==", 0.0),
    "stored_twice": ("==", 0.0),
    "start_s": ("<", 3.0),
    "cpu_of_a_core": ("<", 0.12),
    "resident_mb": ("<", 130.0),
    "durable_p99_s": ("<", 0.05),
    "judged_p99_s": ("<", 0.25),
    "times_bare": ("<=", 4.0),
}


def home() -> Home:
    """Return a home with all the wearables."""
    kinds = [kind for kind, count in WEARABLES.items() for _ in range(count)]
    worn = tuple(Device(str(uuid4()), kind, f"C0:11:22:33:77:{n:02X}", f"W {n}") for n, kind in enumerate(kinds, 1))
    return Home(1, str(uuid4()), "Demo Alder", "1950-01-01", str(uuid4()), worn)


class Meters:
    """One reading of the gateway's meters. buckets: histogram -> [(upper bound, s; how many up to it)]."""

    def __init__(self, port: int) -> None:
        self.spooled = 0.0
        self.buckets: dict[str, list[tuple[float, float]]] = {}
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            for family in text_string_to_metric_families(answer.read().decode()):
                for sample in family.samples:
                    if sample.name == "mediassist_gateway_spooled_total":
                        self.spooled = sample.value
                    elif sample.name.endswith("_bucket"):
                        self.buckets.setdefault(family.name, []).append((float(sample.labels["le"]), sample.value))

    def p99_since(self, before: "Meters", name: str) -> float:
        """Return the 99th percentile of what was observed since, an upper bound: the end of its bucket."""
        counts = [(bound, count - earlier) for (bound, count), (_, earlier) in zip(self.buckets[name], before.buckets[name], strict=True)]
        wanted = 0.99 * counts[-1][1]
        return next(bound for bound, count in counts if count >= wanted)


def wait_for(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it was not within that time.
    """
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.2)


def gateway_costs(site: Site, seconds: float) -> dict[str, float]:
    """Measure the gateway while all wearables are heard."""
    [household] = site.households
    _all_heard(site)
    time.sleep(WARM_SECONDS)
    process = psutil.Process(site.processes.pids()[household.name])
    started = _recovered_at(site.processes.log(household.name)) - process.create_time()
    before, cpu, wrote, began = Meters(household.metrics_port), _cpu(process), process.io_counters().write_bytes, time.monotonic()
    time.sleep(seconds)
    after, took = Meters(household.metrics_port), time.monotonic() - began
    used, records = _cpu(process) - cpu, after.spooled - before.spooled
    return {
        "start_s": round(started, 2),
        "records_per_s": round(records / took, 1),
        "cpu_of_a_core": round(used / took, 4),
        "cpu_us_per_record": round(used / records * 1e6, 1),
        "resident_mb": round(process.memory_info().rss / 1e6, 1),
        "durable_p99_s": after.p99_since(before, "mediassist_gateway_durable_seconds"),
        "judged_p99_s": after.p99_since(before, "mediassist_gateway_judged_seconds"),
        "flash_mb_per_day": round((process.io_counters().write_bytes - wrote) / took * DAY_SECONDS / 1e6, 1),
    }


def _all_heard(site: Site) -> None:
    wait_for(lambda: len({r.wearable for r in journal.read(*site.journals)}) == sum(WEARABLES.values()), CONNECT_SECONDS, "all are heard")


def _recovered_at(log: str) -> float:
    """Return when the gateway said that it had picked up what was left, Unix seconds."""
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    return next(datetime.fromisoformat(line["timestamp"]).timestamp() for line in lines if line["event"] == "line.recovered")


def bare_costs(site: Site) -> dict[str, float]:
    """Measure a bare loop in the gateway's place, with nobody behind the broker."""
    [household] = site.households
    bus = household.bus
    assert bus is not None
    _all_heard(site)  # a gateway that is stopped while it connects leaves links up that nobody finds
    site.processes.stop(household.name, "worker")
    environment = {
        "PYTHONPATH": str(ROOT),
        "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
        "BARE_ADDRESSES": ",".join(device.address for device in household.home.wearables),
        "BARE_GATEWAY": UUID(household.home.gateway).hex,
        "BARE_IDENTITY": str(household.folder / "identity"),
        "BARE_PORT": str(site.broker.port),
    }

    def said() -> list[str]:
        return site.processes.log("bare").splitlines()

    command = (sys.executable, "-m", "benchmarks.bare_gateway")
    site.processes.start(Program("bare", command, environment, lambda: "ready" in said(), folder=ROOT), seconds=CONNECT_SECONDS)
    time.sleep(WARM_SECONDS)
    process = psutil.Process(site.processes.pids()["bare"])

    def count() -> int:
        told = len(said())
        site.processes.signal("bare", signal.SIGUSR1)
        wait_for(lambda: len(said()) > told, 10, "the bare loop says its count")
        return int(said()[-1].split()[1])

    records, cpu = count(), _cpu(process)
    time.sleep(BARE_SECONDS)
    used, records = _cpu(process) - cpu, count() - records
    figures = {"bare_cpu_us_per_record": round(used / records * 1e6, 1), "bare_resident_mb": round(process.memory_info().rss / 1e6, 1)}
    site.processes.stop("bare")
    return figures


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def counted(site: Site) -> dict[str, float]:
    """Stop measuring, wait until nothing is missing, and count."""
    site.stop_measuring()
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        produced = journal.read(*site.journals)
        sessions = {(record.wearable, record.session) for record in produced}
        rows = Rows(site.database.owner, CLINICS)
        parts = balance.of_readings(produced, rows.readings(sessions)), balance.of_samples(produced, rows.samples(sessions))
        lost, twice = (sum(getattr(part, what) for part in parts) for what in ("lost", "duplicated"))
        if not lost or time.monotonic() > deadline:
            return {"values_and_samples": sum(part.produced for part in parts), "lost": lost, "stored_twice": twice}
        time.sleep(0.5)


def measure(folder: Path, seconds: float) -> dict[str, float]:
    """Run one home twice: with the gateway, and with a bare loop."""
    state = folder / "state"
    secret_files.make_folder(state)
    made = people.keep(state / "people.json", 1)
    secret_files.replace(state / "people.json", json.dumps({**asdict(made), "homes": [asdict(home())]}).encode())
    plan = Plan(state, ROOT / ".cache", 1, fold_seconds=FOLD_SECONDS)
    with running(plan, tell) as site:
        figures = gateway_costs(site, seconds)
        tell(f"gateway: {figures['cpu_us_per_record']} us a record")
        figures |= counted(site)
    with running(plan, tell) as site:
        figures |= bare_costs(site)
        tell(f"bare loop: {figures['bare_cpu_us_per_record']} us a record")
    return {**figures, "times_bare": round(figures["cpu_us_per_record"] / figures["bare_cpu_us_per_record"], 2)}


def main() -> int:
    """Print the report; 1 when a goal is missed, 2 where it cannot be measured."""
    seconds = float(os.environ.get("DURATION") or "120")
    with tempfile.TemporaryDirectory(prefix="mediassist-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        try:
            figures = measure(folder, seconds)
        except (ProgramMissing, MayNotEnter) as missing:
            print(missing, file=sys.stderr)
            return 2
    return evidence.report(figures, GOALS, {"seconds": seconds, "wearables": WEARABLES, "percentiles": "upper ends of buckets"})


if __name__ == "__main__":
    sys.exit(main())
