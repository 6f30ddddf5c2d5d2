"""A home is enrolled with a key made in its own folder, once; and it has a radio, with a bus or without."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local import homes, people
from provisioning import ingest_keys, order_key
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore

CACHE = Path(__file__).resolve().parents[2] / ".cache"


def test_a_gateway_is_enrolled_once_and_knows_its_household(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "authority", datetime.now(UTC))
    ingest = ingest_keys.generate(tmp_path / "keys").public
    signer = order_key.make(tmp_path / "keys").public
    home = people.keep(tmp_path / "people.json", 1).homes[0]
    [household] = homes.lay_out([home], tmp_path, CACHE, print, buses=True)
    certificate = household.enrol(authority, ingest, signer)
    assert household.enrol(authority, ingest, signer) == certificate
    assert json.loads((tmp_path / "authority" / "issued.jsonl").read_text().splitlines()[-1])["name"] == UUID(home.gateway).hex
    assert FileKeystore.open(household.folder / "identity").certificate_id
    assert ingest_keys.load_public((household.folder / "ingest" / "public.bin").read_bytes()).id == ingest.id
    assert (household.folder / "ingest" / "order.pub").read_bytes() == signer
    wearables = json.loads((household.folder / "household.json").read_text())["wearables"]
    assert [wearable["kind"] for wearable in wearables] == list(people.KINDS)
    assert {wearable["patient"] for wearable in wearables} == {home.patient}
    gone = {**wearables[0], "removed_at": 5}
    (household.folder / "household.json").write_text(json.dumps({"wearables": [gone, *wearables[1:]]}))
    household.enrol(authority, ingest, signer)
    kept = json.loads((household.folder / "household.json").read_text())["wearables"]
    assert gone in kept, "what a person removed stays removed"
    assert len(kept) == len(wearables)
    program = household.gateway(8883, {"MEDIASSIST_DEMO": "1"}, lambda _name: "")
    assert program.environment["GATEWAY_STATE"] == str(household.folder)
    assert program.restart
    if household.bus is None:
        pytest.skip("dbus-daemon is missing (Debian package dbus)")
    assert program.environment["DBUS_SYSTEM_BUS_ADDRESS"] == household.bus.address


def test_where_no_dbus_daemon_is_to_be_had_radios_are_in_process_and_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told: list[str] = []
    places = people.keep(tmp_path / "people.json", 3).homes
    households = homes.lay_out(places, tmp_path, tmp_path / "cache", told.append, buses=True)
    assert [(household.name, household.bus) for household in households] == [("home-1", None), ("home-2", None), ("home-3", None)]
    [line] = told
    assert "dbus-daemon is not installed" in line
