"""Key pairs that receive what is sealed by HPKE (RFC 9180, base mode): one port, two suites.

| suite | public | private (on disk) | sealed is longer by |
|---|---|---|---|
| `HYBRID`: ML-KEM-768 + X25519 (X-Wing), the default: what is recorded today stays secret when quantum computers come | 1,216 | 96 | 1,136 |
| `X25519` alone: for small firmware that has no ML-KEM | 32 | 32 | 48 |

Both derive by HKDF-SHA-256 and seal by AES-256-GCM. The lengths differ, so bytes say their suite, and a key's id names it too. The
library's hybrid private key has no serialiser: its bytes are the ML-KEM seed (64), then the X25519 key (32).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from protocol.errors import Malformed, SealBroken

_SEED, _X25519, _MLKEM_PUBLIC = 64, 32, 1184


class Suite(StrEnum):
    """How a secret is sealed to a key; the cipher and the key derivation are the same in both."""

    HYBRID = "mlkem768-x25519"
    X25519 = "x25519"


PUBLIC_BYTES = {Suite.HYBRID: _MLKEM_PUBLIC + _X25519, Suite.X25519: _X25519}
PRIVATE_BYTES = {Suite.HYBRID: _SEED + _X25519, Suite.X25519: _X25519}
_HPKE = {
    Suite.HYBRID: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
    Suite.X25519: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that seals. `raw`: ML-KEM-768 (1,184 bytes) and X25519 (32), or X25519 alone."""

    suite: Suite
    raw: bytes
    _key: hpke.MLKEM768X25519PublicKey | x25519.X25519PublicKey

    @property
    def id(self) -> bytes:
        """First 8 bytes of the SHA-256 of `raw`."""
        return key_id(self.raw)

    def seal(self, plain: bytes, info: bytes) -> bytes:
        """Return `plain` sealed to this key and bound to `info`.

        Raises:
            Malformed: the key is a point of small order, to which nothing can be sealed.
        """
        try:
            return _HPKE[self.suite].encrypt(plain, self._key, info)
        except ValueError as error:
            raise Malformed("nothing can be sealed to this key: a point of small order") from error


class PrivateKey:
    """The half that opens."""

    def __init__(self, secret: bytes) -> None:
        """Take what `secret_bytes` gave.

        Raises:
            Malformed: neither 96 bytes (hybrid) nor 32 (X25519).
        """
        self.suite = _suite_of(secret, PRIVATE_BYTES, "private")
        self._secret = secret
        self._key, raw = _hybrid(secret) if self.suite is Suite.HYBRID else _x25519_alone(secret)
        self.public = load_public(raw)

    @classmethod
    def generate(cls, suite: Suite = Suite.HYBRID) -> Self:
        """Make a new key pair, from the library's source of randomness."""
        curve = x25519.X25519PrivateKey.generate().private_bytes_raw()
        return cls(mlkem.MLKEM768PrivateKey.generate().private_bytes_raw() + curve if suite is Suite.HYBRID else curve)

    @property
    def id(self) -> bytes:
        """First 8 bytes of the SHA-256 of the public half."""
        return self.public.id

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was sealed to this key and bound to `info`.

        Raises:
            SealBroken: sealed to another key or by another suite, bound to something else, or altered.
        """
        try:
            return _HPKE[self.suite].decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("not sealed to this key, bound to something else, or altered") from error

    def secret_bytes(self) -> bytes:
        """Return the private half: for a key file alone."""
        return self._secret


def key_id(raw: bytes) -> bytes:
    """Return the 8 bytes by which an opening names the key that it is sealed to."""
    return hashlib.sha256(raw).digest()[:8]


def load_public(raw: bytes) -> PublicKey:
    """Read a public half.

    Raises:
        Malformed: neither 1,216 bytes (hybrid) nor 32 (X25519), or no point of the two key spaces.
    """
    suite = _suite_of(raw, PUBLIC_BYTES, "public")
    try:
        curve = x25519.X25519PublicKey.from_public_bytes(raw[-_X25519:])
        if suite is Suite.X25519:
            return PublicKey(suite, raw, curve)
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC])
        return PublicKey(suite, raw, hpke.MLKEM768X25519PublicKey(lattice, curve))
    except ValueError as error:
        raise Malformed("not the public half of a sealing key") from error


def _suite_of(data: bytes, lengths: dict[Suite, int], half: str) -> Suite:
    for suite, length in lengths.items():
        if len(data) == length:
            return suite
    known = " or ".join(f"{length} ({suite})" for suite, length in lengths.items())
    raise Malformed(f"a sealing key's {half} half has {known} bytes, not {len(data)}")


def _hybrid(secret: bytes) -> tuple[hpke.MLKEM768X25519PrivateKey, bytes]:
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(secret[:_SEED])
    curve = x25519.X25519PrivateKey.from_private_bytes(secret[_SEED:])
    raw = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(lattice, curve), raw


def _x25519_alone(secret: bytes) -> tuple[x25519.X25519PrivateKey, bytes]:
    curve = x25519.X25519PrivateKey.from_private_bytes(secret)
    return curve, curve.public_key().public_bytes_raw()
