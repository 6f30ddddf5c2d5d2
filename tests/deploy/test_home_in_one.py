"""Where there is no radio bus, gateway and wearables share a process, and the demonstration counts as it always does."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.site import ROOT

HOME = {"bus": "in-process", "patient": str(UUID(int=1)), "source": {"kind": "physiology", "seed": 1, "story": "calm_day"}, "wearables": []}


@pytest.mark.timeout(180)
@pytest.mark.xdist_group("stack")
def test_the_demonstration_on_in_process_radios_loses_nothing_and_stores_nothing_twice() -> None:
    with tempfile.TemporaryDirectory(prefix="mediassist-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        wishes = {"MEDIASSIST_RADIO": "in-process", "PATIENTS": "2", "SPEED": "2", "DURATION": "15", "STATE": str(folder / "state")}
        environment = {**os.environ, **wishes, "REPORT": str(folder / "report.json")}
        run = subprocess.run(
            [sys.executable, "-m", "deploy.local"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=170, check=False
        )
        if run.returncode == 2:
            pytest.skip(run.stderr.splitlines()[0])
        assert run.returncode == 0, run.stdout + run.stderr
        report = json.loads((folder / "report.json").read_text())
        journals = list((folder / "state" / "homes").glob("*/produced.jsonl"))
    assert run.stdout.count("each gateway shares a process with its wearables") == 1
    figures, context = report["figures"], report["context"]
    assert (figures["lost"], figures["duplicated"], figures["invented"]) == (0, 0, 0)
    assert (figures["lost_samples"], figures["duplicated_samples"], figures["invented_samples"]) == (0, 0, 0)
    assert figures["wearables"] == 8
    assert figures["produced"] > 100
    assert context["radio"] == "in-process"
    assert {"home-1", "home-2"} < set(context["starts"])
    assert len(journals) == 2


@pytest.mark.parametrize(
    ("plan", "reason"),
    [(None, "set SIMULATOR_PLAN"), ("/nowhere/plan.json", "/nowhere/plan.json cannot be read"), ([HOME, HOME], "has 2 homes")],
)
def test_a_home_that_cannot_begin_says_why(tmp_path: Path, plan: str | list[object] | None, reason: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SIMULATOR_PLAN"} | {"GATEWAY_STATE": str(tmp_path)}
    if isinstance(plan, list):
        path = tmp_path / "plan.json"
        path.write_text(json.dumps({"homes": plan, "produced": str(tmp_path / "produced.jsonl")}))
        environment["SIMULATOR_PLAN"] = str(path)
    elif plan is not None:
        environment["SIMULATOR_PLAN"] = plan
    command = [sys.executable, "-m", "deploy.local.home_in_one"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert reason in run.stderr
