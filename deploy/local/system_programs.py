"""Programs that come from the machine's distribution: found where installed, else Debian's package unpacked beside us.

Nothing is installed: an installed mosquitto would start as a service and stay. `apt-get` works on package lists of our own where the
machine's are empty, so neither root nor a change to the machine is needed. What was unpacked stays in the cache for the next run.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_ALSO_LOOK_IN = "/usr/local/sbin:/usr/sbin:/sbin"
_NEW = re.compile(r"^Inst (\S+) \(", re.MULTILINE)
_PATIENCE = 300


class ProgramMissing(Exception):
    """A program is neither here nor to be had: the message names what to install."""


@dataclass(frozen=True, slots=True)
class SystemProgram:
    """Where a program lies, and the environment in which it finds its libraries."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])


def find(name: str, packages: tuple[str, ...], cache: Path) -> SystemProgram:
    """Find a program, unpacking Debian's package into `cache` if the machine has none.

    packages: names of the package in Debian's and Ubuntu's releases, the first that exists is taken.

    Raises:
        ProgramMissing: it is not to be had here.
    """
    installed = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_ALSO_LOOK_IN}")
    if installed:
        return SystemProgram(Path(installed))
    folder = (cache / "debian" / name).absolute()
    with _alone(folder):
        if unpacked := _unpacked(name, folder):
            return unpacked
        whats_wrong = _unpack(packages, folder)
        if unpacked := _unpacked(name, folder):
            return unpacked
        shutil.rmtree(folder, ignore_errors=True)
    raise ProgramMissing(
        f"{name} is not installed and could not be fetched ({whats_wrong}). "
        f"Install it: apt install {packages[0]} (Debian, Ubuntu), dnf install {name} (Fedora), brew install {name} (macOS)"
    )


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Keep other processes from unpacking into the same folder: they wait, and then find what the first has unpacked."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpacked(name: str, folder: Path) -> SystemProgram | None:
    """Return the program unpacked in `folder`; a half-unpacked one has no mark of completion and does not count."""
    if not (folder / "complete").exists():
        return None
    for place in ("usr/bin", "usr/sbin", "bin", "sbin"):
        if (folder / place / name).exists():
            libraries = sorted({str(library.parent) for library in folder.rglob("*.so*")})
            return SystemProgram(folder / place / name, {"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})
    return None


def _unpack(packages: tuple[str, ...], folder: Path) -> str:
    """Unpack the first of `packages` that exists, and what it needs that this machine has not; return what went wrong, or ""."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return "there is no apt-get here"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / "apt" / part).mkdir(parents=True)
    own_lists = ["-o", f"Dir::State::Lists={folder}/apt/lists"]
    options = ["-o", f"Dir::Cache={folder}/apt/cache", "-o", "Debug::NoLocking=1"]
    trouble = _fetch(packages, options, folder)
    if trouble:
        _apt(["update", *options, *own_lists], folder)
        trouble = _fetch(packages, [*options, *own_lists], folder)
    if trouble:
        return trouble
    for archive in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True, timeout=_PATIENCE)
        archive.unlink()
    shutil.rmtree(folder / "apt")
    (folder / "complete").touch()
    return ""


def _fetch(packages: tuple[str, ...], options: list[str], folder: Path) -> str:
    trouble = ""
    for package in packages:
        plan = _apt(["install", "--simulate", "--no-install-recommends", *options, package], folder)
        needed = _NEW.findall(plan.stdout)
        if plan.returncode == 0 and package in needed:
            done = _apt(["download", *options, *needed], folder)
            if done.returncode == 0:
                return ""
            plan = done
        trouble = trouble or _last_line(plan.stderr) or f"apt-get plans no installation of {package}"
    return trouble


def _apt(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        ["apt-get", "-q", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.startswith("E:")]
    return lines[0] if lines else ""
