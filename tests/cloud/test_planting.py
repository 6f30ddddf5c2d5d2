"""Planting organisations, people and devices from one description."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cloud import commands
from cloud.planting import NotPlantable, read_clinics
from provisioning.certificates import certificate_id
from tests.support.clinics import Clinic, Planter, application, running, sign_in
from tests.support.postgres import Addresses


def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, uuid4().hex)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(days=365))
    return builder.sign(key, hashes.SHA256())


def description(issued: x509.Certificate) -> dict[str, Any]:
    gateway, patient, wearable = str(uuid4()), str(uuid4()), str(uuid4())
    return {
        "organisations": [{"id": 1, "name": "North Clinic"}, {"id": 2, "name": "South Clinic"}],
        "accounts": [
            {"organisation": 1, "email": "Nurse.North@clinic.example", "name": "N", "role": "nurse", "password": "long enough for us"},
            {"organisation": 2, "email": "nurse.south@clinic.example", "name": "S", "role": "nurse", "password": "long enough for us"},
        ],
        "patients": [{"id": patient, "organisation": 1, "name": "Ada", "born": "1950-01-31", "zone": "Europe/Vienna"}],
        "gateways": [{"id": gateway, "organisation": 1, "name": "home", "certificate_pem": issued.public_bytes(Encoding.PEM).decode()}],
        "wearables": [
            {"id": wearable, "organisation": 1, "gateway": gateway, "patient": patient, "kind": "ecg_patch", "address": "C0:11:22:33:00:01"}
        ],
    }


async def test_what_is_planted_can_sign_in_and_planting_again_changes_nothing(
    database: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", database.superuser)
    issued = certificate()
    file = tmp_path / "demo.json"
    file.write_text(json.dumps(description(issued)))
    plant = Planter(database)
    counts = []
    for _ in range(2):
        assert await in_thread(commands.cloud, ["plant", str(file)]) == 0
        counts.append(
            plant.run(
                """select (select count(*) from organisation), (select count(*) from account), (select count(*) from patient),
                          (select count(*) from gateway), (select count(*) from wearable), (select count(*) from gateway_certificate)"""
            )
        )
    assert counts[0] == counts[1] == [(2, 2, 1, 1, 1, 1)]
    assert plant.run("select id, issued_at from gateway_certificate") == [(certificate_id(issued), datetime(2026, 1, 1, tzinfo=UTC))]
    async with running(application(database)) as client:
        clinic = Clinic(1, "nurse.north@clinic.example", [])
        assert (await sign_in(client, clinic, "long enough for us")).status_code == 200
        assert [patient["name"] for patient in (await client.get("/api/patients")).json()] == ["Ada"]


async def in_thread(command: Any, arguments: list[str]) -> int:
    """Run a command as it runs by itself: with no event loop around it."""
    status: int = await asyncio.to_thread(command, arguments)
    return status


def test_an_account_is_added_and_a_made_password_is_printed(
    database: Addresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", database.superuser)
    given = ["add", "--organisation", "7", "--organisation-name", "West", "--email", "D@w.example", "--name", "D", "--role", "doctor"]
    assert commands.accounts(given) == 0
    assert capsys.readouterr().out.startswith("password: ")
    assert Planter(database).run("select email, role from account where organisation_id = 7") == [("d@w.example", "doctor")]


def test_an_email_address_belongs_to_one_organisation(
    database: Addresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", database.superuser)
    statuses = [
        commands.accounts(
            ["add", "--organisation", number, "--organisation-name", "X", "--email", "e@x.example", "--name", "E", "--role", "nurse"]
        )
        for number in ("8", "9")
    ]
    assert statuses == [0, 1]
    assert "another organisation" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"organisations": 3}', "not a list"),
        ('{"organisations": [{"id": "1", "name": "x"}]}', "'id'"),
        ('{"patients": [{"organisation": 4}]}', "organisation 4 is not listed"),
        ('{"organisations": [{"id": 1, "name": "x"}], "patients": [{"organisation": 1, "id": "no uuid"}]}', "badly formed"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(NotPlantable, match=said):
        read_clinics(text)
