"""Courses of values as files: tables (timestamp, value) with a file of windows, and leads with a label for each sample."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.evaluation import Unreadable
from models.heart_rhythm.recordings import read, records_in
from models.stream_anomaly.alarm_score import Windows

WINDOWS = Path("labels", "combined_windows.json")
"""Where the windows stand beside `data/`, as the Numenta Anomaly Benchmark has them: file name -> pairs of first and last timestamp."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One course of values. values: shape (n,), NaN where none. windows: (first, last) rows in which something happens."""

    name: str
    values: NDArray[np.float64]
    windows: Windows


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One lead, any unit. strange: shape (n,), whether each sample is of an ectopic beat."""

    name: str
    signal: NDArray[np.float64]
    rate_hz: float
    strange: NDArray[np.bool_]


def tables_in(folder: Path, labels: Path | None) -> list[Table]:
    """Read the tables that a file of windows names, from `data/` of a folder, or from the folder; none where there is no such file.

    Raises:
        Unreadable: a file is not there, or not of that format.
    """
    windows_file = labels or folder / WINDOWS
    if not windows_file.exists():
        if labels is not None:
            raise Unreadable(f"{labels} is not there")
        return []
    data = folder / "data" if (folder / "data").is_dir() else folder
    try:
        named: dict[str, list[list[str]]] = json.loads(windows_file.read_text("utf-8"))
        return [_table(data / name, name, pairs) for name, pairs in sorted(named.items())]
    except (ValueError, OSError, KeyError, AttributeError, TypeError) as error:
        raise Unreadable(f"{windows_file.name} and the tables it names: {error}") from error


def _table(path: Path, name: str, pairs: list[list[str]]) -> Table:
    rows = pd.read_csv(path, usecols=["timestamp", "value"])
    at = pd.to_datetime(rows["timestamp"]).to_numpy(dtype="datetime64[us]")
    windows: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        start, end = (np.datetime64(datetime.fromisoformat(moment), "us") for moment in (first, last))
        inside = np.flatnonzero((at >= start) & (at <= end))
        if not len(inside):
            raise ValueError(f"{name} has no row between {first} and {last}")
        windows.append((int(inside[0]), int(inside[-1])))
    return Table(name, rows["value"].to_numpy(dtype=np.float64), tuple(windows))


def leads_in(folder: Path) -> list[Labelled]:
    """Read the leads of a folder: .npz with value, label, fs and perhaps gain, and WFDB records with marks.

    Of a WFDB record the samples from each beat that is not a normal one (S, V, F of ANSI/AAMI EC57) to the next beat are strange.

    Raises:
        Unreadable: a damaged file.
    """
    found: list[Labelled] = []
    for path in sorted(folder.glob("*.npz")):
        try:
            with np.load(path) as held:
                gain = float(held["gain"]) if "gain" in held else 1.0
                found.append(Labelled(path.stem, held["value"] / gain, float(held["fs"]), held["label"].astype(np.bool_)))
        except (ValueError, KeyError, OSError, BadZipFile) as error:
            raise Unreadable(f"{path.name} is no lead with value, label and fs: {error}") from error
    for path in records_in(folder):
        try:
            recording = read(path)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        strange = np.zeros(len(recording.signal), dtype=np.bool_)
        ends = np.append(recording.beats[1:], len(strange) - 1)
        for first, last, letter in zip(recording.beats.tolist(), ends.tolist(), recording.classes, strict=True):
            if letter in "SVF":
                strange[first : last + 1] = True
        found.append(Labelled(path.name, recording.signal, recording.rate_hz, strange))
    return found
