"""EST over real HTTPS, asked with plain `curl` and `openssl`: nothing of ours on the device's side."""

import base64
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cloud.database import as_statement
from provisioning.claims import ClaimCode
from provisioning.keystore import CERTIFICATE, KEY, FileKeystore
from tests.support.enrolment import EnrolmentServer, enrolment_server
from tests.support.postgres import Addresses

MISSING = [program for program in ("curl", "openssl") if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(MISSING != [], reason=f"missing: {', '.join(MISSING)}")


@dataclass(frozen=True, slots=True)
class Device:
    """A stranger's device: a folder, `openssl` and `curl`."""

    server: EnrolmentServer
    folder: Path

    def shell(self, *words: str, given: bytes = b"") -> bytes:
        return subprocess.run(words, cwd=self.folder, input=given, capture_output=True, check=True).stdout

    def request(self, name: str, *more: str) -> bytes:
        """Make a key (once) and return a request in base64."""
        if not (self.folder / "key").exists():
            self.shell("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key")
        return base64.b64encode(self.shell("openssl", "req", "-new", "-key", "key", "-outform", "DER", "-subj", f"/CN={name}", *more))

    def ask(self, what: str, *options: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Return the status and the body."""
        post = () if body is None else ("--data-binary", "@-", "-H", "Content-Type: application/pkcs10")
        said = self.shell(
            "curl", "-sS", "--cacert", str(self.server.root), "-w", "\n%{http_code}", *post, *options,
            f"{self.server.url}/.well-known/est/{what}", given=body or b"",
        )  # fmt: skip
        told, _, status = said.rpartition(b"\n")
        return int(status), told

    def enrol(self, claim: ClaimCode, body: bytes | None = None) -> tuple[int, bytes]:
        request = self.request(claim.gateway.hex) if body is None else body
        return self.ask("simpleenroll", "-u", f"{claim.name}:{claim.password}", body=request)

    def certificates(self, told: bytes) -> list[x509.Certificate]:
        """Read a certs-only PKCS#7 answer with openssl."""
        return x509.load_pem_x509_certificates(
            self.shell("openssl", "pkcs7", "-inform", "DER", "-print_certs", given=base64.b64decode(told))
        )

    def keep(self, certificate: x509.Certificate) -> None:
        issuing = self.server.root.with_name("issuing.pem").read_text()
        (self.folder / "cert").write_text(ssl.DER_cert_to_PEM_cert(certificate.public_bytes(Encoding.DER)) + issuing)


def name_of(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@pytest.fixture
def device(server: EnrolmentServer, tmp_path: Path) -> Device:
    return Device(server, tmp_path)


@pytest.fixture
def other(server: EnrolmentServer, tmp_path: Path) -> Device:
    folder = tmp_path / "other"
    folder.mkdir()
    return Device(server, folder)


def test_anyone_may_have_the_authorities(device: Device) -> None:
    status, told = device.ask("cacerts")
    assert status == 200
    assert {name_of(each) for each in device.certificates(told)} == {"MediAssist root", "MediAssist issuing 1"}


async def test_a_claim_becomes_a_certificate_for_a_key_that_never_left(device: Device) -> None:
    (claim,) = await device.server.claims()
    status, told = device.enrol(claim)
    assert status == 200
    (certificate,) = device.certificates(told)
    assert name_of(certificate) == claim.gateway.hex
    device.keep(certificate)
    chain = ("-CAfile", str(device.server.root), "-untrusted", str(device.server.root.with_name("issuing.pem")))
    assert b"OK" in device.shell("openssl", "verify", *chain, "-purpose", "sslclient", "cert")
    assert device.server.history(claim) == ["enrolled"]


async def test_an_answer_lost_on_the_way_is_given_again_to_the_same_key(device: Device) -> None:
    (claim,) = await device.server.claims()
    first, again = device.enrol(claim), device.enrol(claim)
    assert device.certificates(first[1]) == device.certificates(again[1])
    assert device.server.history(claim) == ["enrolled", "repeated"]


async def test_a_used_claim_in_other_hands_locks_the_device_out_and_is_audited(device: Device, other: Device) -> None:
    (claim,) = await device.server.claims()
    (certificate,) = device.certificates(device.enrol(claim)[1])
    status, told = other.enrol(claim)
    assert (status, told.split(b":")[0]) == (403, b"replayed")
    assert device.enrol(claim)[0] == 403
    device.keep(certificate)
    status, told = device.ask("simplereenroll", "--key", "key", "--cert", "cert", body=device.request(claim.gateway.hex))
    assert (status, told.split(b":")[0]) == (403, b"revoked")
    assert device.server.history(claim) == ["enrolled", "refused.replayed", "refused.quarantined"]
    revoked = device.server.rows("select revoked_for from enrolled_certificate where gateway_id = %s", [claim.gateway])
    assert revoked == [("compromise",)]


async def test_a_claim_whose_time_is_over_is_refused(device: Device) -> None:
    (claim,) = await device.server.claims(made=datetime.now(UTC) - timedelta(days=2))
    status, told = device.enrol(claim)
    assert (status, told.split(b":")[0]) == (403, b"expired")
    assert device.server.history(claim) == ["refused.expired"]


async def test_a_wrong_claim_is_not_told_from_a_claim_that_does_not_exist(device: Device) -> None:
    (claim,) = await device.server.claims()
    wrong = ClaimCode(claim.number, b"x" * 16)
    nobody = ClaimCode(b"zzzzz", b"x" * 16)
    answers = [device.ask("simpleenroll", "-u", f"{c.name}:{c.password}", body=device.request(c.gateway.hex)) for c in (wrong, nobody)]
    assert answers[0] == answers[1] == (401, b"wrong_claim: no such claim, or not its secret\n")
    assert device.enrol(claim)[0] == 200


async def test_a_request_for_more_than_a_name_leaves_the_claim_good(device: Device) -> None:
    (claim,) = await device.server.claims()
    status, told = device.enrol(claim, device.request(claim.gateway.hex, "-addext", "basicConstraints=critical,CA:TRUE"))
    assert (status, told.split(b":")[0]) == (400, b"wants_authority")
    status, told = device.enrol(claim, device.request("0" * 32))
    assert (status, told.split(b":")[0]) == (400, b"other_name")
    assert device.enrol(claim)[0] == 200


@pytest.mark.parametrize("body", [b"", b"nothing", b"AAAA", b"A" * 10_000])
async def test_any_other_body_is_refused_with_a_reason(device: Device, body: bytes) -> None:
    (claim,) = await device.server.claims()
    status, told = device.enrol(claim, body)
    assert status == (413 if len(body) > 8192 else 400)
    assert told.split(b":")[0] in {b"unreadable", b"too_large"}
    assert device.server.history(claim) == []


async def test_the_old_certificate_gets_a_new_one_for_its_own_name_alone(device: Device) -> None:
    (claim,) = await device.server.claims()
    (old,) = device.certificates(device.enrol(claim)[1])
    device.keep(old)
    mine = ("--key", "key", "--cert", "cert")
    status, told = device.ask("simplereenroll", *mine, body=device.request(claim.gateway.hex))
    (new,) = device.certificates(told)
    assert (status, new.subject, new.serial_number != old.serial_number) == (200, old.subject, True)
    status, told = device.ask("simplereenroll", *mine, body=device.request("1" * 32))
    assert (status, told.split(b":")[0]) == (400, b"other_name")


async def test_a_claim_can_enrol_and_nothing_else(device: Device) -> None:
    (claim,) = await device.server.claims()
    shown = ("-u", f"{claim.name}:{claim.password}")
    assert device.ask("simplereenroll", *shown, body=device.request(claim.gateway.hex))[0] == 401
    for path in ("", "csrattrs", "serverkeygen", "../../api/session", "../../metrics", "../../openapi.json"):
        assert device.ask(path, "--path-as-is", *shown)[0] == 404, path
    assert device.server.history(claim) == []


def test_nobody_renews_with_a_certificate_that_we_did_not_give(device: Device, tmp_path: Path) -> None:
    device.shell("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "c", "-subj", f"/CN={'2' * 32}")
    with pytest.raises(subprocess.CalledProcessError):  # TLS lets nobody in by a foreign certificate
        device.ask("simplereenroll", "--key", "k", "--cert", "c", body=device.request("2" * 32))
    ours = FileKeystore.make(tmp_path / "unknown")
    ours.take(device.server.authority.sign_request(ours.request("3" * 32), "3" * 32, datetime.now(UTC)), device.server.authority.root)
    told = device.ask(
        "simplereenroll", "--key", str(ours.folder / KEY), "--cert", str(ours.folder / CERTIFICATE), body=device.request("3" * 32)
    )
    assert (told[0], told[1].split(b":")[0]) == (403, b"unknown")


async def test_guessing_is_slowed_by_address(database: Addresses, tmp_path: Path) -> None:
    with enrolment_server(database, tmp_path, wrongs=3) as server:
        device = Device(server, tmp_path)
        (claim,) = await server.claims()
        guesses = [ClaimCode(bytes([n]) * 5, b"g" * 16) for n in range(4)]
        assert [device.enrol(guess)[0] for guess in guesses] == [401, 401, 401, 429]
        status, told = device.enrol(claim)
        assert (status, told.split(b":")[0]) == (429, b"rate_limit")
        assert server.history(claim) == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from patient", "select * from gateway", "select * from gateway_certificate", "select * from enrolment_audit",
        "select organisation_id from claim", "update claim set secret_sha256 = ''", "delete from claim", "delete from enrolled_certificate",
        "insert into claim (number, gateway_id, secret_sha256, made_at, expires_at) values ('12345', gen_random_uuid(), '', now(), now())",
        "update enrolled_certificate set revoked_at = null",
    ],
)  # fmt: skip
def test_the_process_that_answers_devices_can_do_nothing_else_in_the_database(database: Addresses, statement: str) -> None:
    with psycopg.connect(database.enrolment) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(as_statement(statement))
