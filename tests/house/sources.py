"""What is committed, or about to be: the files that the house rules speak of."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("mediassist", "protocol", "edge", "cloud", "models", "provisioning", "simulators")
GENERATED = ("cloud/dashboard/src/api/schema.d.ts",)


def files() -> list[str]:
    """Return tracked files and untracked ones that git does not ignore, as paths from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def modules() -> dict[str, Path]:
    """Return our importable modules by dotted name, packages included."""
    found: dict[str, Path] = {}
    for name in files():
        if name.endswith(".py") and name.split("/")[0] in ROOMS:
            dotted = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found[dotted] = ROOT / name
    return found
