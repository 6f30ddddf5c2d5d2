"""Ten thousand devices into one small machine: `make bench-ingest`; DEVICES= DURATION= RAMP=1 HOLD= SCALING=1 REPORT=.

One broker, one worker, one PostgreSQL, the watch that adds up and looks for rules, and the fleet share this machine. Each device is a gateway with a certificate, a TLS connection and
a wearable that measures three vitals a second; they go in batches of ten seconds, sealed. 200 have an ECG of 130 Hz beside it, and one
finding a second is sent. Latency counts from when a message was due to the arrival of its receipt, which is after its commit: an upper
bound. Afterwards rows are counted against what was made.

RAMP=1: traffic is raised until the 99th percentile passes 2 s; then rates are held for HOLD seconds (60), from the last calm one upwards,
until one passes it too. What a step sends was sealed before it; before the ramp each gateway sends another number of messages, at most 30,
as after outages of different lengths. SCALING=1: CPU of a
quarter and a half of the devices. The ceiling (bare binary COPY of prepared rows into the same table) and a plain bridge run at the end.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import copy_ceiling, data_plane, evidence, fleet_identities
from benchmarks.data_plane import DataPlane, cpu_seconds
from benchmarks.fleet_identities import Identities
from benchmarks.fleet_process import FleetPlan, FleetProcess
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter
from simulators.fleet_gateway import READINGS, SECONDS
from simulators.fleet_load import Load

CACHE = data_plane.ROOT / ".cache" / "fleet"
STRIPS, FINDINGS = 200, 1.0
KNEE_SECONDS = 2.0
STEP_SECONDS, FIRST_RATE, STEP, HOLD_STEP = 10.0, 2000.0, 1.25, 1.06
CONNECT_SECONDS, SETTLE_SECONDS = 400.0, 120.0
MOST_WAITED = 30
"""Messages, at most, that a gateway has waiting before the ramp: as many readings as an index's page has room for."""
BRIDGE_RATE, BRIDGE_SECONDS = 50.0, 8.0
SCALING_SECONDS = 40.0
GOALS = {
    "connections": (">=", 10_000.0),
    "lost": ("==", 0.0),
    "stored_twice": ("==", 0.0),
    "send_to_commit_p99_s": ("<", 1.0),
    "finding_p99_s": ("<", 0.3),
}
GOALS_OF_RAMP = {
    "held_values_per_s": (">=", 200_000.0),
    "of_copy_ceiling": (">=", 0.5),
    "worker_values_per_core_s": (">=", 1_000_000.0),
}
GOALS_OF_SCALING = {"cpu_twice_devices_low": ("<=", 2.1), "cpu_twice_devices_high": ("<=", 2.1)}


def tell(line: str) -> None:
    """Say how far it is, beside the report."""
    print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def p99(latencies: Sequence[tuple[float, float]]) -> float:
    """Return the 99th percentile of (arrival, seconds), infinite where there are none."""
    return float(np.percentile([seconds for _, seconds in latencies], 99)) if latencies else float("inf")


def balance(plane: DataPlane, fleet: FleetProcess) -> dict[str, float]:
    """Count what is stored against what was made. A reading is one value of one wearable's record, a strip one of its numbers."""
    made = fleet.made()
    readings = plane.scalar("select count(*) from reading")
    distinct = plane.scalar("select count(*) from (select distinct series_id, record from reading) as each")
    strips = plane.scalar("select count(*) from waveform")
    distinct_strips = plane.scalar("select count(*) from (select distinct series_id, first_sample from waveform) as each")
    return {
        "made_values": made.readings,
        "lost": made.readings - distinct + made.strips - distinct_strips,
        "stored_twice": readings - distinct + strips - distinct_strips,
    }


