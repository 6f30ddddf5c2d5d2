"""The issuing authority is replaced without a gap: old and new chains verify, both lists are published, each step is on the audit list."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from provisioning import certificates
from provisioning.authority import Authority, AuthorityBroken
from provisioning.certificates import certificate_id
from provisioning.file_signing_keys import FileSigningKeys
from provisioning.revocation import RevocationReason
from tests.provisioning.chains import Openssl
from tests.support.softhsm import PIN, TOKEN, pkcs11_library

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = UUID(int=7).hex, UUID(int=8).hex
KEY = ec.generate_private_key(ec.SECP256R1())
PASSPHRASE = b"a passphrase of 32 random bytes!"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "authority", NOW)


@pytest.fixture
def openssl(tmp_path: Path, authority: Authority) -> Openssl:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Openssl(tmp_path, authority.root)


def signs(authority: Authority, name: str, at: datetime) -> bytes:
    return authority.sign_request(certificates.request(KEY, name), name, at)


def first(chain: bytes) -> bytes:
    return certificate_id(x509.load_pem_x509_certificates(chain)[0])


def test_openssl_believes_both_chains_and_both_lists(authority: Authority, openssl: Openssl) -> None:
    old = signs(authority, OLD, NOW)
    authority.rotate_issuing(NOW + DAY)
    new = signs(authority, NEW, NOW + DAY)
    later = NOW + 2 * DAY
    assert x509.load_pem_x509_certificates(old)[1].subject != x509.load_pem_x509_certificates(new)[1].subject
    assert [openssl.verify(chain, authority.revocation_list(later), later) for chain in (old, new)] == ["OK", "OK"]
    authority.revoke(first(old), RevocationReason.CESSATION_OF_OPERATION, later)
    lists = authority.revocation_list(later)
    assert "certificate revoked" in openssl.verify(old, lists, later)
    assert openssl.verify(new, lists, later) == "OK"
    authority.revoke(first(new), RevocationReason.CESSATION_OF_OPERATION, later)
    assert "certificate revoked" in openssl.verify(new, authority.revocation_list(later), later)


def test_the_old_one_s_list_ends_with_its_last_certificate(authority: Authority) -> None:
    old = signs(authority, OLD, NOW)
    authority.rotate_issuing(NOW + DAY)
    assert authority.records.living(NOW + 29 * DAY) == ["issuing", "issuing-2"]
    assert authority.records.living(NOW + 31 * DAY) == ["issuing-2"]
    (authority.records.folder / "issuing.key").unlink()
    without = Authority.open(authority.records.folder)
    assert without.revocation_list(NOW + 31 * DAY).count(b"BEGIN X509 CRL") == 2
    said = ocsp.load_der_ocsp_response(without.status(first(old), NOW + 31 * DAY))
    assert said.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_a_process_that_runs_on_signs_by_the_new_one(authority: Authority) -> None:
    Authority.open(authority.records.folder).rotate_issuing(NOW)
    (name,) = x509.load_pem_x509_certificates(signs(authority, NEW, NOW))[1].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert name.value == "MediAssist issuing 2"


def test_it_can_be_done_again_and_again(authority: Authority) -> None:
    for _ in range(3):
        authority.rotate_issuing(NOW)
    again = Authority.open(authority.records.folder)
    assert (again.records.current, len(again.records.issuing)) == ("issuing-4", 4)


def test_an_interrupted_rotation_is_taken_up_with_the_key_it_left(authority: Authority) -> None:
    left = FileSigningKeys(authority.records.folder, None).make("issuing-2")
    made = x509.load_pem_x509_certificate(authority.rotate_issuing(NOW))
    assert made.public_key() == left.public_key


def test_a_revoked_issuing_authority_signs_nothing_more_and_its_chains_fail(authority: Authority, openssl: Openssl) -> None:
    old = signs(authority, OLD, NOW)
    authority.revoke(certificate_id(authority.records.issuing["issuing"]), RevocationReason.KEY_COMPROMISE, NOW)
    with pytest.raises(AuthorityBroken, match="rotate"):
        signs(authority, NEW, NOW)
    authority.rotate_issuing(NOW)
    new = signs(authority, NEW, NOW)
    lists = authority.revocation_list(NOW)
    assert "certificate revoked" in openssl.verify(old, lists, NOW)
    assert openssl.verify(new, lists, NOW) == "OK"


def test_no_certificate_outlives_the_authority_that_signed_it(authority: Authority) -> None:
    end = authority.records.issuing["issuing"].not_valid_after_utc
    assert certificates.needs_rotation(authority.records.issuing["issuing"], end - 60 * DAY)
    assert not certificates.needs_rotation(authority.records.issuing["issuing"], NOW)
    assert x509.load_pem_x509_certificates(signs(authority, OLD, end - 10 * DAY))[0].not_valid_after_utc == end


def test_every_step_is_on_the_audit_list(authority: Authority) -> None:
    chain = signs(authority, OLD, NOW)
    with pytest.raises(certificates.Refused):
        authority.sign_request(certificates.request(KEY, OLD), NEW, NOW)
    authority.revoke(first(chain), RevocationReason.KEY_COMPROMISE, NOW)
    rotated = authority.rotate_issuing(NOW)
    lines = [json.loads(line) for line in (authority.records.folder / "issued.jsonl").read_text().splitlines()]
    said = [(line["name"], line.get("use"), line.get("refused"), line.get("reason")) for line in lines]
    assert said == [
        ("issuing", "authority", None, None),
        (OLD, "client", None, None),
        (NEW, None, "other_name", None),
        (OLD, None, None, "keyCompromise"),
        ("issuing-2", "authority", None, None),
    ]
    assert (lines[3]["revoked"], lines[4]["certificate"]) == (first(chain).hex(), first(rotated).hex())


def test_an_authority_whose_keys_never_leave_their_token(tmp_path: Path, openssl: Openssl) -> None:
    library = pkcs11_library()
    from provisioning.pkcs11_signing_keys import Pkcs11SigningKeys  # noqa: PLC0415

    keys = Pkcs11SigningKeys(library, TOKEN, PIN, prefix=f"{tmp_path.name}-")
    authority = Authority.make(tmp_path / "token", NOW, keys)
    openssl = Openssl(tmp_path, authority.root)
    old = signs(authority, OLD, NOW)
    authority.rotate_issuing(NOW)
    new = signs(Authority.open(tmp_path / "token", keys), NEW, NOW)
    authority.revoke(first(old), RevocationReason.KEY_COMPROMISE, NOW)
    lists = authority.revocation_list(NOW)
    assert openssl.verify(new, lists, NOW) == "OK"
    assert "certificate revoked" in openssl.verify(old, lists, NOW)
    assert list((tmp_path / "token").glob("*.key")) == []
    keys.close()


def test_the_root_s_key_may_live_elsewhere_under_another_passphrase(tmp_path: Path) -> None:
    keys, root_keys = FileSigningKeys(tmp_path / "a", PASSPHRASE), FileSigningKeys(tmp_path / "stick", PASSPHRASE[::-1])
    Authority.make(tmp_path / "a", NOW, keys, root_keys)
    everyday = Authority.open(tmp_path / "a", keys)
    signs(everyday, OLD, NOW)
    assert everyday.revocation_list(NOW).count(b"BEGIN X509 CRL") == 2
    with pytest.raises(AuthorityBroken, match=r"root\.key"):
        everyday.rotate_issuing(NOW)
    Authority.open(tmp_path / "a", keys, root_keys).rotate_issuing(NOW)
