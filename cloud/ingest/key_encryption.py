"""Secrets that the database holds are wrapped by a key-encryption key that the database never sees."""

from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.errors import SealBroken
from provisioning import secret_files

FILE = "kek.key"
_NONCE = 12


class KeyEncryption:
    """AES-256-GCM under one key-encryption key (32 bytes). dice: n -> n random bytes, from the system's source."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, secret: bytes, about: bytes, nonce: bytes) -> bytes:
        """Return a secret as the database may hold it, bound to `about`; nonce: 12 fresh random bytes."""
        return nonce + self._cipher.encrypt(nonce, secret, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """Return a secret.

        Raises:
            SealBroken: wrapped by another key, about something else, or altered.
        """
        try:
            return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], about)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("a wrapped secret does not fit this key-encryption key") from error


def make_key(folder: Path, key: bytes) -> None:
    """Write a new key-encryption key (32 random bytes) to `kek.key`, mode 0600.

    Raises:
        FileExistsError: there is one; without it no epoch in the database can be read again.
    """
    secret_files.make_folder(folder)
    secret_files.write_once(folder / FILE, key)


def open_key(folder: Path) -> KeyEncryption:
    """Open the key-encryption key.

    Raises:
        FileNotFoundError: it is not there. ValueError: it has not 32 bytes.
    """
    key = (folder / FILE).read_bytes()
    if len(key) != 32:
        raise ValueError(f"{folder / FILE} holds {len(key)} bytes, not 32")
    return KeyEncryption(key)
