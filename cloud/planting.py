"""Plant organisations with their people and devices from one JSON description; planting again changes nothing.

The form, every list may be absent:
{"organisations": [{"id": 1, "name": "North Clinic"}],
 "accounts": [{"organisation": 1, "email": "..", "name": "..", "role": "nurse", "password": ".."}],
 "patients": [{"id": "<uuid>", "organisation": 1, "name": "..", "born": "1950-01-31", "zone": "Europe/Vienna"}],
 "gateways": [{"id": "<uuid>", "organisation": 1, "name": "..", "certificate_pem": "-----BEGIN CERTIFICATE-----.."}],
 "wearables": [{"id": "<uuid>", "organisation": 1, "gateway": "<uuid>", "patient": "<uuid>", "kind": "ecg_patch", "address": ".."}]}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar, cast
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.access import repository as access
from cloud.access.account import Account, Organisation, Role
from cloud.access.passwords import Passwords
from cloud.database import Connection, enter_organisation, single_connection
from cloud.devices import repository as devices
from cloud.devices.repository import Certificate, Wearable
from cloud.migrate import owning
from cloud.patients import repository as patients
from cloud.patients.repository import PatientRow
from provisioning.certificates import certificate_id

Value = TypeVar("Value")


class NotPlantable(Exception):
    """The description is not of the stated form: the message names the place."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account and the password it begins with."""

    account: Account
    password: str


@dataclass(frozen=True, slots=True)
class NewGateway:
    """A gateway and the certificate it was issued."""

    id: UUID
    name: str
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Clinic:
    """One organisation and all that belongs to it."""

    organisation: Organisation
    accounts: tuple[NewAccount, ...]
    patients: tuple[PatientRow, ...]
    gateways: tuple[NewGateway, ...]
    wearables: tuple[Wearable, ...]


def read_clinics(text: str) -> list[Clinic]:
    """Read a description.

    Raises:
        NotPlantable: it is not JSON of the stated form, or names an organisation that it does not list.
    """
    try:
        body: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotPlantable(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise NotPlantable("the description is not an object")
    lists = cast("dict[str, object]", body)
    organisations = [Organisation(_of(item, "id", int), _of(item, "name", str)) for item in _items(lists, "organisations")]
    known = {organisation.id for organisation in organisations}
    for name in ("accounts", "patients", "gateways", "wearables"):
        for item in _items(lists, name):
            if _of(item, "organisation", int) not in known:
                raise NotPlantable(f"{name}: organisation {item['organisation']} is not listed")
    try:
        return [_clinic(lists, organisation) for organisation in organisations]
    except ValueError as error:
        raise NotPlantable(str(error)) from error


async def plant(url: str, clinics: list[Clinic], passwords: Passwords) -> None:
    """Bring every clinic into the database, each in one transaction, as mediassist_owner.

    Raises:
        LookupError: an e-mail address belongs to an account of another organisation.
        MigrationRefused: the database has no tables yet.
        Rejected: the server is away, or this login may not be mediassist_owner.
    """
    async with single_connection(url) as connection, owning(connection):
        for clinic in clinics:
            async with connection.transaction():
                await enter_organisation(connection, clinic.organisation.id)
                await _plant_one(connection, clinic, passwords)


async def _plant_one(connection: Connection, clinic: Clinic, passwords: Passwords) -> None:
    organisation = clinic.organisation.id
    await access.add_organisation(connection, clinic.organisation)
    for new in clinic.accounts:
        await access.add_account(connection, new.account, passwords.hash(new.password))
    for patient in clinic.patients:
        await patients.add_patient(connection, organisation, patient)
    for gateway in clinic.gateways:
        await devices.adopt_gateway(connection, organisation, gateway.id, gateway.name)
        await devices.add_certificate(connection, organisation, gateway.certificate)
    for wearable in clinic.wearables:
        await devices.adopt_wearable(connection, organisation, wearable)


def _clinic(lists: Mapping[str, object], organisation: Organisation) -> Clinic:
    def mine(name: str) -> list[Mapping[str, object]]:
        return [item for item in _items(lists, name) if item["organisation"] == organisation.id]

    return Clinic(
        organisation,
        tuple(
            NewAccount(
                Account(uuid4(), _of(item, "name", str), _of(item, "email", str).lower(), Role(_of(item, "role", str)), organisation),
                _of(item, "password", str),
            )
            for item in mine("accounts")
        ),
        tuple(
            PatientRow(_uuid(item, "id"), _of(item, "name", str), date.fromisoformat(_of(item, "born", str)), _of(item, "zone", str))
            for item in mine("patients")
        ),
        tuple(_gateway(item) for item in mine("gateways")),
        tuple(
            Wearable(_uuid(item, "id"), _uuid(item, "gateway"), _uuid(item, "patient"), _of(item, "kind", str), _of(item, "address", str))
            for item in mine("wearables")
        ),
    )


def _gateway(item: Mapping[str, object]) -> NewGateway:
    gateway = _uuid(item, "id")
    certificate = x509.load_pem_x509_certificate(_of(item, "certificate_pem", str).encode())
    der = certificate.public_bytes(Encoding.DER)
    return NewGateway(
        gateway, _of(item, "name", str), Certificate(certificate_id(certificate), gateway, der, certificate.not_valid_before_utc)
    )


def _items(lists: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = lists.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in cast("list[object]", found)):
        raise NotPlantable(f"{name} is not a list of objects")
    return cast("list[Mapping[str, object]]", found)


def _of(item: Mapping[str, object], name: str, kind: type[Value]) -> Value:
    value = item.get(name)
    if not isinstance(value, kind):
        raise NotPlantable(f"{name!r} is not there, or not of type {kind.__name__}, in {sorted(item)}")
    return value


def _uuid(item: Mapping[str, object], name: str) -> UUID:
    return UUID(_of(item, name, str))
