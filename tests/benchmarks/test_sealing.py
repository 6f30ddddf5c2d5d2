"""The price of sealing stays within its goals, and the benchmark can fail."""

import json
from pathlib import Path

import pytest

from benchmarks import sealing


def test_sealing_costs_at_most_four_bare_calls_and_the_ingest_under_three_percent_of_a_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPORT", str(tmp_path / "report.json"))
    assert sealing.main() == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report == json.loads(capsys.readouterr().out)
    assert report["missed"] == []
    assert set(report["goals"]) <= set(report["figures"])


def test_a_missed_goal_is_named_and_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sealing, "ROUNDS", 2)
    monkeypatch.setattr(sealing, "EPOCH_ROUNDS", 1)
    monkeypatch.setitem(sealing.GOALS, "seal_ratio", ("<=", 0.5))
    assert sealing.main() == 1
    assert "seal_ratio" in json.loads(capsys.readouterr().out)["missed"]
