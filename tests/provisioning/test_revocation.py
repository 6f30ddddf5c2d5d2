"""What was taken back is told by signed lists and answers that OpenSSL believes."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from provisioning import certificates, revocation
from provisioning.authority import Authority, AuthorityBroken, NotIssued
from provisioning.certificates import certificate_id
from provisioning.revocation import Issued, Revocation, RevocationReason
from tests.provisioning.chains import Openssl

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
GATEWAY, OTHER = UUID(int=7).hex, UUID(int=8).hex
KEY = ec.generate_private_key(ec.SECP256R1())


@dataclass
class Site:
    """An authority and the two gateways' chains it gave out."""

    authority: Authority
    stolen: bytes
    kept: bytes


@pytest.fixture
def site(tmp_path: Path) -> Site:
    authority = Authority.make(tmp_path / "authority", NOW)
    chains = [authority.sign_request(certificates.request(KEY, name), name, NOW) for name in (GATEWAY, OTHER)]
    return Site(authority, *chains)


@pytest.fixture
def openssl(tmp_path: Path, site: Site) -> Openssl:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Openssl(tmp_path, site.authority.root)


def leaf(chain: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificates(chain)[0]


def lists(pem: bytes) -> dict[str, x509.CertificateRevocationList]:
    """Return the lists of a bundle by their issuer's common name."""
    end = b"-----END X509 CRL-----\n"
    read = [x509.load_pem_x509_crl(one + end) for one in pem.split(end) if one]
    return {str(crl.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value): crl for crl in read}


def test_openssl_refuses_what_was_taken_back_and_nothing_else(site: Site, openssl: Openssl) -> None:
    before = site.authority.revocation_list(NOW)
    assert openssl.verify(site.stolen, before, NOW) == "OK"
    site.authority.revoke(certificate_id(leaf(site.stolen)), RevocationReason.KEY_COMPROMISE, NOW)
    after = site.authority.revocation_list(NOW)
    assert "certificate revoked" in openssl.verify(site.stolen, after, NOW)
    assert openssl.verify(site.kept, after, NOW) == "OK"


def test_openssl_refuses_a_list_past_its_end(site: Site, openssl: Openssl) -> None:
    crl = site.authority.revocation_list(NOW, DAY)
    assert openssl.verify(site.kept, crl, NOW + timedelta(hours=23)) == "OK"
    assert "CRL has expired" in openssl.verify(site.kept, crl, NOW + timedelta(hours=25))


def test_a_list_is_signed_again_well_before_its_end(site: Site) -> None:
    crl = lists(site.authority.revocation_list(NOW, 4 * DAY))["MediAssist issuing 1"]
    assert not revocation.needs_signing(crl, NOW + DAY)
    assert revocation.needs_signing(crl, NOW + 2 * DAY)
    assert crl.next_update_utc == NOW + 4 * DAY


def test_each_list_has_a_greater_number_than_the_one_before(site: Site) -> None:
    made = [lists(site.authority.revocation_list(at))["MediAssist issuing 1"] for at in (NOW, NOW, NOW - DAY, NOW + DAY)]
    numbers = [revocation.number_of(crl) for crl in made]
    assert sorted(set(numbers)) == numbers


def test_a_lost_list_s_successor_is_numbered_by_the_clock(site: Site) -> None:
    before = revocation.number_of(lists(site.authority.revocation_list(NOW))["MediAssist issuing 1"])
    (site.authority.records.folder / "issuing.crl").unlink()
    assert revocation.number_of(lists(site.authority.revocation_list(NOW + DAY))["MediAssist issuing 1"]) > before


def test_the_root_s_list_stays_until_half_its_life_is_over(site: Site) -> None:
    first, again, late = (lists(site.authority.revocation_list(at))["MediAssist root"] for at in (NOW, NOW + 100 * DAY, NOW + 200 * DAY))
    assert first == again
    assert revocation.number_of(late) > revocation.number_of(first)


def test_without_the_root_s_key_its_last_list_serves_as_long_as_it_is_valid(site: Site) -> None:
    folder = site.authority.records.folder
    (folder / "root.key").rename(folder.parent / "root.key")
    away = Authority.open(folder)
    assert "MediAssist root" in lists(away.revocation_list(NOW + 200 * DAY))
    with pytest.raises(AuthorityBroken, match=r"root\.key"):
        away.revocation_list(NOW + 366 * DAY)
    with pytest.raises(AuthorityBroken, match=r"root\.key"):
        away.rotate_issuing(NOW)


def test_a_revocation_outlives_the_process_and_is_never_changed(site: Site) -> None:
    stolen = certificate_id(leaf(site.stolen))
    first = site.authority.revoke(stolen, RevocationReason.KEY_COMPROMISE, NOW)
    again = Authority.open(site.authority.records.folder)
    assert again.revoke(stolen, RevocationReason.SUPERSEDED, NOW + DAY) == first
    assert again.records.revocations() == [first]


def test_a_revocation_by_another_process_is_heeded(site: Site) -> None:
    other = Authority.open(site.authority.records.folder)
    other.revoke(certificate_id(leaf(site.stolen)), RevocationReason.CESSATION_OF_OPERATION, NOW)
    assert len(lists(site.authority.revocation_list(NOW))["MediAssist issuing 1"]) == 1


def test_what_was_never_given_out_cannot_be_taken_back(site: Site) -> None:
    with pytest.raises(NotIssued, match="0000000000000000"):
        site.authority.revoke(bytes(8), RevocationReason.SUPERSEDED, NOW)


@pytest.mark.parametrize("reason", list(RevocationReason))
def test_the_list_tells_since_when_and_why(site: Site, reason: RevocationReason) -> None:
    certificate = leaf(site.stolen)
    site.authority.revoke(certificate_id(certificate), reason, NOW - DAY)
    entry = lists(site.authority.revocation_list(NOW))["MediAssist issuing 1"].get_revoked_certificate_by_serial_number(
        certificate.serial_number
    )
    assert entry is not None
    assert entry.revocation_date_utc == NOW - DAY
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value == reason.value


def test_a_certificate_leaves_the_list_thirty_days_after_its_end() -> None:
    issuer = certificates.root(KEY.public_key(), NOW, 1).sign(KEY, hashes.SHA256())
    revoked = Revocation(Issued(bytes(8), certificate_id(issuer), 5, GATEWAY, NOW + DAY), NOW, RevocationReason.SUPERSEDED)
    sizes = [
        len(revocation.revocation_list([revoked], issuer, 1, at, DAY).sign(KEY, hashes.SHA256())) for at in (NOW + 30 * DAY, NOW + 32 * DAY)
    ]
    assert sizes == [1, 0]


def test_openssl_believes_the_answers_good_revoked_and_unknown(site: Site, openssl: Openssl) -> None:
    assert openssl.ask(site.authority, site.kept, NOW) == "good"
    site.authority.revoke(certificate_id(leaf(site.stolen)), RevocationReason.KEY_COMPROMISE, NOW)
    assert openssl.ask(site.authority, site.stolen, NOW) == "revoked"
    by = certificates.Issuer(site.authority.records.issuing["issuing"], NOW, x509.random_serial_number())
    csr = certificates.check_request(certificates.request(KEY, GATEWAY), GATEWAY)
    strange = certificates.client(csr, GATEWAY, by).sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    assert openssl.ask(site.authority, strange + by.certificate.public_bytes(serialization.Encoding.PEM), NOW) == "unknown"


def test_the_status_by_id_is_signed_and_tells_the_reason(site: Site) -> None:
    certificate, issuing = x509.load_pem_x509_certificates(site.stolen)
    stolen = certificate_id(certificate)
    good = ocsp.load_der_ocsp_response(site.authority.status(stolen, NOW))
    site.authority.revoke(stolen, RevocationReason.AFFILIATION_CHANGED, NOW)
    revoked = ocsp.load_der_ocsp_response(site.authority.status(stolen, NOW))
    assert (good.certificate_status, revoked.certificate_status) == (ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED)
    assert (revoked.revocation_reason, revoked.revocation_time_utc) == (x509.ReasonFlags.affiliation_changed, NOW)
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuing, hashes.SHA256()).build()
    assert [getattr(revoked, part) == getattr(asked, part) for part in ("issuer_name_hash", "issuer_key_hash", "serial_number")] == [
        True
    ] * 3
    key = issuing.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(revoked.signature, revoked.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_an_id_of_no_certificate_gets_no_signed_answer(site: Site) -> None:
    issuing = certificate_id(site.authority.records.issuing["issuing"])
    for strange in (bytes(8), issuing):
        said = ocsp.load_der_ocsp_response(site.authority.status(strange, NOW))
        assert said.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_the_asker_s_nonce_comes_back(site: Site) -> None:
    certificate, issuing = x509.load_pem_x509_certificates(site.kept)
    nonce = x509.OCSPNonce(b"sixteen bytes!!!")
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuing, hashes.SHA256()).add_extension(nonce, critical=False).build()
    said = ocsp.load_der_ocsp_response(site.authority.answer(asked.public_bytes(serialization.Encoding.DER), NOW))
    assert said.extensions.get_extension_for_class(x509.OCSPNonce).value == nonce


def test_a_question_about_another_authority_s_certificate_is_not_answered(site: Site) -> None:
    other = certificates.root(KEY.public_key(), NOW, 1).sign(KEY, hashes.SHA256())
    asked = ocsp.OCSPRequestBuilder().add_certificate(leaf(site.kept), other, hashes.SHA256()).build()
    said = ocsp.load_der_ocsp_response(site.authority.answer(asked.public_bytes(serialization.Encoding.DER), NOW))
    assert said.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


@given(st.binary(max_size=300))
def test_any_bytes_are_no_question(junk: bytes) -> None:
    assert revocation.read_question(junk) is None


def test_a_malformed_question_is_told_so(site: Site) -> None:
    said = ocsp.load_der_ocsp_response(site.authority.answer(b"?", NOW))
    assert said.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
