"""The demonstration, as a person starts it: a report at the end, the same people again, and nothing that outlives it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.site import ROOT
from tests.support.stack import eventually


@pytest.fixture
def state() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    yield folder / "state"
    shutil.rmtree(folder)


def start(state: Path, **wishes: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "STATE": str(state), "PATIENTS": "1", **wishes}
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def offspring(state: Path) -> list[str]:
    """Return the command lines of processes that were told of the state folder."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            told = " ".join([*process.cmdline(), *process.environ().values()])
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if str(state) in told:
            found.append(" ".join(process.cmdline()))
    return found


def passwords(said: str) -> list[str]:
    return re.findall(r"password (\S+)", said)


@pytest.mark.timeout(300)
def test_it_reports_starts_again_from_what_is_there_and_leaves_nothing_even_when_killed(state: Path) -> None:
    report = state.parent / "report.json"
    with start(state, SPEED="4", DURATION="6", REPORT=str(report)) as first:
        said = first.communicate(timeout=200)[0]
        if first.returncode == 2:
            pytest.skip(said.splitlines()[-1])
        assert first.returncode == 0, said
    figures = json.loads(report.read_text())["figures"]
    assert figures["produced"] == figures["stored"] > 0
    assert figures["lost"] == figures["duplicated"] == figures["invented"] == 0
    assert figures["produced_samples"] == figures["stored_samples"] > 0
    assert figures["wearables"] == 4
    assert offspring(state) == []
    assert not [path for path in state.rglob("*") if path.is_socket()]

    with start(state) as second:
        assert second.stdout is not None
        heard: list[str] = []
        while "first reading stored" not in "".join(heard[-1:]):
            heard.append(second.stdout.readline())
            assert heard[-1], "".join(heard)
        assert passwords("".join(heard)) == passwords(said)
        with start(state) as third:
            assert "another demonstration" in third.communicate(timeout=60)[0]
        assert len(offspring(state)) > 5
        second.kill()
        eventually(lambda: offspring(state) == [], 20, "every process of a killed demonstration is gone")


@pytest.mark.parametrize("wish", [{"SPEED": "11"}, {"PATIENTS": "0"}, {"DURATION": "0"}, {"RECORDING": "/no/such/recording"}])
def test_what_cannot_be_is_said_at_once(state: Path, wish: dict[str, str]) -> None:
    with start(state, **wish) as running:
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 2
    assert said.startswith("the demonstration cannot run:")
    assert not state.exists()