def sustained(plane: DataPlane, fleet: FleetProcess, devices: int, seconds: float) -> dict[str, float]:
    """Play everybody at 1 Hz."""
    before, mine = plane.cpu(), cpu_seconds(fleet.pid)
    tally = fleet.play(Load(devices / SECONDS, seconds, min(STRIPS, devices), FINDINGS))
    waiting = tally.sent - tally.receipted
    unreceipted = fleet.settle(SETTLE_SECONDS)
    tally = fleet.tally()
    used = {name: seconds_used - before[name] for name, seconds_used in plane.cpu().items()}
    latencies = [latency for _, latency in tally.latencies]
    return {
        "messages": tally.sent,
        "sent_again": tally.sent_again,
        "unreceipted": unreceipted,
        "queued_at_the_end": waiting,
        "send_to_commit_p50_s": round(float(np.percentile(latencies, 50)), 3),
        "send_to_commit_p99_s": round(p99(tally.latencies), 3),
        "finding_p50_s": round(float(np.percentile([latency for _, latency in tally.findings], 50)), 3),
        "finding_p99_s": round(p99(tally.findings), 3),
        "cpu_s": round(sum(used.values()), 1),
        **{f"{name}_us_per_message": round(cpu / tally.sent * 1e6, 1) for name, cpu in used.items()},
        "fleet_us_per_message": round((cpu_seconds(fleet.pid) - mine) / tally.sent * 1e6, 1),
    }


def knee(plane: DataPlane, fleet: FleetProcess, hold: float) -> dict[str, float]:
    """Raise the traffic until the 99th percentile passes 2 s; then hold rates for longer, from the last calm one on upwards.

    Upwards, since a rate that was too much leaves the database work behind that the next one would be judged by.
    """
    rate = good = calm = FIRST_RATE
    while True:
        fleet.seal(Load(rate, STEP_SECONDS, STRIPS, FINDINGS))
        tally = fleet.play_sealed()
        waiting = tally.sent - tally.receipted
        fleet.settle(SETTLE_SECONDS)
        worst = p99(fleet.tally().latencies)
        tell(f"{rate * READINGS:,.0f} values/s: p99 {worst:.2f} s, {waiting} messages on their way at the end")
        if worst > KNEE_SECONDS or waiting > rate * KNEE_SECONDS:
            break
        calm = rate if worst <= KNEE_SECONDS / 2 else calm
        good, rate = rate, rate * STEP
    found = {"knee_values_per_s": good * READINGS, "past_the_knee_p99_s": round(worst, 2)}
    figures = _hold(plane, fleet, calm, hold)
    while figures["held_p99_s"] <= KNEE_SECONDS:
        found |= figures
        calm *= HOLD_STEP
        figures = _hold(plane, fleet, calm, hold)
    return found | {"not_held_values_per_s": figures["held_values_per_s"], "not_held_p99_s": figures["held_p99_s"]}


def _hold(plane: DataPlane, fleet: FleetProcess, rate: float, seconds: float) -> dict[str, float]:
    fleet.seal(Load(rate, seconds, STRIPS, FINDINGS))
    before, mine, began = plane.cpu(), cpu_seconds(fleet.pid), time.monotonic()
    tally = fleet.play_sealed()
    took = time.monotonic() - began
    fleet.settle(SETTLE_SECONDS)
    tally = fleet.tally()
    used = {name: cpu - before[name] for name, cpu in plane.cpu().items()}
    values = tally.sent * READINGS
    tell(f"held {values / took:,.0f} values/s: p99 {p99(tally.latencies):.2f} s")
    return {
        "held_values_per_s": round(values / took),
        "held_p99_s": round(p99(tally.latencies), 3),
        "held_finding_p99_s": round(p99(tally.findings), 3),
        "values_per_core_s": round(values / (used["worker"] + used["database"])),
        "worker_values_per_core_s": round(values / used["worker"]),
        **{f"held_{name}_us_per_message": round(cpu / tally.sent * 1e6, 1) for name, cpu in used.items()},
        "held_fleet_us_per_message": round((cpu_seconds(fleet.pid) - mine) / tally.sent * 1e6, 1),
    }


