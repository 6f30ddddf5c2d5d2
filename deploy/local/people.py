"""The demonstration's people: two clinics, a nurse each, patients named after trees, one home with four wearables a patient.

Made once with random ids and passwords, kept in one file of the state folder (mode 0600), and added to when more patients are wanted.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

from provisioning import secret_files

ZONE = "Europe/Vienna"
CLINICS = {1: ("North Clinic", "north"), 2: ("South Clinic", "south")}
MOST_PATIENTS = 64
KINDS = {"heart_rate_belt": "Belt", "pulse_oximeter": "Oximeter", "thermometer": "Thermometer", "ecg_patch": "Patch"}
_TREES = (
    "Alder",
    "Ash",
    "Birch",
    "Cedar",
    "Elm",
    "Fir",
    "Hazel",
    "Juniper",
    "Larch",
    "Maple",
    "Oak",
    "Rowan",
    "Spruce",
    "Walnut",
    "Willow",
    "Yew",
)
_ELDEST = date(1936, 3, 14)


@dataclass(frozen=True, slots=True)
class Login:
    """A nurse's log-in. password: random for this state folder."""

    organisation: int
    email: str
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Device:
    """A simulated wearable; id is a UUID in text, address a Bluetooth address. often: as in `simulators.plan`."""

    id: str
    kind: str
    address: str
    name: str
    often: float = 1.0


@dataclass(frozen=True, slots=True)
class Home:
    """A patient at home with a gateway. patient, gateway: UUIDs in text; born: ISO date."""

    organisation: int
    patient: str
    name: str
    born: str
    gateway: str
    wearables: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class People:
    """All of them."""

    logins: tuple[Login, ...]
    homes: tuple[Home, ...]


def keep(path: Path, count: int) -> People:
    """Return the people in a file with `count` homes (1..64), making what is not there yet."""
    people = _read(path) if path.exists() else People(_logins(), ())
    missing = range(len(people.homes), count)
    if missing:
        people = People(people.logins, (*people.homes, *(_home(number) for number in missing)))
        secret_files.replace(path, json.dumps(asdict(people), indent=1).encode())
    return People(people.logins, people.homes[:count])


def description(people: People, certificates: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    """Return what `cloud/planting.py` plants. certificates: gateway (UUID in text) -> its certificate in PEM."""
    homes = people.homes
    return {
        "organisations": [{"id": number, "name": name} for number, (name, _) in CLINICS.items()],
        "accounts": [{**asdict(login), "role": "nurse"} for login in people.logins],
        "patients": [
            {"id": home.patient, "organisation": home.organisation, "name": home.name, "born": home.born, "zone": ZONE} for home in homes
        ],
        "gateways": [
            {
                "id": home.gateway,
                "organisation": home.organisation,
                "name": f"Gateway of {home.name}",
                "certificate_pem": certificates[home.gateway],
            }
            for home in homes
        ],
        "wearables": [
            {
                "id": device.id,
                "organisation": home.organisation,
                "gateway": home.gateway,
                "patient": home.patient,
                "kind": device.kind,
                "address": device.address,
            }
            for home in homes
            for device in home.wearables
        ],
    }


def _logins() -> tuple[Login, ...]:
    return tuple(
        Login(number, f"nurse.{word}@demo.mediassist.example", f"Nurse {word.capitalize()}", secrets.token_urlsafe(12))
        for number, (_, word) in CLINICS.items()
    )


def _name(number: int) -> str:
    """Return a name that nobody bears: a tree's, and from the second round on a number."""
    turn, tree = divmod(number, len(_TREES))
    return f"Demo {_TREES[tree]}{f' {turn + 1}' if turn else ''}"


def _home(number: int) -> Home:
    return Home(
        organisation=1 + number % len(CLINICS),
        patient=str(uuid4()),
        name=_name(number),
        born=(_ELDEST + timedelta(days=431 * number)).isoformat(),
        gateway=str(uuid4()),
        wearables=tuple(
            Device(str(uuid4()), kind, f"C0:11:22:33:{number:02X}:{place:02X}", f"{name} {number + 1}")
            for place, (kind, name) in enumerate(KINDS.items(), 1)
        ),
    )


def _read(path: Path) -> People:
    body = cast("dict[str, list[dict[str, object]]]", json.loads(path.read_text()))
    return People(tuple(_login(item) for item in body["logins"]), tuple(_read_home(item) for item in body["homes"]))


def _login(item: dict[str, object]) -> Login:
    return Login(int(str(item["organisation"])), str(item["email"]), str(item["name"]), str(item["password"]))


def _read_home(item: dict[str, object]) -> Home:
    devices = cast("list[dict[str, str]]", item["wearables"])
    return Home(
        int(str(item["organisation"])),
        str(item["patient"]),
        str(item["name"]),
        str(item["born"]),
        str(item["gateway"]),
        tuple(
            Device(device["id"], device["kind"], device["address"], device["name"], float(device.get("often", 1.0))) for device in devices
        ),
    )
