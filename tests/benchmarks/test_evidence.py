"""A report names what was missed, and a figure that was not measured is missed."""

import json
from pathlib import Path

import pytest

from benchmarks import evidence


def test_a_report_is_written_and_its_status_says_whether_a_goal_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPORT", str(tmp_path / "r.json"))
    assert evidence.report({"lost": 0, "rate": 5}, {"lost": ("==", 0), "rate": (">=", 5)}, {}) == 0
    assert json.loads((tmp_path / "r.json").read_text()) == json.loads(capsys.readouterr().out)
    assert evidence.report({"lost": 1, "rate": 4}, {"lost": ("==", 0), "rate": (">=", 5), "p99": ("<", 2)}, {}) == 1
    assert json.loads(capsys.readouterr().out)["missed"] == ["lost", "rate", "p99"]
