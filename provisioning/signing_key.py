"""The authority's keys, used without being shown: the ports, their errors, and how the X.509 builders sign with them.

`SigningKey` signs; `SigningKeys` is where such keys live and are made: files (`provisioning.file_signing_keys`), a PKCS#11 token
(`provisioning.pkcs11_signing_keys`), or a cloud's key management, which offers the same two operations. Every key is ECDSA P-256.
"""

from typing import Any, Protocol, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class SigningKeyError(Exception):
    """A key of the authority cannot be used; the message names it and says what to do."""


class KeyMissing(SigningKeyError):
    """There is no key of this name."""


class KeyExists(SigningKeyError):
    """There is a key of this name already; it is never overwritten."""


class KeyUnusable(SigningKeyError):
    """The key is there and cannot be opened: wrong passphrase or PIN, wrong rights, or another kind of key."""


class SigningKey(Protocol):
    """One private key."""

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half, on the curve P-256."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA P-256 signature (SHA-256, DER) over `data`."""
        ...


class SigningKeys(Protocol):
    """A place where signing keys live under names (`root`, `issuing`, `issuing-2`, ...)."""

    def make(self, name: str) -> SigningKey:
        """Make the key `name`, durable before this returns.

        Raises:
            KeyExists: there is one already.
            KeyUnusable: the place refuses.
        """
        ...

    def open(self, name: str) -> SigningKey:
        """Return the key `name`.

        Raises:
            KeyMissing: there is none.
            KeyUnusable: it cannot be opened.
        """
        ...


class X509Key(ec.EllipticCurvePrivateKey):
    """A signing key in the form that cryptography's builders of certificates, revocation lists and status answers take.

    It signs with SHA-256 and does nothing else: whoever asks for the private half is told that it is not to be had.
    """

    def __init__(self, key: SigningKey) -> None:
        self._signs = key

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the signature over `data`; only ECDSA with SHA-256 is to be had."""
        if not isinstance(signature_algorithm, ec.ECDSA) or not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise UnsupportedAlgorithm("the authority signs by ECDSA with SHA-256 only")
        return self._signs.sign(bytes(data))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._signs.public_key

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._signs.public_key.curve

    @property
    def key_size(self) -> int:
        """256."""
        return self._signs.public_key.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refuse: this key agrees on no secrets."""
        del algorithm, peer_public_key
        raise UnsupportedAlgorithm("an authority's key signs and does nothing else")

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refuse: the private half stays where it is."""
        raise UnsupportedAlgorithm("the private half of an authority's key is not to be had")

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,  # noqa: A002
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> bytes:
        """Refuse: the private half stays where it is."""
        del encoding, format, encryption_algorithm
        raise UnsupportedAlgorithm("the private half of an authority's key is not to be had")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def make_or_open(keys: SigningKeys, name: str) -> SigningKey:
    """Return a key for a certificate that does not exist yet: a new one, or the one that an interrupted attempt left behind."""
    try:
        return keys.make(name)
    except KeyExists:
        return keys.open(name)
