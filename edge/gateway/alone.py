"""One process at a time on a gateway's folder: two would wear out each other's epochs, and pull each other's links down."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_FILE = "running"


class AlreadyRunning(Exception):
    """Another process works on this folder; the message says what to do."""


@contextmanager
def alone_in(state: Path) -> Generator[None]:
    """Have a folder to oneself while the context lasts; the kernel gives it back when the process dies.

    Raises:
        AlreadyRunning: somebody else has it.
    """
    with (state / _FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"a gateway runs in {state}: stop it first") from error
        yield
