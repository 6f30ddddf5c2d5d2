"""`python -m tests.house.properties`: which promise is kept by which test, run now, one line each."""

import subprocess
import sys
import tomllib

from tests.house.sources import ROOT


def main() -> int:
    """Run every named test once and print each promise with what became of its tests."""
    kept = tomllib.loads((ROOT / "tests/house/properties.toml").read_text("utf-8"))
    tests = sorted({test for entry in kept.values() for test in entry["tests"]})
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "--no-header", *tests], cwd=ROOT, capture_output=True, text=True, check=False
    )
    passed = {line.split()[1].split("[")[0] for line in run.stdout.splitlines() if line.startswith("PASSED")}
    broken = False
    for promise, entry in kept.items():
        good = all(test in passed for test in entry["tests"])
        broken |= not good
        print(f"{'kept' if good else 'BROKEN':7} {promise:4} {entry['says']}")
        for test in entry["tests"]:
            print(f"{'':12} {'' if test in passed else 'not passed: '}{test}")
    print(f"{len(kept)} promises, {len(tests)} tests, {len(tests) - len(passed & set(tests))} not passed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
