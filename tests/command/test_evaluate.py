"""`mediassist evaluate` says how good a detector is on anybody's recordings, and what it cannot read."""

import json
from pathlib import Path

import numpy as np
import pytest

from mediassist.__main__ import main
from tests.models.heart_rhythm.hearts import beating, steady


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two records of made hearts, at two rates; of one a beat is marked that is not there."""
    wfdb = pytest.importorskip("wfdb", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
    for name, rate_hz in (("calm", 250), ("quick", 360)):
        times = steady(120, 0.9 if name == "calm" else 0.5)
        times = times[times > 0.5]
        lead = beating(times, 120, rate_hz)
        marks = np.rint(times * rate_hz).astype(int)
        if name == "quick":
            marks = np.sort(np.append(marks, marks[10] + int(0.25 * rate_hz)))
        wfdb.wrsamp(name, rate_hz, ["mV"], ["I"], lead[:, None], fmt=["16"], write_dir=str(tmp_path))
        wfdb.wrann(name, "atr", marks, ["N"] * len(marks), write_dir=str(tmp_path))
    return tmp_path


def test_recordings_are_judged_and_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = folder / "report.json"
    assert main(["evaluate", "heart_rhythm", "--data", str(folder), "--report", str(report)]) == 0
    said = capsys.readouterr().out
    assert "calm" in said
    assert "1 missed" in said
    figures = json.loads(report.read_text())["figures"]
    assert figures["recordings"] == 2
    assert figures["positive_predictive_value"] == 1.0
    assert figures["sensitivity"] == pytest.approx(1 - 1 / figures["beats"])
    assert figures["sensitivity_low"] <= figures["sensitivity"] <= figures["sensitivity_high"]


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "heart_rhythm", "--data", str(tmp_path)]) == 2
    assert "no WFDB record with annotations" in capsys.readouterr().err
    for suffix in ("hea", "atr"):
        (tmp_path / f"x.{suffix}").write_text("nonsense")
    assert main(["evaluate", "heart_rhythm", "--data", str(tmp_path)]) == 2
    assert "x: not read" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["evaluate", "tea", "--data", str(tmp_path)])
