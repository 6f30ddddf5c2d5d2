"""One organisation's key of one version: it seals the bytes of single rows, each bound to its table and row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.errors import Destroyed
from protocol.errors import SealBroken

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
WIPED = 0
"""The version of a row that lay in the clear and was overwritten."""


def row(table: str, *key: bytes | int) -> bytes:
    """Return a row's identity as associated data: no two rows of any two tables give the same bytes."""
    parts = [part.to_bytes(8, "big", signed=True) if isinstance(part, int) else len(part).to_bytes(2, "big") + part for part in key]
    return b"\0".join((b"mediassist row 1", table.encode(), b"".join(parts)))


class DataKey:
    """An organisation's key, unwrapped. dice: n -> n random bytes, from the system's source.

    Nonces are random: at most 2^32 rows a key (NIST SP 800-38D, 8.3), which is why keys are renewed by age.
    """

    def __init__(self, organisation: int, version: int, key: bytes, dice: Callable[[int], bytes]) -> None:
        self.organisation = organisation
        self.version = version
        self._cipher = AESGCM(key)
        self._dice = dice

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Return nonce, ciphertext and tag: 28 bytes more than `plain`. about: the row's identity (`row`)."""
        nonce = self._dice(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return what was sealed for this row.

        Raises:
            SealBroken: altered, another row's, or under another key.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as error:
            raise SealBroken("a stored row does not open: altered, or moved from another row") from error


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys of one organisation by version, as far as they were asked for and are not destroyed."""

    keys: Mapping[int, DataKey]

    def has(self, version: int | None) -> bool:
        """Return whether rows of this version can be opened."""
        return version is None or version in self.keys

    def open(self, version: int | None, stored: bytes, about: bytes) -> bytes:
        """Return what a row says. version: of the row; None: stored in the clear, before there were data keys.

        Raises:
            Destroyed: its key is destroyed. SealBroken: altered, or another row's.
        """
        if version is None:
            return stored
        key = self.keys.get(version)
        if key is None:
            raise Destroyed("destroyed: the key of these data was destroyed on purpose, they cannot be read again")
        return key.open(stored, about)
