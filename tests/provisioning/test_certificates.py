"""A certificate says a name and a use, whatever the request asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from provisioning import certificates
from provisioning.certificates import Issuer, Reason, Refused

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
GATEWAY = UUID(int=7).hex
OTHER = UUID(int=8).hex
KEY = ec.generate_private_key(ec.SECP256R1())


def pem(csr: x509.CertificateSigningRequest) -> bytes:
    return csr.public_bytes(serialization.Encoding.PEM)


def asking(name: str = GATEWAY) -> x509.CertificateSigningRequestBuilder:
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))


def refusal(request: bytes, name: str = GATEWAY) -> Reason:
    with pytest.raises(Refused) as refused:
        certificates.check_request(request, name)
    return refused.value.reason


def test_a_device_s_own_request_is_accepted() -> None:
    assert certificates.check_request(certificates.request(KEY, GATEWAY), GATEWAY).public_key() == KEY.public_key()


def test_another_name_is_refused() -> None:
    assert refusal(certificates.request(KEY, OTHER)) is Reason.OTHER_NAME


def test_two_names_are_refused() -> None:
    both = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in (GATEWAY, OTHER)])
    assert refusal(pem(x509.CertificateSigningRequestBuilder().subject_name(both).sign(KEY, hashes.SHA256()))) is Reason.OTHER_NAME


@pytest.mark.parametrize("name", ["#", "+", "ingest-0", "root", "a/b", GATEWAY.upper() + "g", ""])
def test_a_name_that_is_no_gateway_and_no_worker_is_refused_even_when_claimed(name: str) -> None:
    request = certificates.request(KEY, name or " ")
    assert refusal(request, name or " ") is Reason.OTHER_NAME


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP224R1()), rsa.generate_private_key(65537, 2048)])
def test_a_weak_or_foreign_key_is_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    assert refusal(pem(asking().sign(key, hashes.SHA256()))) is Reason.WEAK_KEY


def test_a_request_to_be_an_authority_is_refused() -> None:
    wants = asking().add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    assert refusal(pem(wants.sign(KEY, hashes.SHA256()))) is Reason.WANTS_AUTHORITY


def test_a_request_for_further_names_is_refused() -> None:
    wants = asking().add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    assert refusal(pem(wants.sign(KEY, hashes.SHA256()))) is Reason.WANTS_MORE


def test_a_request_signed_by_another_key_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    ours, theirs = (key.public_key().public_bytes(serialization.Encoding.DER, info) for key in (KEY, other))
    forged = asking().sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER).replace(ours, theirs)
    assert refusal(pem(x509.load_der_x509_csr(forged))) is Reason.BAD_SIGNATURE


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_as_unreadable(junk: bytes) -> None:
    assert refusal(junk) is Reason.UNREADABLE


def authority() -> Issuer:
    return Issuer(certificates.root(KEY.public_key(), NOW, 1).sign(KEY, hashes.SHA256()), NOW, 2)


def test_a_gateway_s_certificate_says_its_name_and_client_only_for_thirty_days() -> None:
    csr = certificates.check_request(certificates.request(KEY, GATEWAY), GATEWAY)
    certificate = certificates.client(csr, GATEWAY, authority()).sign(KEY, hashes.SHA256())
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [GATEWAY]
    assert list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc == NOW + timedelta(days=30)
    assert certificate.not_valid_before_utc < NOW


def test_a_server_s_certificate_names_hosts_and_addresses() -> None:
    certificate = certificates.server(KEY.public_key(), ("localhost", "127.0.0.1"), authority()).sign(KEY, hashes.SHA256())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_issuing_authority_signs_no_authorities() -> None:
    issuing = certificates.issuing(KEY.public_key(), authority()).sign(KEY, hashes.SHA256())
    constraints = issuing.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
