"""The published rows are reached on the recordings, where they are at hand, and folders that hold nothing are refused."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import Unreadable
from models.stream_anomaly.evaluate import evaluate
from models.stream_anomaly.peers import course, course_of_unknown_range, ectopy
from tests.models.stream_anomaly.test_courses import table
from tests.models.stream_anomaly.test_ectopy import RATE, early, lead

DATA = Path(__file__).parents[4] / "shared" / "data" / "anomaly"
HAS_DATA = (DATA / "nab" / "labels").is_dir()
BEATEN = {"mba_ecg805_auc_pr": 0.775, "mba_ecg806_auc_pr": 0.663, "mba_ecg820_auc_pr": 0.610}
"""NORMA, which sees the whole recording."""


def silent(_: str) -> None:
    """Say nothing."""


def test_a_folder_of_both(tmp_path: Path) -> None:
    table(tmp_path, 400)
    at = early(100)
    strange = np.zeros(120 * RATE, dtype=np.bool_)
    strange[int(at[100] * RATE) : int(at[101] * RATE)] = True
    np.savez(tmp_path / "a.npz", value=lead(at), label=strange, fs=RATE)
    lines: list[str] = []
    found = evaluate(tmp_path, None, lines.append)
    assert found["a_auc_pr"] > 0.9
    assert found["tables"] == found["leads"] == 1
    assert any("of a core a row" in line for line in lines)


def test_a_folder_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="holds no"):
        evaluate(tmp_path, None, silent)
    np.savez(tmp_path / "short.npz", value=np.zeros(50), label=np.zeros(50), fs=128)
    with pytest.raises(Unreadable, match="short"):
        evaluate(tmp_path, None, silent)


@pytest.mark.skipif(not HAS_DATA, reason="shared/data/anomaly is not here")
def test_the_published_rows_are_beaten() -> None:
    leads = evaluate(DATA / "svdb_mba", None, silent)
    assert {name: leads[name] > than for name, than in BEATEN.items()} == dict.fromkeys(BEATEN, True)
    tables = evaluate(DATA / "nab", None, silent)
    assert tables["standard_range_known"] > 70.1
    assert tables["standard_range_learnt"] > 57.8


def test_ours_as_plug_ins() -> None:
    said = [50.0] * 300
    for made in (course, course_of_unknown_range):
        step = made(said[:45], 0.0, 100.0)
        assert [step(value, None) for value in said] == [0.0] * 300
        assert step(100.0, None) > 0
    signal = lead(early(100))
    judge = ectopy(signal[: 10 * RATE], RATE)
    assert max(judge(value) for value in signal.tolist()) > 0.3
