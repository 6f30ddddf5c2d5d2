"""The cloud's ingest keys on disk: every epoch's opening is sealed to one of them (provisioning/sealing_keys.py).

In the folder, each private file of mode 0600:

* `ingest.key`, `ingest.pub`: the current key of the hybrid suite, to which gateways seal;
* `ingest-x25519.key`, `ingest-x25519.pub`: the current key for small firmware, where there is such;
* `retiring/<UTC of its succession>-<id>.key`: older keys, which still open what gateways sealed to them before they learnt the new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from protocol.errors import Malformed
from provisioning import secret_files
from provisioning.sealing_keys import PrivateKey, PublicKey, Suite, key_id, load_public

__all__ = ["NoIngestKey", "PrivateKey", "PublicKey", "StoredKey", "Suite", "key_id", "load_public"]

PRIVATE, PUBLIC, RETIRING = "ingest.key", "ingest.pub", "retiring"
_FILES = {Suite.HYBRID: (PRIVATE, PUBLIC), Suite.X25519: ("ingest-x25519.key", "ingest-x25519.pub")}
_SUCCEEDED = "%Y%m%dT%H%M%SZ"


class NoIngestKey(Exception):
    """The folder holds no such ingest key, or a broken one: the message says which file."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An ingest key with its file. succeeded_at: when a newer one of its suite took its place; None: it is the current one."""

    key: PrivateKey
    path: Path
    succeeded_at: datetime | None


def generate(folder: Path, suite: Suite = Suite.HYBRID) -> PrivateKey:
    """Make the first ingest key of a suite in `folder`.

    Raises:
        FileExistsError: there is one already; losing it makes sealed messages unreadable, so it is never overwritten.
    """
    private, public = _FILES[suite]
    secret_files.make_folder(folder)
    key = PrivateKey.generate(suite)
    secret_files.write_once(folder / private, key.secret_bytes())
    secret_files.replace(folder / public, key.public.raw)
    return key


def rotate(folder: Path, now: datetime, suite: Suite = Suite.HYBRID) -> PrivateKey:
    """Make a new current key of a suite; the one before stays beside it and opens what is sealed to it until it is retired.

    A crash at any point leaves every key in the folder: the old one is copied away first, and then replaced.

    Raises:
        NoIngestKey: the current key is broken.
    """
    private, public = _FILES[suite]
    if not (folder / private).exists():
        return generate(folder, suite)
    before = _read(folder / private, suite)
    kept = secret_files.make_folder(folder / RETIRING) / f"{now.astimezone(UTC).strftime(_SUCCEEDED)}-{before.id.hex()}.key"
    secret_files.replace(kept, before.secret_bytes())
    for earlier in kept.parent.glob(f"*-{before.id.hex()}.key"):
        if earlier != kept:  # of a rotation that was killed here
            earlier.unlink()
    key = PrivateKey.generate(suite)
    secret_files.replace(folder / private, key.secret_bytes())
    secret_files.replace(folder / public, key.public.raw)
    return key


def load_private(folder: Path, suite: Suite = Suite.HYBRID) -> PrivateKey:
    """Open the current ingest key of a suite.

    Raises:
        NoIngestKey: no key there, one that others may read, or not of the suite's length.
    """
    return _read(folder / _FILES[suite][0], suite)


def load_all(folder: Path) -> Sequence[StoredKey]:
    """Open every ingest key in `folder`: the current ones, then the older ones, in the order of their succession.

    Raises:
        NoIngestKey: none at all, or one that is broken or that others may read.
    """
    current = [
        StoredKey(load_private(folder, suite), folder / file, None) for suite, (file, _) in _FILES.items() if (folder / file).exists()
    ]
    if not current:
        raise NoIngestKey(f"no ingest key in {folder / PRIVATE}")
    ids = {stored.key.id for stored in current}
    older = [_older(path) for path in sorted((folder / RETIRING).glob("*.key"))]
    return [*current, *(stored for stored in older if stored.key.id not in ids)]


def by_id(keys: Sequence[StoredKey]) -> Mapping[bytes, PrivateKey]:
    """Return the keys by the id that openings name."""
    return {stored.key.id: stored.key for stored in keys}


def destroy(stored: StoredKey) -> None:
    """Remove an older key's file, durable before this returns. What is sealed to it can then never be opened again."""
    stored.path.unlink()
    secret_files.sync_folder(stored.path.parent)


def public_bytes(key: PrivateKey | PublicKey) -> bytes:
    """Return the public half as gateways carry it."""
    return key.public.raw if isinstance(key, PrivateKey) else key.raw


def _older(path: Path) -> StoredKey:
    at, _, named = path.stem.partition("-")
    key = _read(path, None)
    try:
        succeeded_at = datetime.strptime(at, _SUCCEEDED).replace(tzinfo=UTC)
    except ValueError as error:
        raise NoIngestKey(f"{path} does not say in its name when it was succeeded: name it <YYYYMMDDTHHMMSSZ>-<id>.key") from error
    if key.id.hex() != named:
        raise NoIngestKey(f"{path} holds the key {key.id.hex()}, not the one that its name says")
    return StoredKey(key, path, succeeded_at)


def _read(path: Path, suite: Suite | None) -> PrivateKey:
    try:
        if path.stat().st_mode & 0o077:
            raise NoIngestKey(f"{path} may be read by others: set its mode to 0600 and think about who read it")
        key = PrivateKey(path.read_bytes())
    except FileNotFoundError as error:
        raise NoIngestKey(f"no ingest key in {path}") from error
    except Malformed as error:
        raise NoIngestKey(f"{path}: {error}: bring back the right one from where it is kept") from error
    if suite is not None and key.suite is not suite:
        raise NoIngestKey(f"{path} holds a key of {key.suite}, not of {suite}")
    return key
