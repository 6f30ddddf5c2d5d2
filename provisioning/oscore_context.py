"""Keys of a sensor and its gateway for OSCORE (RFC 8613): one master secret, two ids, in the files that aiocoap reads.

A context is never copied while it is used: each side counts what it has sent, and a count that came again would break the cipher.
"""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from provisioning import secret_files

SETTINGS = "settings.json"
_GATEWAY, _SENSOR = "01", "02"
_SECRET_BYTES, _SALT_BYTES = 16, 8


def new_pair(dice: Callable[[int], bytes] = secrets.token_bytes) -> tuple[bytes, bytes]:
    """Return the settings of both sides: (gateway's, sensor's), each for a `settings.json` of its own.

    dice: n -> n random bytes, from the system's source.
    """
    shared = {"secret_hex": dice(_SECRET_BYTES).hex(), "salt_hex": dice(_SALT_BYTES).hex(), "algorithm": "AES-CCM-16-64-128"}

    def side(sender: str, recipient: str) -> bytes:
        return json.dumps({**shared, "sender-id_hex": sender, "recipient-id_hex": recipient}).encode()

    return side(_GATEWAY, _SENSOR), side(_SENSOR, _GATEWAY)


def write(folder: Path, settings: bytes) -> None:
    """Write one side's settings where aiocoap reads them, mode 0600.

    Raises:
        FileExistsError: there is a context already: its counts must not begin again.
    """
    secret_files.make_folder(folder)
    secret_files.write_once(folder / SETTINGS, settings)
