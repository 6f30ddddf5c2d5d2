"""The wearables live in one process on radio buses, and in their homes' processes without."""

import json
from pathlib import Path

import pytest

from deploy.local import homes, people, recordings, wearables
from deploy.local.homes import Household
from deploy.local.processes import Supervisor
from simulators.plan import parse_plan

CACHE = Path(__file__).resolve().parents[2] / ".cache"


def calm(number: int) -> dict[str, object]:
    return recordings.source(number, [], "calm_day")


def two_homes(state: Path, *, buses: bool) -> tuple[Household, ...]:
    everybody = people.keep(state / "people.json", 2)
    households = homes.lay_out(everybody.homes, state, CACHE, print, buses=buses)
    for household in households:
        assert household.folder.is_dir()
    return households


def test_on_radio_buses_one_process_has_them_all_and_one_journal(tmp_path: Path) -> None:
    households = two_homes(tmp_path, buses=True)
    if any(household.bus is None for household in households):
        pytest.skip("dbus-daemon is missing (Debian package dbus)")
    [program] = wearables.prepare(households, tmp_path, calm, {"MEDIASSIST_DEMO": "1"}, Supervisor(tmp_path / "logs"))
    plan = parse_plan(Path(program.environment["SIMULATOR_PLAN"]).read_text())
    assert [home.bus for home in plan.homes] == [household.bus.address for household in households if household.bus]
    assert (plan.produced,) == wearables.journals(households, tmp_path)


def test_without_buses_each_home_has_its_own_and_the_last_runs_journals_are_forgotten(tmp_path: Path) -> None:
    households = two_homes(tmp_path, buses=False)
    journals = wearables.journals(households, tmp_path)
    for journal in journals:
        journal.write_text("of the last run\n")
    assert wearables.prepare(households, tmp_path, calm, {}, Supervisor(tmp_path / "logs")) == ()
    plans = [parse_plan(household.plan.read_text()) for household in households]
    assert tuple(plan.produced for plan in plans) == journals
    assert [str(plan.homes[0].patient) for plan in plans] == [household.home.patient for household in households]
    assert not any(journal.exists() for journal in journals)
    program = households[0].gateway(8883, {}, lambda _name: json.dumps("ready"))
    assert program.environment["SIMULATOR_PLAN"] == str(households[0].plan)
    assert "DBUS_SYSTEM_BUS_ADDRESS" not in program.environment
    assert not program.ready()
