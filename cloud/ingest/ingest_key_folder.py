"""The worker's ingest keys: every key of its folder, read again every ten seconds, so that a rotation or a retirement needs no restart."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from provisioning.ingest_keys import NoIngestKey, PrivateKey, by_id, load_all

log = structlog.get_logger()

KEEP_SECONDS = 10.0


class IngestKeyFolder:
    """Keys by the id that openings name. A folder that cannot be read any more is logged, and the keys of before stay in use.

    Raises:
        NoIngestKey: at the start, no key there or a broken one.
    """

    def __init__(self, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._monotonic = folder, monotonic
        self._keys: Mapping[bytes, PrivateKey] = by_id(load_all(folder))
        self._read_at = monotonic()

    def get(self, key_id: bytes, /) -> PrivateKey | None:
        """Return the key of an id; None when it is not here (any more)."""
        if self._monotonic() - self._read_at > KEEP_SECONDS:
            self._read_at = self._monotonic()
            self._read_again()
        return self._keys.get(key_id)

    def _read_again(self) -> None:
        try:
            keys = by_id(load_all(self._folder))
        except (NoIngestKey, OSError) as error:
            log.error("ingest_keys.unreadable", error=type(error).__name__)
            return
        if keys.keys() != self._keys.keys():
            log.info("ingest_keys.changed", keys=sorted(key.hex() for key in keys))
        self._keys = keys
