"""How a gateway gets its identity for a claim, and keeps it: `enrol` once, `keep_renewed` beside the line."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from edge.gateway.est_client import EnrolmentFailed, EstClient, csr_der, validity
from edge.gateway.renewal import NotNow, check_still_valid, is_due
from provisioning import secret_files
from provisioning.claims import ClaimCode
from provisioning.keystore import AUTHORITY, CERTIFICATE, KEY, FileKeystore, KeystoreError

log = structlog.get_logger()

LOOK_SECONDS = 3600.0
RETRY_SECONDS = 900.0


class AlreadyEnrolled(Exception):
    """The gateway has an identity: reset it before it gets another."""


def enrol(identity: Path, claim: ClaimCode, url: str, authority: Path, clock: Callable[[], datetime]) -> x509.Certificate:
    """Make this gateway's key, if it has none yet, and get its certificate for a claim; return it.

    Safe to call again after a failure, with the same claim: the key stays, and the server gives that key the same answer.

    Raises:
        AlreadyEnrolled: there is a certificate.
        EnrolmentFailed: no certificate came, or not a right one.
        KeystoreError: there is a key, but not one that can be used.
    """
    if (identity / CERTIFICATE).exists():
        raise AlreadyEnrolled(f"{identity} holds a certificate already: reset this gateway before it enrols again")
    root = _root(authority)
    secret_files.make_folder(identity)
    keystore = FileKeystore.open(identity) if (identity / KEY).exists() else FileKeystore.make(identity)
    with EstClient(url, authority, clock, root.not_valid_before_utc) as server:
        certificate = server.enrol(claim, csr_der(keystore.request(claim.gateway.hex)))
        return _take(keystore, certificate, server, root, claim.gateway.hex)


def renew(identity: Path, url: str, clock: Callable[[], datetime]) -> x509.Certificate:
    """Get a new certificate for the same key while the old one holds; return it.

    The key stays: what lies on the gateway's disk is wrapped by it.

    Raises:
        EnrolmentFailed: no certificate came, or not a right one; the old one stays.
        KeystoreError: not enrolled.
    """
    keystore = FileKeystore.open(identity)
    old = _own(identity)
    authority = identity / AUTHORITY
    name = str(old.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    with EstClient(url, authority, clock, validity(old).since, identity) as server:
        certificate = server.reenrol(csr_der(keystore.request(name)))
        return _take(keystore, certificate, server, _root(authority), name)


async def keep_renewed(
    identity: Path, url: str, clock: Callable[[], datetime], wait: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> x509.Certificate:
    """Wait until the certificate is due, renew it, and return the new one. A failure is logged and tried again: the old one may still hold."""
    while True:
        seconds = LOOK_SECONDS
        try:
            own = _own(identity)
            if is_due(validity(own), spread(own), clock()):
                renewed = await asyncio.to_thread(renew, identity, url, clock)
                log.info("gateway.renewed", until=renewed.not_valid_after_utc.isoformat())
                return renewed
        except (EnrolmentFailed, KeystoreError, OSError) as error:
            log.warning("gateway.renewal_failed", error=type(error).__name__)
            seconds = RETRY_SECONDS
        await wait(seconds)


def spread(certificate: x509.Certificate) -> float:
    """Return a number from 0 to 1 that is the same for the same certificate: gateways made together do not renew together."""
    return int.from_bytes(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()[:4], "big") / 2**32


def _take(keystore: FileKeystore, certificate: x509.Certificate, server: EstClient, root: x509.Certificate, name: str) -> x509.Certificate:
    """Check what came, and keep it with its issuer's certificate."""
    if [str(found.value) for found in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [name]:
        raise EnrolmentFailed("the certificate that came is for another name")
    issuer = _issuer(certificate, server.authorities, root)
    try:
        check_still_valid(server.server, validity(certificate))
        keystore.take(certificate.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM), root.public_bytes(Encoding.PEM))
    except (NotNow, KeystoreError) as error:
        raise EnrolmentFailed(str(error)) from error
    return certificate


def _issuer(certificate: x509.Certificate, authorities: list[x509.Certificate], root: x509.Certificate) -> x509.Certificate:
    """Return the authority that signed `certificate` and that our root signed; the root is the one we brought, never one that came."""
    for candidate in authorities:
        try:
            candidate.verify_directly_issued_by(root)
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return candidate
    raise EnrolmentFailed("the certificate that came is not signed by our authority")


def _root(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EnrolmentFailed(f"{path} holds no authority's certificate (PEM): bring it with the gateway") from error


def _own(identity: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate((identity / CERTIFICATE).read_bytes())
    except (OSError, ValueError) as error:
        raise KeystoreError(f"no certificate in {identity / CERTIFICATE}: enrol this gateway first") from error
