"""What a certificate may say: names, keys, uses and lifetimes, decided here and signed elsewhere (pure).

Each builder takes the moment (UTC) and the serial number as arguments. Every key is ECDSA P-256; every signature is ECDSA-SHA256.
"""

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANISATION = "MediAssist"
GATEWAY_LIFE = timedelta(days=30)
PROGRAM_LIFE = timedelta(days=90)
AUTHORITY_LIFE = timedelta(days=3650)
_EARLIER = timedelta(minutes=10)
"""A certificate is valid a little before it was made: a gateway's clock may be behind the authority's."""

_GATEWAY = re.compile(r"[0-9a-f]{32}")
_WORKER = re.compile(r"ingest-[1-9][0-9]{0,5}")


class Reason(Enum):
    """Why a request was refused: the word for the audit line and for the device's screen."""

    UNREADABLE = "unreadable"
    BAD_SIGNATURE = "bad_signature"
    WEAK_KEY = "weak_key"
    OTHER_NAME = "other_name"
    WANTS_AUTHORITY = "wants_authority"
    WANTS_MORE = "wants_more"


class Refused(Exception):
    """The request asks for what its sender may not have: nothing was signed; `reason` goes into the audit line."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority's certificate and the moment and serial number at which it signs."""

    certificate: x509.Certificate
    now: datetime
    serial: int


def certificate_id(certificate: x509.Certificate) -> bytes:
    """Return the 8 bytes by which a certificate is named in openings and tables: the start of the SHA-256 of its DER."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()[:8]


def request(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """Return a signing request (PEM) for the common name `name` and nothing else."""
    csr = x509.CertificateSigningRequestBuilder().subject_name(_subject(name)).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM)


def check_request(pem: bytes, name: str) -> x509.CertificateSigningRequest:
    """Return the request if it asks for a certificate for `name` with a sound key, and for nothing else.

    name: whom the claim belongs to: a gateway's id (32 hexadecimal digits) or a worker's ("ingest-1").

    Raises:
        Refused: with the reason; what a request says beyond its name and key is never copied into a certificate.
    """
    try:
        csr = x509.load_pem_x509_csr(pem)
        key = csr.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused(Reason.UNREADABLE, "not a certificate signing request in PEM, or of an unknown kind of key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused(Reason.WEAK_KEY, "the key must be ECDSA on the curve P-256")
    if not isinstance(csr.signature_hash_algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512) or not csr.is_signature_valid:
        raise Refused(Reason.BAD_SIGNATURE, "the request is not signed by its own key: whoever sent it may not hold that key")
    names = [attribute.value for attribute in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [name] or not (_GATEWAY.fullmatch(name) or _WORKER.fullmatch(name)):
        raise Refused(Reason.OTHER_NAME, f"the request is for {names}, the claim for {name!r}")
    _check_extensions(csr)
    return csr


def _check_extensions(csr: x509.CertificateSigningRequest) -> None:
    try:
        extensions = list(csr.extensions)
    except (ValueError, x509.DuplicateExtension) as error:
        raise Refused(Reason.UNREADABLE, "the request's extensions cannot be read") from error
    for extension in extensions:
        said = extension.value
        if isinstance(said, x509.BasicConstraints) and said.ca:
            raise Refused(Reason.WANTS_AUTHORITY, "the request asks to be an authority")
        if isinstance(said, x509.KeyUsage) and (said.key_cert_sign or said.crl_sign):
            raise Refused(Reason.WANTS_AUTHORITY, "the request asks to sign certificates")
        raise Refused(Reason.WANTS_MORE, f"the request asks for more than a name: {extension.oid.dotted_string}")


def root(key: ec.EllipticCurvePublicKey, now: datetime, serial: int) -> x509.CertificateBuilder:
    """Return the root authority's certificate, ready to be signed by its own key; it signs one level of authorities."""
    subject = _subject("MediAssist root")
    return _authority(_builder((subject, subject), key, now, serial, AUTHORITY_LIFE), path_length=1)


def issuing(key: ec.EllipticCurvePublicKey, by: Issuer, generation: int = 1) -> x509.CertificateBuilder:
    """Return an issuing authority's certificate; it signs devices, programs and their status, no authorities.

    generation: 1 for the first, one more at each rotation; each has a name of its own, by which verifiers find its revocation list.
    """
    return _authority(_of(_subject(f"MediAssist issuing {generation}"), key, by, AUTHORITY_LIFE / 2), path_length=0)


def needs_rotation(issuing: x509.Certificate, now: datetime) -> bool:
    """Say whether an issuing authority is in the last fifth of its life: its successor is made well before its end."""
    life = issuing.not_valid_after_utc - issuing.not_valid_before_utc
    return now >= issuing.not_valid_after_utc - life / 5


def client(csr: x509.CertificateSigningRequest, name: str, by: Issuer, life: timedelta = GATEWAY_LIFE) -> x509.CertificateBuilder:
    """Return a gateway's or worker's certificate: TLS client only, its common name is its user name at the broker.

    csr: as `check_request` returned it for the same name; only its key is taken.
    life: at most 90 days, and cut to the end of the issuing authority.

    Raises:
        ValueError: a longer life, or the issuing authority has ended.
    """
    if life > PROGRAM_LIFE:
        raise ValueError(f"a certificate lives {PROGRAM_LIFE.days} days at most, not {life.days}")
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return _leaf(_of(_subject(name), key, by, life), ExtendedKeyUsageOID.CLIENT_AUTH)


def server(key: ec.EllipticCurvePublicKey, hosts: tuple[str, ...], by: Issuer, life: timedelta = PROGRAM_LIFE) -> x509.CertificateBuilder:
    """Return the broker's certificate: TLS server only, for these host names and addresses."""
    names = x509.SubjectAlternativeName([_host(host) for host in hosts])
    return _leaf(_of(_subject(hosts[0]), key, by, life), ExtendedKeyUsageOID.SERVER_AUTH).add_extension(names, critical=False)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    names: tuple[x509.Name, x509.Name], key: ec.EllipticCurvePublicKey, now: datetime, serial: int, life: timedelta
) -> x509.CertificateBuilder:
    subject, issuer = names
    return (
        x509.CertificateBuilder(issuer, subject, key, serial)
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _of(subject: x509.Name, key: ec.EllipticCurvePublicKey, by: Issuer, life: timedelta) -> x509.CertificateBuilder:
    identifier = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    left = by.certificate.not_valid_after_utc - by.now
    builder = _builder((subject, by.certificate.subject), key, by.now, by.serial, min(life, left))
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)


def _authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        _usage(certificates=True), critical=True
    )


def _leaf(builder: x509.CertificateBuilder, use: x509.ObjectIdentifier) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
