"""Files that hold secrets: born readable by their owner only, whole or absent, never overwritten by accident."""

import os
from pathlib import Path


def make_folder(folder: Path) -> Path:
    """Make `folder` (and its parents) readable by its owner only; a folder that is there keeps its rights."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_once(path: Path, secret: bytes) -> None:
    """Write a secret to a file of mode 0600 that did not exist, durable before this returns.

    Raises:
        FileExistsError: there is one already; whoever wants a new secret removes the old one knowingly.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    _write(beside, secret)
    try:
        os.link(beside, path)
    finally:
        beside.unlink()
    sync_folder(path.parent)


def replace(path: Path, secret: bytes) -> None:
    """Write a secret to a file of mode 0600 in place of what was there: a crash leaves the old one or the new one, whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    _write(beside, secret)
    beside.replace(path)
    sync_folder(path.parent)


def publish(path: Path, content: bytes) -> None:
    """Write what is no secret (a certificate, a revocation list) to a file that all may read, whole, in place of what was there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    _write(beside, content)
    beside.chmod(0o644)
    beside.replace(path)
    sync_folder(path.parent)


def _write(path: Path, secret: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make what was added to or removed from a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
