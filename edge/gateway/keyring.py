"""Makes epochs: a fresh secret, sealed to the cloud's ingest key and signed by the device; the secret stays in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from protocol.envelope import NO_EPOCH, NO_HEAD, SECRET_BYTES, EpochKeys, Opening, write_opening
from provisioning.keystore import Keystore
from provisioning.sealing_keys import PublicKey

_RECEIPT_KEY = b"receipt key of epoch "


@dataclass(frozen=True, slots=True)
class PreviousEpoch:
    """Where the last epoch of this disk ended: what the next opening states."""

    epoch: bytes = NO_EPOCH
    count: int = 0
    head: bytes = NO_HEAD


@dataclass(frozen=True, slots=True)
class OpenEpoch:
    """An epoch whose secret is in this process's memory. opening: the bytes of its message 0."""

    epoch: bytes
    keys: EpochKeys
    opening: bytes
    opened_at: int


class Keyring:
    """One gateway's way to make epochs and to keep receipt keys.

    ingest_key: asked for each epoch, since the cloud changes its key. dice: n -> n random bytes, from the system's source.
    """

    def __init__(self, gateway: UUID, keystore: Keystore, ingest_key: Callable[[], PublicKey], dice: Callable[[int], bytes]) -> None:
        self.gateway = gateway
        self._keystore = keystore
        self._ingest_key = ingest_key
        self._dice = dice

    def open_epoch(self, previous: PreviousEpoch, now: int) -> OpenEpoch:
        """Make an epoch. now: ms UTC; written into the opening for information only."""
        ingest_key = self._ingest_key()
        secret, epoch = self._dice(SECRET_BYTES), self._dice(16)
        opening = Opening(
            gateway=self.gateway,
            epoch=epoch,
            ingest_key_id=ingest_key.id,
            certificate_id=self._keystore.certificate_id,
            made_at=now,
            previous=previous.epoch,
            previous_count=previous.count,
            previous_head=previous.head,
        )
        sealed = ingest_key.seal(secret, opening.info())
        return OpenEpoch(epoch, EpochKeys(secret), write_opening(opening, sealed, self._keystore.sign), now)

    def wrap_receipt_key(self, epoch: OpenEpoch) -> bytes:
        """Return the epoch's receipt key as it may lie on the disk."""
        return self._keystore.wrap(epoch.keys.receipt_key, _RECEIPT_KEY + epoch.epoch)

    def unwrap_receipt_key(self, epoch: bytes, wrapped: bytes) -> bytes:
        """Return a receipt key from the disk.

        Raises:
            SealBroken: another device's, or altered.
        """
        return self._keystore.unwrap(wrapped, _RECEIPT_KEY + epoch)
