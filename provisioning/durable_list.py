"""A list of facts on the disk, one JSON object a line: appended durably, never changed, read on from where the last reading ended."""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_BLOCK = 1 << 16


class ListBroken(Exception):
    """A line of the list cannot be read; the message names file and line."""


@contextmanager
def alone(path: Path) -> Generator[None]:
    """Hold the lock file `path` (mode 0600): of all processes that ask, one at a time goes on."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class DurableList:
    """The list in one file of mode 0600. Several processes may append to it; each reads what all wrote."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_up_to = 0
        self._lines = 0

    def append(self, line: dict[str, str]) -> None:
        """Add a line, durable before this returns. What a crash left of a line that was never finished is cut off first."""
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            whole = _whole(file.fileno(), end)
            if whole < end:
                file.truncate(whole)
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def new(self) -> list[dict[str, str]]:
        """Return the lines that were appended since the last call, the oldest first.

        Raises:
            ListBroken: a finished line is no JSON object of strings.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_up_to)
                read = file.read()
        except FileNotFoundError:
            return []
        finished = read[: read.rfind(b"\n") + 1]
        lines = [self._parsed(line, self._lines + number) for number, line in enumerate(finished.splitlines(), 1)]
        self._read_up_to += len(finished)
        self._lines += len(lines)
        return lines

    def _parsed(self, line: bytes, number: int) -> dict[str, str]:
        try:
            parsed: dict[str, str] = json.loads(line)
            return {str(key): str(value) for key, value in parsed.items()}
        except (ValueError, AttributeError) as error:
            raise ListBroken(f"{self._path}, line {number}, cannot be read: bring the file back from its copy") from error


def _whole(handle: int, end: int) -> int:
    """Return how many of the file's `end` bytes belong to finished lines."""
    while end:
        start = max(0, end - _BLOCK)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
