"""Every write, sync, truncation and deletion that SQLite does, recorded; and the disk as it may be found when the power went at one of them.

The recorder is a VFS of SQLite's own (https://sqlite.org/vfs.html): the platform's one, with its writing methods listened to. The library
is that of Python's `sqlite3`, so what is recorded is what the program under test does. A disk keeps what was synced; of what was written since
then it may have all, nothing, all with the last write torn within a sector, the last write alone, or any part.
"""

import _sqlite3
import ctypes
import os
import random
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

SECTOR = 512
_METHODS = ("close", "read", "write", "truncate", "sync", "size", "lock", "unlock", "reserved", "control", "sector", "characteristics")
_VFS = ("open", "delete")
_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_WRITE = ctypes.CFUNCTYPE(_I, _P, _P, _I, _L)
_TRUNCATE = ctypes.CFUNCTYPE(_I, _P, _L)
_SYNC = ctypes.CFUNCTYPE(_I, _P, _I)
_OPEN = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, _P)
_DELETE = ctypes.CFUNCTYPE(_I, _P, _P, _I)


class _IoMethods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [
        ("version", _I),
        *[(name, _P) for name in (*_METHODS, "shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch")],
    ]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = [
        ("version", _I),
        ("file_size", _I),
        ("longest_path", _I),
        ("next", _P),
        ("name", ctypes.c_char_p),
        ("data", _P),
        *[(name, _P) for name in (*_VFS, *(f"other_{number}" for number in range(14)))],
    ]


_ALIVE: list[Any] = []
"""What SQLite may still call through a connection that was left open: it lives as long as the process."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to one file. at: offset or new size. A sync without a name is of the folder: what was deleted stays so."""

    what: Literal["write", "truncate", "sync", "delete"]
    name: str
    at: int = 0
    data: bytes = b""


@dataclass
class Recorder:
    """Steps in order, of the files of one folder."""

    folder: Path
    steps: list[Step] = field(default_factory=list)


def available() -> bool:
    """Say whether this Python's SQLite lets itself be listened to."""
    return hasattr(_library(), "sqlite3_vfs_register")


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(_sqlite3.__file__)


@contextmanager
def recorded(folder: Path) -> Generator[Recorder]:
    """Record what SQLite does to the files of a folder, by whatever connection is opened within the context."""
    recorder, library = Recorder(folder), _library()
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    library.sqlite3_vfs_register.argtypes = library.sqlite3_vfs_unregister.argtypes = [ctypes.POINTER(_Vfs), _I]
    library.sqlite3_vfs_unregister.argtypes = [ctypes.POINTER(_Vfs)]
    platform = library.sqlite3_vfs_find(None)
    names: dict[int, str] = {}
    listened: dict[int, _IoMethods] = {}
    kept = _ALIVE

    def methods_of(original: int) -> _IoMethods:
        if original in listened:
            return listened[original]
        table = _IoMethods.from_buffer_copy(ctypes.cast(original, ctypes.POINTER(_IoMethods)).contents)
        write, truncate, sync = _WRITE(table.write), _TRUNCATE(table.truncate), _SYNC(table.sync)

        def on_write(file: int, data: int, amount: int, at: int) -> int:
            recorder.steps.append(Step("write", names[file], at, ctypes.string_at(data, amount)))
            return int(write(file, data, amount, at))

        def on_truncate(file: int, size: int) -> int:
            recorder.steps.append(Step("truncate", names[file], size))
            return int(truncate(file, size))

        def on_sync(file: int, flags: int) -> int:
            recorder.steps.append(Step("sync", names[file]))
            return int(sync(file, flags))

        ours = _WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync)
        table.write, table.truncate, table.sync = (ctypes.cast(function, _P).value for function in ours)
        kept.extend(ours)
        listened[original] = table
        return table

    open_, delete = _OPEN(platform.contents.open), _DELETE(platform.contents.delete)

    def on_open(_vfs: int, name: int | None, file: int, flags: int, out_flags: int) -> int:
        result = int(open_(ctypes.addressof(platform.contents), name, file, flags, out_flags))
        path = None if name is None else Path(ctypes.string_at(name).decode())
        if result == 0 and path is not None and path.parent == folder:
            methods = ctypes.cast(file, ctypes.POINTER(_P))
            names[file] = path.name
            methods[0] = ctypes.addressof(methods_of(methods[0] or 0))
        return result

    def on_delete(_vfs: int, name: int, sync: int) -> int:
        path = Path(ctypes.string_at(name).decode())
        if path.parent == folder:
            recorder.steps.append(Step("delete", path.name))
        return int(delete(ctypes.addressof(platform.contents), name, sync))

    ours = _OPEN(on_open), _DELETE(on_delete)
    fsync = os.fsync

    def on_fsync(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), folder.stat()):
            recorder.steps.append(Step("sync", ""))
        fsync(descriptor)

    vfs = _Vfs.from_buffer_copy(platform.contents)
    vfs.name = b"recorded"
    kept.extend([vfs, *ours, listened, names])
    vfs.open, vfs.delete = (ctypes.cast(function, _P).value for function in ours)
    library.sqlite3_vfs_register(ctypes.byref(vfs), 1)
    os.fsync = on_fsync
    try:
        yield recorder
    finally:
        os.fsync = fsync
        library.sqlite3_vfs_register(platform, 1)
        library.sqlite3_vfs_unregister(ctypes.byref(vfs))


