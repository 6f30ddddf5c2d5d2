"""A home is enrolled with a key made in its own folder, once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local import homes, people
from deploy.local.system_programs import ProgramMissing
from provisioning import ingest_keys
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore

CACHE = Path(__file__).resolve().parents[2] / ".cache"


def test_a_gateway_is_enrolled_once_and_knows_its_household(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "authority", datetime.now(UTC))
    ingest = ingest_keys.generate(tmp_path / "keys").public
    home = people.keep(tmp_path / "people.json", 1).homes[0]
    try:
        household = homes.household(1, home, tmp_path, CACHE)
    except ProgramMissing as missing:
        pytest.skip(str(missing))
    certificate = household.enrol(authority, ingest)
    assert household.enrol(authority, ingest) == certificate
    assert json.loads((tmp_path / "authority" / "issued.jsonl").read_text())["name"] == UUID(home.gateway).hex
    assert FileKeystore.open(household.folder / "identity").certificate_id
    assert ingest_keys.load_public((household.folder / "ingest" / "public.bin").read_bytes()).id == ingest.id
    wearables = json.loads((household.folder / "household.json").read_text())["wearables"]
    assert [wearable["kind"] for wearable in wearables] == list(people.KINDS)
    assert {wearable["patient"] for wearable in wearables} == {home.patient}
    program = household.gateway(8883, {"MEDIASSIST_DEMO": "1"})
    assert program.environment["DBUS_SYSTEM_BUS_ADDRESS"] == household.bus.address
    assert program.restart
