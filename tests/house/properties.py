"""`python -m tests.house.properties`: each promise, its status, its tests and what became of them, run now.

Fails only when a required promise is not kept. REPORT=FILE writes the figures as JSON: {"figures", "goals", "missed", "context"}.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.house.sources import ROOT

LIST = ROOT / "tests/house/properties.toml"
_WORST_FIRST = ("failed", "skipped", "passed")
NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Property:
    """One promise. status: required or later. missing: what a later one still lacks. tests: FILE::FUNCTION."""

    id: str
    says: str
    status: str
    tests: tuple[str, ...]
    missing: str = ""

    def kept(self, results: Mapping[str, str]) -> bool:
        """Return whether it has tests and all of them passed."""
        return bool(self.tests) and all(results.get(test) == "passed" for test in self.tests)

    @property
    def required(self) -> bool:
        """Whether the build fails without it."""
        return self.status == "required"


def read_properties(text: str) -> list[Property]:
    """Read the list (TOML)."""
    return [
        Property(name, str(entry["says"]), str(entry.get("status", "later")), tuple(entry["tests"]), str(entry.get("missing", "")))
        for name, entry in tomllib.loads(text).items()
    ]


def results_in(junit: str) -> dict[str, str]:
    """Return by FILE::FUNCTION the worst result among its variants: failed, skipped or passed."""
    seen: dict[str, set[str]] = {}
    for case in ET.fromstring(junit).iter("testcase"):
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').split('[')[0]}"
        kinds = {child.tag for child in case}
        seen.setdefault(name, set()).add("failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed")
    return {name: next(result for result in _WORST_FIRST if result in results) for name, results in seen.items()}


def run(tests: Iterable[str]) -> dict[str, str]:
    """Run tests, those that are slow or need a browser too; return their results."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "junit.xml")
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", f"--junitxml={said}", *sorted(tests)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return results_in(said.read_text("utf-8")) if said.exists() else {}


def lines(properties: Sequence[Property], results: Mapping[str, str]) -> list[str]:
    """Return what is printed."""
    said: list[str] = []
    for one in properties:
        standing = "kept" if one.kept(results) and not one.missing else "BROKEN" if one.required else "open"
        said.append(f"{one.id:3} {one.status:8} {standing:6} {one.says}")
        if one.missing:
            said.append(f"{'':20}missing: {one.missing}")
        said += [f"{'':20}{results.get(test, NOT_RUN):8} {test}" for test in one.tests]
    return said


def report(properties: Sequence[Property], results: Mapping[str, str], context: Mapping[str, object]) -> dict[str, object]:
    """Return the evidence: how many are required, kept and open, and which required ones are not kept."""
    tests = {test for one in properties for test in one.tests}
    broken = [one.id for one in properties if one.required and not one.kept(results)]
    counted = Counter(results.get(test, NOT_RUN) for test in tests)
    return {
        "figures": {
            "properties": len(properties),
            "required": sum(one.required for one in properties),
            "required_not_kept": len(broken),
            "later": sum(not one.required for one in properties),
            "tests": len(tests),
            "tests_passed": counted["passed"],
            "tests_not_passed": len(tests) - counted["passed"],
        },
        "goals": {"required_not_kept": ["==", 0]},
        "missed": ["required_not_kept"] if broken else [],
        "context": {
            **context,
            "kept": [one.id for one in properties if one.required and one.kept(results)],
            "not_kept": broken,
            "open": {one.id: one.missing for one in properties if not one.required},
        },
    }


def main() -> int:
    """Run every named test once and print each promise with what became of its tests."""
    properties = read_properties(LIST.read_text("utf-8"))
    results = run({test for one in properties for test in one.tests})
    print("\n".join(lines(properties, results)))
    context = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(), "machine": platform.machine()}
    found = report(properties, results, context)
    if wanted := os.environ.get("REPORT"):
        Path(wanted).write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    print(json.dumps(found["figures"]))
    return 1 if found["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
