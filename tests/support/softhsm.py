"""A PKCS#11 token made of software (SoftHSM), one a process: its library reads its configuration once."""

import ctypes.util
import os
import shutil
import subprocess
import tempfile
import weakref
from functools import cache
from pathlib import Path

import pytest

TOKEN, PIN = "authority", "1234567"


def _library() -> Path | None:
    """Return SoftHSM's PKCS#11 library where Debian, Fedora or the linker have it."""
    places = [*Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"), Path("/usr/lib/softhsm/libsofthsm2.so")]
    places += [Path("/usr/lib64/pkcs11/libsofthsm2.so"), Path(ctypes.util.find_library("softhsm2") or "absent")]
    return next((place for place in places if place.exists()), None) if shutil.which("softhsm2-util") else None


@cache
def _make() -> Path | None:
    library = _library()
    if library is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="softhsm"))
    weakref.finalize(_make, shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    made = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "7654321"]
    subprocess.run(made, check=True, capture_output=True)
    return library


def pkcs11_library() -> Path:
    """Return the library of a token labelled `TOKEN` that `PIN` opens; skip the test where there is none to be had."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    library = _make()
    if library is None:
        pytest.skip("softhsm2 is not installed (apt install softhsm2)")
    return library