Files = dict[str, bytes]
"""What lies on a disk, by name."""


def images(steps: list[Step], dice: random.Random) -> Iterator[tuple[int, str, Files]]:
    """Yield, for each number of steps done before the power went, the disks that may be found: (steps done, which, files)."""
    durable: dict[str, bytearray | None] = {}
    pending: dict[str, list[tuple[int, Step]]] = defaultdict(list)
    for done in range(len(steps) + 1):
        unsynced = [step for _, step in sorted(((number, step) for of_file in pending.values() for number, step in of_file), key=_number)]
        for which, survived in _survivors(unsynced, dice):
            yield done, which, _applied(durable, survived)
        if done == len(steps):
            return
        step = steps[done]
        if step.what != "sync":
            pending[step.name].append((done, step))
            continue
        for name in [step.name] if step.name else list(pending):
            settled = len(pending[name]) if step.name else _deleted(pending[name])
            durable[name] = _after(durable.get(name), [one for _, one in pending[name][:settled]])
            del pending[name][:settled]


def _number(numbered: tuple[int, Step]) -> int:
    return numbered[0]


def _deleted(pending: list[tuple[int, Step]]) -> int:
    """Return how many steps a deletion settles."""
    return max((place + 1 for place, (_, step) in enumerate(pending) if step.what == "delete"), default=0)


def _survivors(unsynced: list[Step], dice: random.Random) -> Iterator[tuple[str, list[Step]]]:
    yield "all", unsynced
    if not unsynced:
        return
    yield "nothing", []
    *others, last = unsynced
    if others:
        yield "last alone", [last]
        yield "any part", [step for step in unsynced if dice.random() < 0.5]
    if last.what == "write":
        sectors = max(1, len(last.data) // SECTOR // 2)
        for torn in {sectors * SECTOR, len(last.data) // 3}:
            if 0 < torn < len(last.data):
                yield f"last torn at {torn}", [*others, Step("write", last.name, last.at, last.data[:torn])]


def _applied(durable: dict[str, bytearray | None], survived: list[Step]) -> Files:
    by_name: dict[str, list[Step]] = defaultdict(list)
    for step in survived:
        by_name[step.name].append(step)
    found = {name: _after(durable.get(name), by_name[name]) for name in durable.keys() | by_name.keys()}
    return {name: bytes(data) for name, data in found.items() if data is not None}


def _after(before: bytearray | None, steps: list[Step]) -> bytearray | None:
    data = None if before is None else bytearray(before)
    for step in steps:
        if step.what == "delete":
            data = None
            continue
        data = bytearray() if data is None else data
        if step.what == "truncate":
            del data[step.at :]
        else:
            if len(data) < step.at:
                data.extend(bytes(step.at - len(data)))
            data[step.at : step.at + len(step.data)] = step.data
    return data
