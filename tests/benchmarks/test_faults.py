"""One of each fault, and a report that can fail: a fleet plays through real TLS into real processes, and everything is counted."""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import data_plane, faults, fleet_identities
from benchmarks.data_plane import DataPlane
from benchmarks.fleet_process import FleetPlan, FleetProcess
from benchmarks.ingest import balance
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter
from simulators.fleet_load import Load

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def plane() -> Iterator[tuple[DataPlane, FleetProcess]]:
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    try:
        identities = fleet_identities.keep(folder / "fleet", 20, lambda _: None)
        with data_plane.running(identities, lambda _: None) as running:
            start = int(time.time() * 1000) - 3_600_000
            with FleetProcess(FleetPlan(identities.gateways, running.broker.port, identities.root, running.ingest_key, start)) as fleet:
                fleet.connect(60)
                yield running, fleet
    except (ProgramMissing, MayNotEnter) as missing:
        pytest.skip(str(missing))
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("kind", faults.KINDS)
def test_nothing_is_lost_and_nothing_is_stored_twice(plane: tuple[DataPlane, FleetProcess], kind: str) -> None:
    running, fleet = plane
    before = running.scalar("select count(*) from reading")
    faults.single(running, fleet, kind, off_seconds=4.0)
    assert fleet.settle(60) == 0
    counted = balance(running, fleet)
    assert (counted["lost"], counted["stored_twice"]) == (0, 0)
    assert running.scalar("select count(*) from reading") > before


def test_nothing_is_lost_by_kills_at_random(plane: tuple[DataPlane, FleetProcess]) -> None:
    running, fleet = plane
    faults.random_kills(running, fleet, 2, random.Random(4))
    assert fleet.settle(60) == 0
    counted = balance(running, fleet)
    assert (counted["lost"], counted["stored_twice"]) == (0, 0)


def test_what_was_sealed_ahead_is_sent_when_it_is_due_and_stored(plane: tuple[DataPlane, FleetProcess]) -> None:
    running, fleet = plane
    fleet.seal(Load(rate=30.0, seconds=2.0, strips=2, findings=1.0))
    tally = fleet.play_sealed()
    assert tally.sent == 60 + 2
    assert fleet.settle(60) == 0
    assert min(latency for _, latency in fleet.tally().latencies) > 0
    counted = balance(running, fleet)
    assert (counted["lost"], counted["stored_twice"]) == (0, 0)
    assert fleet.play_sealed().sent == 0, "the pool is empty"


def test_a_row_that_is_gone_or_there_twice_is_counted(plane: tuple[DataPlane, FleetProcess]) -> None:
    running, fleet = plane
    running.scalar(
        "with gone as (delete from reading where (series_id, record) = (select series_id, record from reading limit 1) returning 1) select count(*) from gone"
    )
    running.scalar(
        "with more as (insert into reading select * from reading order by series_id, at limit 2 returning 1) select count(*) from more"
    )
    counted = balance(running, fleet)
    assert (counted["lost"], counted["stored_twice"]) == (1, 2)


def test_trials_are_dealt_to_the_parts_and_none_is_left_out() -> None:
    parts = [list(faults.trials(20, 200, (part, 3))) for part in (1, 2, 3)]
    everything = sorted((trial for part in parts for trial in part), key=lambda trial: trial.number)
    assert [trial.number for trial in everything] == list(range(80))
    assert [trial.kind for trial in everything].count(faults.RANDOM_KILLS) * faults.KILLS_A_TRIAL == 200
