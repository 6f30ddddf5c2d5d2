"""Monitors and wristbands are read as streams of ten-second medians."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation import Unreadable
from models.vital_anomaly.trend.recordings import out_of_order, streams_in


def test_a_monitor_and_two_wristbands(tmp_path: Path) -> None:
    seconds = 305
    heart, breathing = np.full(seconds, 80.0), np.full(seconds, 16.0)
    heart[3] = np.nan
    breathing[:20] = 0
    np.savez(tmp_path / "bidmc_07.npz", hr=heart, rr=breathing, spo2=np.full(seconds, 97.0))
    worn = np.full(seconds, 7200, dtype=np.int16)
    np.savez(tmp_path / "S01.npz", hr=worn, hr_t0=1010.0, label_time=1000.0 + np.arange(200), resp_rate=np.arange(200.0))
    np.savez(tmp_path / "S02.npz", hr=worn, hr_t0=1010.0, label_time=np.zeros(0), resp_rate=np.zeros(0))
    monitor, one, other = streams_in(tmp_path)
    assert monitor.values.shape == (30, 4)
    assert monitor.values[0, 0] == 80
    assert np.isnan(monitor.values[:2, 1]).all()
    assert monitor.values[2, 1] == 16
    assert one.values[0, 0] == 72
    assert one.values[0, 1] == pytest.approx(14.5)
    assert np.isnan(one.values[19:, 1]).all()
    assert np.isnan(other.values[:, 1]).all()
    again = streams_in(tmp_path)
    assert all(np.array_equal(a.values, b.values, equal_nan=True) for a, b in zip((monitor, one, other), again, strict=True))


def test_what_is_out_of_order() -> None:
    rows = np.array([[80, 16, 97, 37], [40, 16, 97, 37], [80, 25, 97, 37], [80, 16, 91, 37], [80, 16, 97, 39.1], [np.nan] * 4])
    assert out_of_order(rows).tolist() == [False, True, True, True, True, False]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "S01.npz").write_bytes(b"PK")
    with pytest.raises(Unreadable, match="S01"):
        streams_in(tmp_path)
