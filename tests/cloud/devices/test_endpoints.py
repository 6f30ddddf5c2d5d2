"""Adoption of gateways and wearables, and parting with them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from edge.gateway.enrolment import enrol, renew
from edge.gateway.est_client import Refusal
from provisioning.claims import ClaimCode, WrongCode, read_adoption, read_code
from tests.support.clinics import FAST, PASSWORD, Clinic, Planter, application, browser, running, sign_in
from tests.support.enrolment import EnrolmentServer, enrolment_server, wall_clock
from tests.support.postgres import Addresses


@pytest.fixture(scope="module")
def server(database: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrolmentServer]:
    with enrolment_server(database, tmp_path_factory.mktemp("enrolment")) as answering:
        yield answering


@pytest.fixture(scope="module")
def clinics(database: Addresses) -> list[Clinic]:
    plant = Planter(database)
    found = [plant.clinic(number) for number in (1, 2)]
    for clinic in found:
        plant.run(
            "insert into account values (%s, %s, %s, 'An Administrator', 'administrator', %s)",
            [uuid4(), clinic.id, f"admin.{clinic.id}@clinic.example", FAST.hash(PASSWORD)],
        )
    return found


@pytest.fixture
async def admins(database: Addresses, clinics: list[Clinic]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """An administrator of each clinic, signed in."""
    app = application(database)
    async with running(app) as first, browser(app) as second:
        for client, clinic in zip((first, second), clinics, strict=True):
            signed = await client.post("/api/session", json={"email": f"admin.{clinic.id}@clinic.example", "password": PASSWORD})
            assert signed.status_code == 200
        yield [first, second]


async def enrolled(server: EnrolmentServer, folder: Path) -> ClaimCode:
    (claim,) = await server.claims()
    enrol(folder, claim, server.url, server.root, wall_clock)
    return claim


async def adopt(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await client.post("/api/gateways/adopt", json={"code": code, "name": "Room 7"})


async def test_an_enrolled_gateway_is_adopted_with_its_certificates(
    server: EnrolmentServer, admins: list[httpx.AsyncClient], clinics: list[Clinic], tmp_path: Path
) -> None:
    claim = await enrolled(server, tmp_path)
    answer = await adopt(admins[0], claim.adoption.text.lower())
    assert (answer.status_code, answer.json()) == (200, {"id": str(claim.gateway), "name": "Room 7"})
    certificates = "select organisation_id, revoked_at from gateway_certificate where gateway_id = %s"
    assert server.rows(certificates, [claim.gateway]) == [(clinics[0].id, None)]
    renew(tmp_path, server.url, wall_clock)
    assert server.rows(certificates, [claim.gateway]) == [(clinics[0].id, None)] * 2
    assert server.history(claim) == ["enrolled", "adopted"]


async def test_another_organisation_cannot_tell_it_from_one_that_does_not_exist(
    server: EnrolmentServer, admins: list[httpx.AsyncClient], tmp_path: Path
) -> None:
    claim = await enrolled(server, tmp_path)
    assert (await adopt(admins[0], claim.adoption.text)).status_code == 200
    taken = await adopt(admins[1], claim.adoption.text)
    nobody = await adopt(admins[1], ClaimCode(b"nobdy", b"n" * 16).adoption.text)
    assert (taken.status_code, taken.json()) == (nobody.status_code, nobody.json())
    assert (taken.status_code, taken.json()["detail"]) == (404, "no device has this code")
    released = await admins[1].post(f"/api/gateways/{claim.gateway}/release")
    assert released.status_code == 404
    renew(tmp_path, server.url, wall_clock)


async def test_a_claim_s_code_adopts_nothing_and_an_adoption_code_enrols_nothing(
    server: EnrolmentServer, admins: list[httpx.AsyncClient], tmp_path: Path
) -> None:
    claim = await enrolled(server, tmp_path)
    answer = await adopt(admins[0], claim.text)
    assert answer.status_code == 422
    assert "an adoption code has 25" in answer.json()["detail"]
    with pytest.raises(WrongCode, match="a claim's code has 35"):
        read_code(claim.adoption.text)
    assert read_adoption(claim.adoption.text) == claim.adoption


async def test_a_device_that_has_not_enrolled_is_not_adopted(server: EnrolmentServer, admins: list[httpx.AsyncClient]) -> None:
    (claim,) = await server.claims()
    answer = await adopt(admins[0], claim.adoption.text)
    assert (answer.status_code, answer.json()["detail"]) == (422, "this device has not enrolled yet: connect it first")


async def test_only_an_administrator_adopts(server: EnrolmentServer, database: Addresses, clinics: list[Clinic], tmp_path: Path) -> None:
    claim = await enrolled(server, tmp_path)
    async with running(application(database)) as client:
        assert (await adopt(client, claim.adoption.text)).status_code == 401
        await sign_in(client, clinics[0])
        assert (await adopt(client, claim.adoption.text)).status_code == 403
        assert (await client.post(f"/api/gateways/{claim.gateway}/release")).status_code == 403
    assert server.history(claim) == ["enrolled"]


async def test_a_released_gateway_is_renewed_no_more_and_what_it_sent_stays_readable(
    server: EnrolmentServer, admins: list[httpx.AsyncClient], clinics: list[Clinic], tmp_path: Path
) -> None:
    """Its certificate ends for a reset, not for compromise: openings that it signed before are still accepted."""
    claim = await enrolled(server, tmp_path)
    await adopt(admins[0], claim.adoption.text)
    assert (await admins[0].post(f"/api/gateways/{claim.gateway}/release")).status_code == 204
    rows = server.rows("select organisation_id, revoked_for from gateway_certificate where gateway_id = %s", [claim.gateway])
    assert rows == [(clinics[0].id, "reset")]
    with pytest.raises(Refusal, match="revoked"):
        renew(tmp_path, server.url, wall_clock)
    assert server.rows("select organisation_id from gateway where id = %s", [claim.gateway]) == [(clinics[0].id,)]


async def test_a_wearable_is_given_to_a_patient_of_the_same_organisation_alone(
    server: EnrolmentServer, admins: list[httpx.AsyncClient], clinics: list[Clinic]
) -> None:
    mine, theirs = clinics[0].patients[0], clinics[1].patients[0]
    new = {"gateway": str(mine.gateway), "patient": str(mine.id), "kind": "thermometer", "address": "c0:11:22:33:00:09"}
    answer = await admins[0].post("/api/wearables", json=new)
    assert answer.status_code == 200
    assert answer.json()["address"] == "C0:11:22:33:00:09"
    stored = server.rows("select organisation_id, patient_id from wearable where id = %s", [answer.json()["id"]])
    assert stored == [(clinics[0].id, mine.id)]
    for wrong in ({"patient": str(theirs.id)}, {"gateway": str(theirs.gateway)}, {"patient": str(uuid4())}):
        assert (await admins[0].post("/api/wearables", json=new | wrong)).status_code == 404
    for address in ("c0-11-22-33-00-09", "coap://", "coap://[fd00::7]/path", "coaps://sensor.home", "coap://a b", "coap://host:123456"):
        assert (await admins[0].post("/api/wearables", json=new | {"address": address})).status_code == 422, address
    for address in ("coap://[fd00::7]", "coap://[fe80::1%eth0]:5683", "coap://Sensor.home:5683"):
        answer = await admins[0].post("/api/wearables", json=new | {"address": address})
        assert (answer.status_code, answer.json()["address"]) == (200, address)
