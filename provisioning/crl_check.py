"""May a revocation list take the place of the present one, and how fresh is it? Decided here, done elsewhere (pure).

A file of lists is PEM, one list for each issuing authority (two while one takes over from the other). mosquitto asks for a list of a client's
own issuer only; measured on 2.0.11: without one, or past its `nextUpdate`, everybody is refused, and a file that it cannot read at SIGHUP
makes it forget who is revoked. So a list is judged here before the broker may see it.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

_PEM = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_AGEING = 2 / 3


class Fault(Enum):
    """Why a list may not be put in place."""

    UNREADABLE = "unreadable"
    STRANGER = "stranger"
    EXPIRED = "expired"
    OLDER = "older"
    LESS = "less"


class ListRefused(Exception):
    """This list must not reach a broker: keep the present one, have the authority sign another; `fault` says why."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class Freshness(Enum):
    """How much of a list's life is left. AGEING is an alarm: the next one should have been signed at half of it. EXPIRED: the broker lets nobody in."""

    FRESH = "fresh"
    AGEING = "ageing"
    EXPIRED = "expired"


def read(pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the lists in a file.

    Raises:
        ListRefused: UNREADABLE: there is none, or what stands there is none.
    """
    try:
        lists = tuple(x509.load_pem_x509_crl(block) for block in _PEM.findall(pem))
        dated = all(one.next_update_utc is not None and _number(one) is not None for one in lists)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ListRefused(Fault.UNREADABLE, f"no revocation list in PEM: {error}") from error
    if not lists or not dated or pem.count(b"-----BEGIN") != len(lists):
        raise ListRefused(Fault.UNREADABLE, "not a file of revocation lists in PEM, each with a number and a next update")
    return lists


def check(pem: bytes, issuers: Sequence[x509.Certificate], present: bytes | None, now: datetime) -> frozenset[int]:
    """Return the revoked serial numbers of a file of lists that may take the place of `present` (PEM, None: there is none yet).

    issuers: the authorities whose certificates are in use; each must have a list, and nobody else may.

    Raises:
        ListRefused: unreadable, signed by a stranger, past or before its time, with a smaller number than the present one, or without a list
            of one of the issuers.
    """
    lists = read(pem)
    for one in lists:
        if not any(_signed(one, issuer) for issuer in issuers):
            raise ListRefused(Fault.STRANGER, f"a list of {one.issuer.rfc4514_string()} is not signed by our authority")
        if not one.last_update_utc <= now < _end(one):
            raise ListRefused(
                Fault.EXPIRED, f"a list is for {one.last_update_utc} to {_end(one)}, it is {now}: sign another, or set the clock"
            )
    numbers = {one.issuer: _number(one) or 0 for one in lists}
    for issuer in issuers:
        if issuer.subject not in numbers:
            raise ListRefused(Fault.LESS, f"there is no list of {issuer.subject.rfc4514_string()}: its certificates would all be refused")
    for one in read(present) if present else ():
        if numbers.get(one.issuer, 0) < (_number(one) or 0) and any(issuer.subject == one.issuer for issuer in issuers):
            raise ListRefused(
                Fault.OLDER, f"list {numbers[one.issuer]} of {one.issuer.rfc4514_string()} is older than {_number(one)}, which is in place"
            )
    return frozenset(revoked.serial_number for one in lists for revoked in one)


def crl_alarm(pem: bytes, now: datetime) -> Freshness:
    """Return how fresh a file of lists is: AGEING after two thirds of the life of any of them, EXPIRED when one is over or unreadable."""
    try:
        spent = max(_spent(one, now) for one in read(pem))
    except ListRefused:
        return Freshness.EXPIRED
    if spent >= 1:
        return Freshness.EXPIRED
    return Freshness.AGEING if spent >= _AGEING else Freshness.FRESH


def _signed(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    return one.issuer == issuer.subject and isinstance(key, ec.EllipticCurvePublicKey) and one.is_signature_valid(key)


def _number(one: x509.CertificateRevocationList) -> int | None:
    try:
        return one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _end(one: x509.CertificateRevocationList) -> datetime:
    end = one.next_update_utc
    assert end is not None
    return end


def _spent(one: x509.CertificateRevocationList, now: datetime) -> float:
    life = _end(one) - one.last_update_utc
    return (now - one.last_update_utc) / life if life.total_seconds() > 0 else 1.0
