"""What a process holds in its memory, as bytes."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)")


def dump(pid: int) -> bytes:
    """Return every readable page of a running process; skips, naming what is missing, where that is not allowed here."""
    try:
        return _by_proc(pid)
    except PermissionError:
        if not shutil.which("gcore"):
            pytest.skip("another process's memory may not be read here (neither root nor ptrace) and gcore (Debian: gdb) is not installed")
        return _by_gcore(pid)


def _by_proc(pid: int) -> bytes:
    parts: list[bytes] = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            region = _REGION.match(line)
            if region is None or not region[3].startswith("r") or region[4] in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = int(region[1], 16), int(region[2], 16)
            memory.seek(start)
            try:
                parts.append(memory.read(end - start))
            except OSError:  # a page of a file that has become shorter
                continue
    return b"\0\0\0\0".join(parts)


def _by_gcore(pid: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["gcore", "-o", f"{folder}/core", str(pid)], capture_output=True, text=True, check=False, timeout=60)
        image = Path(f"{folder}/core.{pid}")
        if not image.exists():
            pytest.skip(f"gcore may not read another process's memory here: {done.stderr.strip().splitlines()[-1:]}")
        return image.read_bytes()
