"""A device's own key: it signs, and it wraps what lies on the device's disk; the key itself never leaves.

`Keystore` is the port; `FileKeystore` keeps an ECDSA P-256 key in `key.pem` (mode 0600), with the certificate in `cert.pem` and the
authority's in `ca.pem` beside it. Those three files are what TLS libraries ask for.
"""

import os
from pathlib import Path
from typing import Protocol, Self

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.errors import SealBroken
from provisioning import secret_files
from provisioning.certificates import certificate_id, request

KEY, CERTIFICATE, AUTHORITY = "key.pem", "cert.pem", "ca.pem"
_WRAPPING = b"mediassist keystore wrap 1"
_NONCE = 12


class KeystoreError(Exception):
    """The device's key or certificate is not there, or not what it should be: the message says which file."""


class Keystore(Protocol):
    """One device's private key, used without being shown."""

    @property
    def certificate_id(self) -> bytes:
        """First 8 bytes of the SHA-256 of the device's certificate (DER)."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA P-256 signature (SHA-256, DER) over `data`."""
        ...

    def wrap(self, plain: bytes, about: bytes) -> bytes:
        """Return `plain` encrypted for this device alone; `about` must be given again, unchanged, to unwrap."""
        ...

    def unwrap(self, sealed: bytes, about: bytes) -> bytes:
        """Return what was wrapped about `about`.

        Raises:
            SealBroken: altered, from another device, or about something else.
        """
        ...


class FileKeystore:
    """A keystore whose key lies in a file that only its owner reads."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
        self.folder = folder
        self._key = key
        self._cipher = AESGCM(_wrapping_key(key))
        self._certificate_id: bytes | None = None

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Make a new key in `folder`.

        Raises:
            FileExistsError: there is a key already.
        """
        secret_files.make_folder(folder)
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        secret_files.write_once(folder / KEY, pem)
        return cls(folder, key)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the key in `folder`.

        Raises:
            KeystoreError: no key there, one that others may read, or no ECDSA P-256 key.
        """
        path = folder / KEY
        try:
            if path.stat().st_mode & 0o077:
                raise KeystoreError(f"{path} may be read by others: set its mode to 0600, or make a new key and enrol again")
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except FileNotFoundError as error:
            raise KeystoreError(f"no device key in {path}: enrol this device first") from error
        except ValueError as error:
            raise KeystoreError(f"{path} is no private key in PEM") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeystoreError(f"{path} is no ECDSA P-256 key")
        return cls(folder, key)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._key.public_key()

    @property
    def certificate_id(self) -> bytes:
        """First 8 bytes of the SHA-256 of the certificate (DER) in `cert.pem`.

        Raises:
            KeystoreError: not enrolled, or the certificate is another key's.
        """
        if self._certificate_id is None:
            self._certificate_id = certificate_id(self._own_certificate())
        return self._certificate_id

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA P-256 signature (SHA-256, DER) over `data`."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    def wrap(self, plain: bytes, about: bytes) -> bytes:
        """Return nonce (12 random bytes) and AES-256-GCM ciphertext of `plain`, bound to `about`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def unwrap(self, sealed: bytes, about: bytes) -> bytes:
        """Return what was wrapped about `about`.

        Raises:
            SealBroken: altered, from another device, or about something else.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("wrapped by another device, about something else, or altered on disk") from error

    def request(self, name: str) -> bytes:
        """Return a certificate signing request (PEM) for the name `name`."""
        return request(self._key, name)

    def take(self, certificate: bytes, authority: bytes) -> None:
        """Keep the certificate and the authority's certificate (both PEM) that enrolment returned.

        Raises:
            KeystoreError: the certificate is for another key.
        """
        self._check(x509.load_pem_x509_certificate(certificate))
        secret_files.replace(self.folder / AUTHORITY, authority)
        secret_files.replace(self.folder / CERTIFICATE, certificate)
        self._certificate_id = None

    def _own_certificate(self) -> x509.Certificate:
        path = self.folder / CERTIFICATE
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except FileNotFoundError as error:
            raise KeystoreError(f"no certificate in {path}: enrol this device first") from error
        except ValueError as error:
            raise KeystoreError(f"{path} is no certificate in PEM") from error
        self._check(certificate)
        return certificate

    def _check(self, certificate: x509.Certificate) -> None:
        if certificate.public_key() != self.public_key:
            raise KeystoreError(f"the certificate is for another key than the one in {self.folder / KEY}")


def _wrapping_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    return HKDF(hashes.SHA256(), 32, None, _WRAPPING).derive(secret)
