"""`mediassist evaluate vital_anomaly` judges hearts and monitors, and says what it cannot read."""

import json
from pathlib import Path

import pytest

from mediassist.__main__ import main
from tests.models.heart_rhythm.hearts import MITDB, needs_mitdb
from tests.models.ppg.hearts import BIDMC, needs_bidmc

pytest.importorskip("wfdb", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")


@needs_mitdb
@needs_bidmc
def test_both_kinds_are_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("100", "200"):
        for suffix in ("hea", "atr"):
            (tmp_path / f"{name}.{suffix}").write_bytes((MITDB / f"{name}.{suffix}").read_bytes())
    for name in ("bidmc_01", "bidmc_05"):
        (tmp_path / f"{name}.npz").write_bytes((BIDMC / f"{name}.npz").read_bytes())
    assert main(["evaluate", "vital_anomaly", "--data", str(tmp_path), "--report", str(tmp_path / "r.json")]) == 0
    assert "hearts AUROC" in capsys.readouterr().out
    figures = json.loads((tmp_path / "r.json").read_text())["figures"]
    assert (figures["hearts_people"], figures["monitors_people"]) == (2, 2)
    assert figures["hearts_auroc"] > 0.8
    assert 0 <= figures["trend_sensitivity"] <= 1


def test_what_cannot_be_judged_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "vital_anomaly", "--data", str(tmp_path)]) == 2
    assert "no bidmc_NN.npz" in capsys.readouterr().err
    (tmp_path / "bidmc_01.npz").write_bytes(b"nonsense")
    assert main(["evaluate", "vital_anomaly", "--data", str(tmp_path)]) == 2
    assert "bidmc_01.npz is no recording of vitals" in capsys.readouterr().err
    assert main(["evaluate", "vital_anomaly", "--data", str(tmp_path), "--labels", "x"]) == 2
