"""The demonstration's people stay who they are from run to run."""

import json
from pathlib import Path

from cloud.planting import read_clinics
from deploy.local import people


def test_a_second_run_meets_the_same_people(tmp_path: Path) -> None:
    first = people.keep(tmp_path / "people.json", 2)
    assert people.keep(tmp_path / "people.json", 2) == first
    more = people.keep(tmp_path / "people.json", 4)
    assert (more.logins, more.homes[:2]) == (first.logins, first.homes)
    assert people.keep(tmp_path / "people.json", 1).homes == first.homes[:1]
    assert len(people.keep(tmp_path / "people.json", 4).homes) == 4


def test_passwords_are_random_and_for_their_owner_alone(tmp_path: Path) -> None:
    one, two = (people.keep(tmp_path / name, 1) for name in ("one.json", "two.json"))
    assert not {login.password for login in one.logins} & {login.password for login in two.logins}
    assert (tmp_path / "one.json").stat().st_mode & 0o777 == 0o600


def test_both_clinics_have_patients_and_every_address_is_one_wearable_s(tmp_path: Path) -> None:
    everybody = people.keep(tmp_path / "people.json", people.MOST_PATIENTS)
    assert {home.organisation for home in everybody.homes[:2]} == set(people.CLINICS)
    addresses = [device.address for home in everybody.homes for device in home.wearables]
    assert len(set(addresses)) == len(addresses) == 4 * people.MOST_PATIENTS
    assert len({home.name for home in everybody.homes}) == people.MOST_PATIENTS


def test_the_description_can_be_planted(tmp_path: Path) -> None:
    everybody = people.keep(tmp_path / "people.json", 2)
    body = people.description(everybody, {home.gateway: "" for home in everybody.homes})
    body["gateways"] = []
    clinics = read_clinics(json.dumps(body))
    assert [(len(clinic.accounts), len(clinic.patients), len(clinic.wearables)) for clinic in clinics] == [(1, 1, 4), (1, 1, 4)]
