"""Which certificates are taken back, and how that is said: revocation lists (RFC 5280) and status answers (RFC 6960) (pure).

Each builder takes the moment (UTC) and the number as arguments; signing happens elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from provisioning.certificates import certificate_id

_DER = serialization.Encoding.DER
LIST_LIFE = timedelta(days=7)
ROOT_LIST_LIFE = timedelta(days=365)
ANSWER_LIFE = timedelta(hours=1)
_EARLIER = timedelta(minutes=10)
"""A list is valid a little before it was made: a broker whose clock is behind must not shut everybody out."""
_LISTED_AFTER_END = timedelta(days=30)
"""How long a revoked certificate stays on the list after its own end, for verifiers whose clocks are behind."""


class RevocationReason(Enum):
    """Why a certificate was taken back, in RFC 5280's words."""

    KEY_COMPROMISE = "keyCompromise"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    AFFILIATION_CHANGED = "affiliationChanged"


_FLAGS = {
    RevocationReason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    RevocationReason.SUPERSEDED: x509.ReasonFlags.superseded,
    RevocationReason.CESSATION_OF_OPERATION: x509.ReasonFlags.cessation_of_operation,
    RevocationReason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was given out. `id`, `issuer`: 8 bytes each, as `certificates.certificate_id`; `until`: its end (UTC)."""

    id: bytes
    issuer: bytes
    serial: int
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate that was taken back at `at` (UTC), for ever."""

    certificate: Issued
    at: datetime
    reason: RevocationReason


def revocation_list(
    revocations: Iterable[Revocation], issuer: x509.Certificate, number: int, now: datetime, life: timedelta
) -> x509.CertificateRevocationListBuilder:
    """Return the list of what `issuer` signed and took back, ready to be signed by it.

    number: greater than that of any list of this issuer before. What ended 30 days ago is left out.
    """
    mine = certificate_id(issuer)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder(issuer.subject, now - _EARLIER, now + life)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    for revoked in revocations:
        if revoked.certificate.issuer == mine and revoked.certificate.until + _LISTED_AFTER_END > now:
            builder = builder.add_revoked_certificate(_entry(revoked))
    return builder


def _entry(revoked: Revocation) -> x509.RevokedCertificate:
    reason = x509.CRLReason(_FLAGS[revoked.reason])
    return x509.RevokedCertificateBuilder(revoked.certificate.serial, revoked.at).add_extension(reason, critical=False).build()


def number_of(crl: x509.CertificateRevocationList) -> int:
    """Return a list's number."""
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def needs_signing(crl: x509.CertificateRevocationList, now: datetime) -> bool:
    """Say whether half of a list's life is over: a list past its end shuts everybody out, so its successor is made well before."""
    ends = crl.next_update_utc
    return ends is None or now >= crl.last_update_utc + (ends - crl.last_update_utc) / 2


def lists_all(crl: x509.CertificateRevocationList, revocations: Iterable[Revocation], issuer: x509.Certificate, now: datetime) -> bool:
    """Say whether `crl`, a list of `issuer`, holds whatever a list made at `now` would hold."""
    mine = certificate_id(issuer)
    return all(
        crl.get_revoked_certificate_by_serial_number(revoked.certificate.serial) is not None
        for revoked in revocations
        if revoked.certificate.issuer == mine and revoked.certificate.until + _LISTED_AFTER_END > now
    )


@dataclass(frozen=True, slots=True)
class Question:
    """Which certificate a status request asks about: its issuer's hashes by `algorithm`, its serial number, and the asker's nonce."""

    issuer_name_hash: bytes
    issuer_key_hash: bytes
    algorithm: hashes.HashAlgorithm
    serial: int
    nonce: bytes | None


def read_question(request: bytes) -> Question | None:
    """Read an OCSP request (DER); None if it is none, or asks about several certificates."""
    try:
        asked = ocsp.load_der_ocsp_request(request)
        nonces = [extension.value.nonce for extension in asked.extensions if isinstance(extension.value, x509.OCSPNonce)]
        algorithm = asked.hash_algorithm
        return Question(asked.issuer_name_hash, asked.issuer_key_hash, algorithm, asked.serial_number, nonces[0] if nonces else None)
    except (ValueError, RuntimeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return None


def question_about(serial: int, issuer: x509.Certificate) -> Question:
    """Return the question whose answer tells of the certificate `serial` of `issuer`."""
    name_hash, key_hash = _hashes(issuer, hashes.SHA256())
    return Question(name_hash, key_hash, hashes.SHA256(), serial, None)


def asks_about(question: Question, issuer: x509.Certificate) -> bool:
    """Say whether the question is about a certificate that `issuer` would have signed."""
    return _hashes(issuer, question.algorithm) == (question.issuer_name_hash, question.issuer_key_hash)


def _hashes(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Return the hashes by which OCSP names an issuer: of its name (DER), and of its public key's point."""
    key = issuer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return _hash(issuer.subject.public_bytes(), algorithm), _hash(point, algorithm)


def _hash(content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()


def answer(
    question: Question, issuer: x509.Certificate, known: Issued | None, taken_back: Revocation | None, now: datetime
) -> ocsp.OCSPResponseBuilder:
    """Return the answer to `question`, ready to be signed by `issuer`: good, revoked (since when and why), or unknown.

    known, taken_back: what the authority's lists say of the serial number. Good means: given out by this issuer and not taken back;
    whether it ended, its own dates say.
    """
    status = ocsp.OCSPCertStatus.UNKNOWN
    if known is not None and known.issuer == certificate_id(issuer):
        status = ocsp.OCSPCertStatus.REVOKED if taken_back else ocsp.OCSPCertStatus.GOOD
    told = taken_back if status is ocsp.OCSPCertStatus.REVOKED else None
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            question.issuer_name_hash,
            question.issuer_key_hash,
            question.serial,
            question.algorithm,
            status,
            now,
            now + ANSWER_LIFE,
            told.at if told else None,
            _FLAGS[told.reason] if told else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    )
    return builder if question.nonce is None else builder.add_extension(x509.OCSPNonce(question.nonce), critical=False)


def cannot_answer(*, readable: bool) -> bytes:
    """Return the unsigned answer (DER) to a question that is unreadable, or about no certificate of ours."""
    why = ocsp.OCSPResponseStatus.UNAUTHORIZED if readable else ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    return ocsp.OCSPResponseBuilder.build_unsuccessful(why).public_bytes(_DER)
