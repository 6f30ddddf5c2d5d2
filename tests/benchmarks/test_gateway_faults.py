"""One of each fault at home, counted by sequence numbers in the cloud's database, and a count that can fail."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks import gateway_faults
from benchmarks.gateway_faults import KINDS, RATES, Away
from deploy.local.site import Site, running
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]
AWAY = Away(4.0, 6.0)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="mediassist-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        try:
            with running(gateway_faults.running_home(folder, 10.0)) as site:
                if any(household.bus is None for household in site.households):
                    pytest.skip("there is no radio bus without a dbus-daemon (Debian package dbus)")
                gateway_faults.heard(site)
                yield site
        except (ProgramMissing, MayNotEnter) as missing:
            pytest.skip(str(missing))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_nothing_stored_twice_and_every_wearable_subscribed_to_again(site: Site, kind: str) -> None:
    before = gateway_faults.counted(site, time.time(), 60)["values"]
    again = gateway_faults.do(site, kind, AWAY)
    assert (again is None) == (kind == "broker away")
    counted = gateway_faults.counted(site, time.time(), 60)
    assert (counted["lost"], counted["stored_twice"]) == (0, 0)
    assert counted["values"] > before


def test_at_the_end_all_that_is_stored_was_produced_and_a_row_that_is_gone_or_there_twice_is_counted(site: Site) -> None:
    site.stop_measuring()
    time.sleep(1)
    whole = gateway_faults.counted(site, time.time(), 60)
    assert (whole["lost"], whole["stored_twice"], whole["invented"]) == (0, 0, 0)
    with psycopg.connect(site.database.owner) as connection:
        chosen = "select ctid from reading order by record, series_id limit 1"
        copied = connection.execute(f"insert into reading select * from reading where ctid = ({chosen}) returning 1").fetchall()
        assert copied == [(1,)]
    assert gateway_faults.counted(site, time.time(), 0)["stored_twice"] == 1
    with psycopg.connect(site.database.owner) as connection:
        connection.execute(
            "delete from reading where (series_id, record) = (select series_id, record from reading order by record limit 1)"
        )
    assert gateway_faults.counted(site, time.time(), 0)["lost"] >= 1


def test_trials_are_numbered_once_over_all_parts_and_rates() -> None:
    whole = list(gateway_faults.trials(5, (1, 1)))
    parts = [trial for part in (1, 2, 3) for trial in gateway_faults.trials(5, (part, 3))]
    assert sorted(parts, key=lambda trial: trial.number) == whole
    assert len(whole) == 5 * len(KINDS) * len(RATES)
    assert len({trial.name for trial in whole}) == len(whole)


def test_a_report_adds_up_what_each_trial_found() -> None:
    done = {
        "0 broker away at 1 Hz": {"lost": 0.0, "stored_twice": 1.0},
        "1 gateway killed at 1 Hz": {"lost": 2.0, "subscribed_again_s": 1.5},
    }
    figures = gateway_faults.figures_of(done, [{"values": 9.0, "lost": 1.0, "stored_twice": 0.0, "invented": 4.0}])
    assert (figures["lost"], figures["stored_twice"], figures["invented"], figures["subscribed_again_s"]) == (3.0, 1.0, 4.0, 1.5)
    assert (figures["broker_away"], figures["gateway_killed"], figures["power_cut"]) == (1.0, 1.0, 0.0)
