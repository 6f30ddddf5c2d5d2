"""The cloud's ingest key as a gateway knows it: a file, read again for each opening, so that a new key counts from the next epoch on."""

from pathlib import Path

import structlog

from protocol.errors import Malformed
from provisioning.sealing_keys import PublicKey, load_public

log = structlog.get_logger()


class IngestKeyFile:
    """The public half in `public.bin`.

    Raises:
        OSError, Malformed: at the start, no file there or not a key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = load_public(path.read_bytes())

    def current(self) -> PublicKey:
        """Return the key to seal to. While the file is gone or broken, the last one that was read: measuring goes on."""
        try:
            self._last = load_public(self._path.read_bytes())
        except (OSError, Malformed) as error:
            log.error("ingest_key.unreadable", error=type(error).__name__)
        return self._last
