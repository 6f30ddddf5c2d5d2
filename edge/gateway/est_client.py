"""The gateway's half of EST (RFC 7030) over HTTPS: the authorities, a first certificate for a claim, a new one for the old."""

import base64
import binascii
import http.client
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from edge.gateway.renewal import NotNow, Validity, moment_to_try
from provisioning.claims import ClaimCode
from provisioning.keystore import CERTIFICATE, KEY

_PATH = "/.well-known/est"
_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: chain, signatures and host name are still verified
_LARGEST = 65536


class EnrolmentFailed(Exception):
    """No certificate came; the message says why. Try again later, unless it is a `Refusal`."""


class Refusal(EnrolmentFailed):
    """The server knows us and says no: the message is its reason; a person has to look."""


class EstClient:
    """One connection to one enrolment server, for a `with` block. Blocking: use it on a thread.

    url: "https://enrol.example:8443". authority: file with the root's certificate, the only one believed. identity: folder with the old key
    and certificate, for renewal. passed: a moment that is over for certain. In the block, `authorities` are the certificates that the server
    says are its authorities', and `server` is how long its own certificate holds.

    Raises (on entering):
        EnrolmentFailed: no answer, or from nobody that is to be believed; nothing was shown to it.
    """

    def __init__(
        self, url: str, authority: Path, clock: Callable[[], datetime], passed: datetime, identity: Path | None = None, wait_s: float = 30.0
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/"):
            raise EnrolmentFailed(f"{url!r} is no server's address: https://HOST:PORT")
        self._host, self._port = parts.hostname, parts.port or 443
        self._authority = authority
        self._identity = identity
        self._clock = clock
        self._passed = passed
        self._wait_s = wait_s

    def __enter__(self) -> Self:
        with self._failures():
            try:
                said = self._connect(self._context())
            except ssl.SSLCertVerificationError as error:
                if error.verify_code != _NOT_YET_VALID:
                    raise
                lenient = self._context()
                lenient.verify_flags |= _NO_CHECK_TIME
                said = self._connect(lenient)
            try:
                moment_to_try(self.server, self._clock(), self._passed, said)
            except NotNow:
                self._connection.close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def enrol(self, claim: ClaimCode, csr: bytes) -> x509.Certificate:
        """Return the certificate for a claim. csr: DER.

        Raises:
            EnrolmentFailed: no answer. Refusal: the server's reason.
        """
        shown = base64.b64encode(f"{claim.name}:{claim.password}".encode()).decode()
        return self._post("simpleenroll", csr, {"Authorization": f"Basic {shown}"})

    def reenrol(self, csr: bytes) -> x509.Certificate:
        """Return a new certificate for the old one's key and name. csr: DER.

        Raises:
            EnrolmentFailed: no answer. Refusal: the server's reason.
        """
        return self._post("simplereenroll", csr, {})

    def _post(self, what: str, csr: bytes, headers: dict[str, str]) -> x509.Certificate:
        headers = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64", **headers}
        with self._failures():
            self._connection.request("POST", f"{_PATH}/{what}", base64.encodebytes(csr), headers)
            return self._certificates(self._connection.getresponse())[0]

    def _connect(self, context: ssl.SSLContext) -> datetime | None:
        """Connect, ask for the authorities, and return the moment that the server says."""
        self._connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._wait_s, context=context)
        try:
            self._connection.connect()
            assert isinstance(self._connection.sock, ssl.SSLSocket)
            shown = self._connection.sock.getpeercert(binary_form=True)
            assert shown is not None
            self.server = validity(x509.load_der_x509_certificate(shown))
            self._connection.request("GET", f"{_PATH}/cacerts")
            response = self._connection.getresponse()
            self.authorities = self._certificates(response)
        except BaseException:
            self._connection.close()
            raise
        try:
            return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
        except (TypeError, ValueError):
            return None

    def _certificates(self, response: http.client.HTTPResponse) -> list[x509.Certificate]:
        told = response.read(_LARGEST)
        if response.status != http.HTTPStatus.OK:
            kind = Refusal if response.status in {400, 401, 403} else EnrolmentFailed
            raise kind(told.decode("utf-8", "replace").strip()[:300] or f"status {response.status}")
        try:
            return pkcs7.load_der_pkcs7_certificates(base64.b64decode(b"".join(told.split()), validate=True))
        except (binascii.Error, ValueError) as error:
            raise EnrolmentFailed("the server's answer holds no certificates") from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._identity is not None:
            context.load_cert_chain(self._identity / CERTIFICATE, self._identity / KEY)
        return context

    @contextmanager
    def _failures(self) -> Generator[None]:
        try:
            yield
        except ssl.SSLError as error:
            raise EnrolmentFailed(f"{self._host}:{self._port} is not to be believed: {error.reason or error}") from error
        except NotNow as error:
            raise EnrolmentFailed(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise EnrolmentFailed(f"{self._host}:{self._port} does not answer: {type(error).__name__}: {error}") from error


def validity(certificate: x509.Certificate) -> Validity:
    """Return from when until when a certificate holds."""
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def csr_der(pem: bytes) -> bytes:
    """Return a signing request (PEM) as DER."""
    return x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
