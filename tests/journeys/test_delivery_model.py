"""The outbox and the ingest worker do what the delivery protocol's model does, step by step, on runs that the model makes.

Between two steps receipts and messages come that shall change nothing.
After the last step of each run faults stop, and everything must be receipted and accounted for.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deploy.local.site import ROOT
from tests.support.delivery_model import Replay
from tests.support.delivery_settling import settle, unaccounted
from tests.support.ingest import exchange
from tests.support.postgres import Addresses, database, migrated_template, postgres_server

__all__ = ["database", "migrated_template", "postgres_server"]

SPEC = ROOT.parent / "shared" / "spec"
LARGE = ("LARGE", "LARGE_RESTORE")
"""Two workers, four interleaved steps a transaction: the worlds of `check.py --export`, and for the same seed the same runs."""
SMALL = ("refused_restore", "restore_twice", "reset", "rotation", "clone", "degrade", "hostile")
"""A transaction is one step."""
RUNS, MORE_RUNS = 15, 165
RUNS_OF_SMALL, MORE_RUNS_OF_SMALL = 3, 60
GATEWAY_STEPS = (
    "open",
    "make",
    "commit_failed",
    "drop",
    "drop: full",
    "drop: corrupt",
    "say_gone",
    "receipt",
    "hold_time_over",
    "learn_key",
)
GATEWAY_STEPS += ("restart", "image_taken", "image_restored", "cloned")
WORKER_STEPS = ("take", "insert", "check", "commit", "abort", "not_authentic", "a repeat put aside")
OPERATOR_STEPS = ("fold", "receipts_lost", "backup", "restore", "rotate_key")
SILENT = ("silent receipt", "unknown epoch")

ASK = """
import json, random, sys
import check, cloud, explore, gateway, scenarios
from words import Worker

def silent(s, w, dice):  # what changes nothing in this state: the runs themselves hold only steps that change something
    waits = lambda m, g: m.kind == "broken" and (m, False) in g.box and not g.ram
    receipts = [(i, m, n) for i, g in enumerate(s.gateways) for m, n in s.receipts
                if gateway.take_receipt(s, i, m, n, w).gateways[i] == g and not waits(m, g)]
    unknown = [m for m in s.made if m.kind != "broken" and (cloud.refusal(s, m, Worker(), w) or [""])[0] == "unknown_epoch"]
    few = lambda these, most: dice.sample(sorted(these, key=str), min(most, len(these)))
    return {"receipts": few(receipts, 2), "unknown": few(unknown, dice.choice((0, 0, 1)))}

first, last, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
for at, name in enumerate(names):
    w = {**scenarios.SCENARIOS, "LARGE": scenarios.LARGE, "LARGE_RESTORE": scenarios.LARGE_RESTORE}[name]
    for number in range(first, last):
        seed, dice = number * len(names) + at, random.Random(number)
        steps = [{"step": label, "then": check.view(s, w), "silent": silent(s, w, dice)} for label, s in explore.walk(w, seed, 60)[0]]
        print(json.dumps({"run": [name, seed], "restores": w.left.restore, "steps": steps}))
"""

Run = dict[str, Any]


def runs(worlds: tuple[str, ...], first: int, last: int) -> list[Run]:
    """Let the model write the runs `first` to `last` (not included) of each world: the same ones every time."""
    if not (SPEC / "check.py").is_file():
        pytest.skip("missing: the delivery protocol's model, ../shared/spec/check.py")
    command = [sys.executable, "-c", ASK, str(first), str(last), ",".join(worlds)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(command, cwd=SPEC, env=environment, check=True, timeout=100, capture_output=True, text=True).stdout
    return [json.loads(line) for line in said.splitlines()]


async def replay(run: Run, addresses: Addresses, folder: Path) -> Counter[str]:
    """Replay a run, compare after each step, settle; return how often what was done."""
    labels = [entry["step"] for entry in run["steps"]]
    folder.mkdir()
    async with exchange(addresses, folder) as made, Replay(made, labels, keeps_held=run["restores"] > 0) as replaying:
        for number, entry in enumerate(run["steps"]):
            then = entry["then"]
            expected = then | {"rows": [m for m in then["stored"] if m[2] in ("data", "poison")]}
            await replaying.step(entry["step"], then)
            assert await replaying.view() == expected, f"{run['run']}, step {number}: {labels[: number + 1]}"
            await replaying.silent(**entry["silent"])
            assert await replaying.view() == expected, f"{run['run']}, after step {number}, {entry['silent']}: {labels[: number + 1]}"
            replaying.done["compared"] += 1
        await settle(replaying)
        assert await unaccounted(replaying) == [], f"{run['run']}"
        return replaying.done


async def replay_all(written: list[Run], addresses: Addresses, folder: Path) -> Counter[str]:
    """Replay runs, none left out; return how often what was done."""
    done: Counter[str] = Counter()
    for number, run in enumerate(written):
        done += await replay(run, addresses, folder / f"run{number}")
    print(f"{len(written)} runs: {dict(done)}")
    assert done["compared"] == sum(len(run["steps"]) for run in written)
    return done


@pytest.mark.timeout(300)
async def test_every_step_of_the_large_worlds_ends_as_the_model_says(database: Addresses, tmp_path: Path) -> None:
    done = await replay_all(runs(LARGE, 0, RUNS), database, tmp_path)
    assert {*GATEWAY_STEPS, *WORKER_STEPS, *OPERATOR_STEPS, *SILENT} - done.keys() == set()


@pytest.mark.timeout(300)
async def test_every_step_of_the_small_worlds_ends_as_the_model_says(database: Addresses, tmp_path: Path) -> None:
    done = await replay_all(runs(SMALL, 0, RUNS_OF_SMALL), database, tmp_path)
    assert {"transaction", "reset", "retire_key"} - done.keys() == set()


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_more_runs_of_the_large_worlds_end_as_the_model_says(database: Addresses, tmp_path: Path) -> None:
    await replay_all(runs(LARGE, RUNS, MORE_RUNS), database, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_more_runs_of_the_small_worlds_end_as_the_model_says(database: Addresses, tmp_path: Path) -> None:
    await replay_all(runs(SMALL, RUNS_OF_SMALL, MORE_RUNS_OF_SMALL), database, tmp_path)
