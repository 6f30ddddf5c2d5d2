"""The benchmark of sealing writes what it measured, and can fail."""

import json
from pathlib import Path

import pytest

from benchmarks import sealing


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the price itself is right is the benchmark's matter (`make bench-sealing`), not a test's: no test is timed."""
    monkeypatch.setattr(sealing, "ROUNDS", 2)
    monkeypatch.setattr(sealing, "EPOCH_ROUNDS", 1)


def test_what_is_measured_is_written_with_its_goals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPORT", str(tmp_path / "report.json"))
    for name in list(sealing.GOALS):
        monkeypatch.setitem(sealing.GOALS, name, ("<=", 1e9))
    assert sealing.main() == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report == json.loads(capsys.readouterr().out)
    assert report["missed"] == []
    assert set(report["goals"]) <= set(report["figures"])


def test_a_missed_goal_is_named_and_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sealing.GOALS, "seal_ratio", ("<=", 0.5))
    assert sealing.main() == 1
    assert "seal_ratio" in json.loads(capsys.readouterr().out)["missed"]
