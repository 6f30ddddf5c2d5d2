"""Which key to write with, which keys to read with: asked of the database each time, unwrapped by the key-encryption key.

Nothing is remembered between transactions: a key that was destroyed opens nothing a moment later, and one whose transaction was
rolled back, or that a restore has lost, seals nothing.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from cloud.data_keys import repository
from cloud.data_keys.data_key import KEY_BYTES, NONCE_BYTES, DataKey, KeyRing
from cloud.data_keys.repository import KeyRow
from cloud.database import Connection


class KeyEncryption(Protocol):
    """The key-encryption key: a file here (`cloud/ingest/key_encryption.py`), a KMS or an HSM elsewhere; it is used without being shown."""

    def wrap(self, secret: bytes, about: bytes, nonce: bytes) -> bytes:
        """Return a secret as the database may hold it, bound to `about`; nonce: 12 fresh random bytes."""
        ...

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """Return a secret.

        Raises:
            SealBroken: wrapped by another key, about something else, or altered.
        """
        ...


class DataKeys:
    """Every organisation's keys. dice: n -> n random bytes, from the system's source."""

    def __init__(self, key_encryption: KeyEncryption, dice: Callable[[int], bytes]) -> None:
        self._key_encryption = key_encryption
        self._dice = dice

    async def for_writing(self, connection: Connection, organisations: Iterable[int]) -> dict[int, DataKey]:
        """Return each organisation's newest key, made where there is none, or none younger than 7 days, or the last one is destroyed.

        Until this transaction ends nobody can destroy these organisations' keys.
        """
        wanted = sorted(set(organisations))
        if not wanted:
            return {}
        await repository.share(connection, wanted)
        found = await repository.newest(connection, wanted)
        stale = [organisation for organisation in wanted if not _usable(found.get(organisation))]
        for organisation in stale:
            await self.renew(connection, organisation, found.get(organisation))
        if stale:
            found |= await repository.newest(connection, stale)
        return {organisation: self._unwrap(found[organisation]) for organisation in wanted}

    async def renew(self, connection: Connection, organisation: int, newest: KeyRow | None) -> int:
        """Make an organisation's next key after its newest one; return its version."""
        version = 1 if newest is None else newest.version + 1
        wrapped = self._key_encryption.wrap(self._dice(KEY_BYTES), _about(organisation, version), self._dice(NONCE_BYTES))
        await repository.add(connection, organisation, version, wrapped)
        return version

    async def for_reading(self, connection: Connection, versions: Iterable[int | None]) -> KeyRing:
        """Return the keys of the transaction's organisation that rows of these versions need."""
        wanted = sorted({version for version in versions if version})
        if not wanted:
            return KeyRing({})
        rows = await repository.of_versions(connection, wanted)
        return KeyRing({row.version: self._unwrap(row) for row in rows if row.wrapped_key is not None})

    def _unwrap(self, row: KeyRow) -> DataKey:
        if row.wrapped_key is None:
            raise LookupError("an organisation's key was destroyed while it was to be used")
        key = self._key_encryption.unwrap(bytes(row.wrapped_key), _about(row.organisation_id, row.version))
        return DataKey(row.organisation_id, row.version, key, self._dice)


def _usable(row: KeyRow | None) -> bool:
    return row is not None and row.wrapped_key is not None and row.fresh


def _about(organisation: int, version: int) -> bytes:
    return b"data key " + organisation.to_bytes(4, "big") + version.to_bytes(4, "big")
