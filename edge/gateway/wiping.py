"""Factory reset: overwrite and remove everything that a gateway has learnt and been given.

What is wiped is the state folder: keys and certificate, household (with the addresses of the bonded wearables), spool, outbox and
whatever else lies there. On flash and on journalling file systems an overwritten block may live on somewhere; that is why what lies
in the files is wrapped by the device key, and the key goes first: without it the rest is ciphertext.
"""

import os
from pathlib import Path

KEYS_FIRST = (".pem", ".key", ".bin")
_BLOCK = 1 << 20


def wipe(folder: Path) -> list[str]:
    """Overwrite, shorten and remove every file below `folder`, keys first, then the folders; `folder` itself stays, empty.

    Links are removed, never followed. Safe to run again after a crash. Returns the paths of the files, relative, in the order they went.

    Raises:
        OSError: one file could not be wiped; those before it in the order are gone.
    """
    if not folder.is_dir():
        return []
    files = sorted((path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()), key=_order)
    for path in files:
        erase(path)
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts)):
        path.rmdir()
    _sync(folder)
    return [str(path.relative_to(folder)) for path in files]


def erase(path: Path) -> None:
    """Overwrite, shorten and remove one file, durably; of a link, the link alone.

    Raises:
        OSError: it is not there, or could not be wiped.
    """
    if path.is_file() and not path.is_symlink():
        _overwrite(path)
    path.unlink()
    _sync(path.parent)


def _order(path: Path) -> tuple[bool, str]:
    return path.suffix not in KEYS_FIRST, str(path)


def _overwrite(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        left = os.fstat(handle).st_size
        while left:
            left -= os.write(handle, bytes(min(left, _BLOCK)))
        os.fsync(handle)
        os.ftruncate(handle, 0)
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
