"""Where the recordings are that tests replay, and small ones made here."""

from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MITDB = SHARED / "ecg" / "mitdb"
BIDMC = SHARED / "vitals" / "bidmc"


def needed(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"the recordings are missing: no folder {folder.relative_to(folder.parents[3])} beside the project")
    return folder


def monitor_file(folder: Path, **left_out: bool) -> Path:
    """Write 8 s of a made-up bedside monitor in the npz form."""
    at_s = np.arange(1000) / 125
    beat = np.exp(-0.5 * (((at_s % 0.8) - 0.4) / 0.012) ** 2)
    arrays = {
        "fs": np.array(125, np.int32),
        "ecg_ii": (beat * 8000).astype(np.int16),
        "gain_ecg_ii": np.array(8000, np.int32),
        "ppg": (np.sin(at_s) * 4000).astype(np.int16),
        "gain_ppg": np.array(8000, np.int32),
        "hr": np.full(9, 75, np.float32),
        "pulse": np.full(9, 75, np.float32),
        "spo2": np.array([97, np.nan] * 4 + [97], np.float32),
        "rr": np.full(9, 15, np.float32),
    }
    path = folder / "made_up.npz"
    np.savez(path, **{name: array for name, array in arrays.items() if name not in left_out})
    return path
