"""Tables with windows and leads with labels are read as they are; damaged ones are named."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from models.evaluation import Unreadable
from models.stream_anomaly.courses import leads_in, tables_in


def table(folder: Path, rows: int = 40) -> Path:
    """Write one table of ten-minute rows and its windows, as the benchmark lays them out."""
    (folder / "data" / "real").mkdir(parents=True)
    (folder / "labels").mkdir()
    start = datetime(2014, 2, 14, tzinfo=UTC)
    lines = [f"{start + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S},{minute % 70}" for minute in range(0, 10 * rows, 10)]
    (folder / "data" / "real" / "one.csv").write_text("\n".join(["timestamp,value", *lines]), "utf-8")
    windows = folder / "labels" / "combined_windows.json"
    windows.write_text(json.dumps({"real/one.csv": [["2014-02-14 03:05:00.000000", "2014-02-14 04:00:00.000000"]]}), "utf-8")
    return windows


def test_a_table_and_its_windows(tmp_path: Path) -> None:
    table(tmp_path)
    [one] = tables_in(tmp_path, None)
    assert (one.name, len(one.values), one.windows) == ("real/one.csv", 40, ((19, 24),))


def test_windows_can_stand_elsewhere(tmp_path: Path) -> None:
    windows = table(tmp_path)
    moved = windows.rename(tmp_path / "w.json")
    assert tables_in(tmp_path, None) == []
    assert len(tables_in(tmp_path, moved)) == 1
    with pytest.raises(Unreadable, match="is not there"):
        tables_in(tmp_path, tmp_path / "none.json")


@pytest.mark.parametrize(
    "windows", ["[]", "{", '{"real/none.csv": []}', '{"real/one.csv": [["2015-01-01 00:00:00", "2015-01-02 00:00:00"]]}']
)
def test_damaged_windows_are_named(tmp_path: Path, windows: str) -> None:
    table(tmp_path).write_text(windows, "utf-8")
    with pytest.raises(Unreadable, match="combined_windows"):
        tables_in(tmp_path, None)


def test_a_lead_with_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", value=np.arange(10, dtype=np.int16), label=np.arange(10) > 7, fs=128, gain=200)
    [one] = leads_in(tmp_path)
    assert (one.name, one.rate_hz, one.signal[1], int(one.strange.sum())) == ("a", 128.0, 1 / 200, 2)


def test_a_damaged_lead_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK")
    with pytest.raises(Unreadable, match=r"a\.npz"):
        leads_in(tmp_path)
