"""The cloud's ingest key: the hybrid ML-KEM-768 + X25519 key pair to which every epoch's opening is sealed (HPKE, RFC 9180).

The library's hybrid private key has no serialiser; on disk are its two halves, the ML-KEM seed (64 bytes) and the X25519 key (32 bytes),
in `ingest.key` (mode 0600), and its public half (1,184 + 32 bytes) in `ingest.pub`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from protocol.errors import Malformed, SealBroken
from provisioning import secret_files

PRIVATE, PUBLIC = "ingest.key", "ingest.pub"
_SEED, _X25519, _MLKEM_PUBLIC = 64, 32, 1184
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class NoIngestKey(Exception):
    """The folder holds no ingest key, or a broken one: the message says which file."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a gateway knows of the ingest key: enough to seal to it. `raw`: ML-KEM-768 (1,184 bytes), then X25519 (32 bytes)."""

    raw: bytes
    _hybrid: hpke.MLKEM768X25519PublicKey

    @property
    def id(self) -> bytes:
        """First 8 bytes of the SHA-256 of `raw`."""
        return key_id(self.raw)

    def seal(self, plain: bytes, info: bytes) -> bytes:
        """Return `plain` sealed to this key and bound to `info` (1,136 bytes longer than `plain`)."""
        return _SUITE.encrypt(plain, self._hybrid, info)


class PrivateKey:
    """The ingest key itself; only the ingest worker opens it."""

    def __init__(self, seed: bytes, x25519_key: bytes) -> None:
        """Take the ML-KEM-768 seed (64 bytes) and the X25519 private key (32 bytes)."""
        self._mlkem = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)
        self._x25519 = x25519.X25519PrivateKey.from_private_bytes(x25519_key)
        self._hybrid = hpke.MLKEM768X25519PrivateKey(self._mlkem, self._x25519)
        self.public = load_public(self._mlkem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw())

    @property
    def id(self) -> bytes:
        """First 8 bytes of the SHA-256 of the public half."""
        return self.public.id

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was sealed to this key and bound to `info`.

        Raises:
            SealBroken: sealed to another key, bound to something else, or altered.
        """
        try:
            return _SUITE.decrypt(sealed, self._hybrid, info)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("not sealed to this ingest key, bound to something else, or altered") from error

    def secret_bytes(self) -> bytes:
        """Return the seed and the X25519 key, 96 bytes: for the key file alone."""
        return self._mlkem.private_bytes_raw() + self._x25519.private_bytes_raw()


def key_id(raw: bytes) -> bytes:
    """Return the 8 bytes by which an epoch names the ingest key it is sealed to."""
    return hashlib.sha256(raw).digest()[:8]


def generate(folder: Path) -> PrivateKey:
    """Make a new ingest key in `folder` (`ingest.key`, `ingest.pub`).

    Raises:
        FileExistsError: there is one already; losing it makes sealed messages unreadable, so it is never overwritten.
    """
    secret_files.make_folder(folder)
    key = PrivateKey(mlkem.MLKEM768PrivateKey.generate().private_bytes_raw(), x25519.X25519PrivateKey.generate().private_bytes_raw())
    secret_files.write_once(folder / PRIVATE, key.secret_bytes())
    secret_files.replace(folder / PUBLIC, key.public.raw)
    return key


def load_private(folder: Path) -> PrivateKey:
    """Open the ingest key in `folder`.

    Raises:
        NoIngestKey: no key there, one that others may read, or not 96 bytes.
    """
    path = folder / PRIVATE
    try:
        if path.stat().st_mode & 0o077:
            raise NoIngestKey(f"{path} may be read by others: set its mode to 0600 and think about who read it")
        secret = path.read_bytes()
    except FileNotFoundError as error:
        raise NoIngestKey(f"no ingest key in {path}") from error
    if len(secret) != _SEED + _X25519:
        raise NoIngestKey(f"{path} holds {len(secret)} bytes, not {_SEED + _X25519}: bring back the right one from where it is kept")
    return PrivateKey(secret[:_SEED], secret[_SEED:])


def public_bytes(key: PrivateKey | PublicKey) -> bytes:
    """Return the public half as gateways carry it (1,216 bytes)."""
    return key.public.raw if isinstance(key, PrivateKey) else key.raw


def load_public(raw: bytes) -> PublicKey:
    """Read what `public_bytes` wrote.

    Raises:
        Malformed: not 1,216 bytes, or no point of the two key spaces.
    """
    if len(raw) != _MLKEM_PUBLIC + _X25519:
        raise Malformed(f"an ingest key's public half has {_MLKEM_PUBLIC + _X25519} bytes, not {len(raw)}")
    try:
        hybrid = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]),
            x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]),
        )
    except ValueError as error:
        raise Malformed("not the public half of an ingest key") from error
    return PublicKey(raw, hybrid)
