"""Kills and reconnects at random: what was produced is stored or queued, each record exactly once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lived(folder: Path, events: int, seed: int, sabotage: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.support.killed_life", str(folder), str(events), str(seed), sabotage]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def told(folder: Path, events: int, seed: int) -> dict[str, Any]:
    life = lived(folder, events, seed)
    assert life.returncode == 0, life.stderr[-2000:]
    found = json.loads(life.stdout)
    print(found)
    return found


def test_a_hundred_and_fifty_kills_and_reconnects_lose_nothing_and_store_nothing_twice(tmp_path: Path) -> None:
    found = told(tmp_path, 150, 7)
    assert sum(found["events"].values()) == 150
    assert set(found["events"]) == {"gateway killed", "wearable's link dropped", "uplink dropped"}
    assert found["accounts"] >= 3
    assert found["after"]["stored"] == found["after"]["produced"] > 500


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_kills_and_reconnects_lose_nothing_and_store_nothing_twice(tmp_path: Path) -> None:
    found = told(tmp_path, 10_000, 8)
    assert found["events"]["gateway killed"] > 5_000
    assert found["after"]["stored"] == found["after"]["produced"] > 50_000


@pytest.mark.parametrize(("sabotage", "noticed"), [("folds twice", "places"), ("forgets a fold", "nowhere")])
def test_a_gateway_that_breaks_its_promise_is_noticed(tmp_path: Path, sabotage: str, noticed: str) -> None:
    life = lived(tmp_path, 120, 9, sabotage)
    assert life.returncode == 1
    assert noticed in life.stderr.splitlines()[-1]