def ceiling(plane: DataPlane, devices: int) -> float:
    """Return values a core-second of a bare COPY into the same table, with nobody else at work in the database."""
    plane.processes.stop("worker", "watch")
    found = copy_ceiling.measure(
        plane.database.owner, plane.processes.pids()["database"], devices * 3, int(time.time() * 1000), max(10, devices * 4 // 500)
    )
    plane.start_worker()
    return found.per_core_second


def bridge(plane: DataPlane, fleet: FleetProcess) -> float:
    """Return the most values a second that a plain bridge stores: it is offered twice as much until it falls behind."""
    best, offered = 0.0, BRIDGE_RATE
    with plane.plain_bridge():
        while True:
            first = plane.scalar("select count(*) from plain_reading")
            fleet.begin("shout", offered, BRIDGE_SECONDS)
            time.sleep(BRIDGE_SECONDS)
            rate = (plane.scalar("select count(*) from plain_reading") - first) / BRIDGE_SECONDS
            fleet.answer()
            tell(f"plain bridge: offered {offered * READINGS:,.0f}, stored {rate:,.0f} values/s")
            best, offered = max(best, rate), offered * 2
            if rate < 0.45 * offered * READINGS:
                return best


def run(identities: Identities, seconds: float, hold: float, *, ramp: bool) -> dict[str, float]:
    """Measure one fleet; return the figures."""
    devices = len(identities.gateways)
    with data_plane.running(identities, tell) as plane:
        start = int(time.time() * 1000)
        with FleetProcess(FleetPlan(identities.gateways, plane.broker.port, identities.root, plane.ingest_key, start)) as fleet:
            began = time.monotonic()
            fleet.connect(CONNECT_SECONDS)
            tell(f"{devices} gateways connected in {time.monotonic() - began:.0f} s")
            figures = {"connections": float(devices), **sustained(plane, fleet, devices, seconds)}
            tell(f"sustained: p99 {figures['send_to_commit_p99_s']} s, findings {figures['finding_p99_s']} s")
            if ramp:
                tally = fleet.catch_up(FIRST_RATE, MOST_WAITED)
                fleet.settle(SETTLE_SECONDS)
                tell(f"{tally.sent} messages that had waited came in: no two gateways are of one age")
                figures |= knee(plane, fleet, hold)
            figures |= balance(plane, fleet)
            copied = ceiling(plane, devices)
            figures["copy_ceiling_values_per_core_s"] = round(copied)
            if "values_per_core_s" in figures:
                figures["of_copy_ceiling"] = round(figures["values_per_core_s"] / copied, 3)
            figures["bridge_values_per_s"] = round(bridge(plane, fleet))
            if "held_values_per_s" in figures:
                figures["times_the_bridge"] = round(figures["held_values_per_s"] / figures["bridge_values_per_s"], 1)
            return figures


def scaling(identities: Identities) -> dict[str, float]:
    """Return how much more CPU twice the devices cost, broker, worker and database counted."""
    devices = len(identities.gateways)
    used: list[float] = []
    for part in (4, 2, 1):
        some = Identities(identities.authority, identities.root, identities.gateways[: devices // part])
        with data_plane.running(some, tell) as plane:
            start = int(time.time() * 1000)
            with FleetProcess(FleetPlan(some.gateways, plane.broker.port, some.root, plane.ingest_key, start)) as fleet:
                fleet.connect(CONNECT_SECONDS)
                used.append(sustained(plane, fleet, devices // part, SCALING_SECONDS)["cpu_s"])
                tell(f"{devices // part} devices: {used[-1]} s of CPU in {SCALING_SECONDS:g} s")
    return {
        "cpu_s_quarter": used[0],
        "cpu_s_half": used[1],
        "cpu_s_all": used[2],
        "cpu_twice_devices_low": round(used[1] / used[0], 2),
        "cpu_twice_devices_high": round(used[2] / used[1], 2),
    }


def main() -> int:
    """Print the report; 1 when a goal is missed, 2 where it cannot be measured."""
    devices, seconds = int(os.environ.get("DEVICES") or "10000"), float(os.environ.get("DURATION") or "120")
    ramp, scale = os.environ.get("RAMP") == "1", os.environ.get("SCALING") == "1"
    cache = Path(os.environ.get("IDENTITIES") or CACHE)
    goals = {**GOALS, "connections": (">=", float(devices)), **(GOALS_OF_RAMP if ramp else {}), **(GOALS_OF_SCALING if scale else {})}
    try:
        identities = fleet_identities.keep(cache, devices, tell)
        figures = run(identities, seconds, float(os.environ.get("HOLD") or "60"), ramp=ramp)
        if scale:
            figures |= scaling(identities)
    except (ProgramMissing, MayNotEnter) as missing:
        print(missing, file=sys.stderr)
        return 2
    context = {
        "devices": devices,
        "seconds": seconds,
        "machine_shared_with": "the fleet itself: its CPU is in fleet_us_per_message",
        "sealing": "in the fleet: while it plays at 1 Hz, before each step of the ramp; bodies are encoded once a wearable, their columns anew",
        "latency": "from when a message was due to the arrival of its receipt",
    }
    return evidence.report(figures, goals, context)


if __name__ == "__main__":
    sys.exit(main())
