"""Readings of glucose sensors, a table (CSV, or CSV compressed by gzip) of people: person_id, timestamp, glucose_mg_dl."""

import csv
import gzip
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO, cast

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Unreadable
from models.glucose.history import LAGS, STEP_MINUTES, Values, gridded

COLUMNS = ("person_id", "timestamp", "glucose_mg_dl")
DAY = 24 * 60 // STEP_MINUTES


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person's readings on a grid of five minutes, mg/dL, NaN where none is. table: whose people they are. later: from which place on is tested."""

    table: str
    name: str
    grid: Values
    later: int


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """history: (n, LAGS). target: (n, ahead), NaN where there is none. at: places of the newest readings, (n,)."""

    history: Values
    target: Values
    at: NDArray[np.int64]


def tables_in(folder: Path) -> list[Path]:
    """Return the tables of a folder that hold readings.

    Raises:
        Unreadable: there is none.
    """
    paths = sorted(path for pattern in ("*.csv", "*.csv.gz") for path in folder.glob(pattern) if _columns(path) == COLUMNS)
    if not paths:
        raise Unreadable(f"{folder} holds no table (.csv, .csv.gz) with the columns {', '.join(COLUMNS)}")
    return paths


def read(path: Path, *, last_day: bool = False) -> list[Person]:
    """Read a table. last_day: the last 24 hours of each person are tested, else the last fifth.

    Raises:
        Unreadable: a row is damaged.
    """
    people: dict[str, list[tuple[float, float]]] = {}
    with _opened(path) as text:
        for number, row in enumerate(csv.reader(text), 1):
            if number == 1 or (len(row) == len(COLUMNS) and not row[2]):
                continue
            try:
                person, stamp, value = row
                people.setdefault(person, []).append((datetime.fromisoformat(stamp).timestamp() / 60, float(value)))
            except ValueError as error:
                raise Unreadable(f"{path.name}, row {number}: {error}") from error
    table = path.name.split(".")[0]
    return [_person(table, name, np.array(rows, dtype=np.float64), last_day=last_day) for name, rows in people.items()]


def _person(table: str, name: str, rows: NDArray[np.float64], *, last_day: bool) -> Person:
    grid = gridded(rows[:, 0], rows[:, 1])
    return Person(table, name, grid, len(grid) - DAY if last_day else int(0.8 * len(grid)))


def rows_of(grid: Values, ahead: tuple[int, ...]) -> Rows:
    """Cut a grid into histories without gaps and what came so many places later."""
    if len(grid) < LAGS:
        return Rows(np.zeros((0, LAGS)), np.zeros((0, len(ahead))), np.zeros(0, dtype=np.int64))
    at = np.arange(LAGS - 1, len(grid))
    history = np.lib.stride_tricks.sliding_window_view(grid, LAGS)
    target = np.stack([np.where(at + step < len(grid), grid[np.minimum(at + step, len(grid) - 1)], np.nan) for step in ahead], axis=1)
    good = np.isfinite(history).all(axis=1) & np.isfinite(target).any(axis=1)
    return Rows(history[good], target[good], at[good])


def filled_in(grid: Values) -> NDArray[np.bool_]:
    """Say which places hold a value that was filled in between readings 15 minutes apart; nowhere, where a person's readings are their own.

    Of such a person every third second difference is large and the two between are nearly none: the place in three of the large ones is that of the readings.
    """
    bend = np.abs(np.diff(grid, 2))
    phases = [float(np.nanmean(bend[phase::3])) if np.isfinite(bend[phase::3]).any() else 0.0 for phase in range(3)]
    real = int(np.argmax(phases))
    others = sum(phases) - phases[real]
    found = np.zeros(len(grid), dtype=np.bool_)
    if phases[real] > 3 * max(others, 1e-9):
        found[:] = (np.arange(len(grid)) - 1) % 3 != real
    return found


def _columns(path: Path) -> tuple[str, ...]:
    try:
        with _opened(path) as text:
            return tuple(next(csv.reader(text), list[str]()))
    except (OSError, UnicodeDecodeError):
        return ()


def _opened(path: Path) -> TextIO:
    return cast("TextIO", gzip.open(path, "rt", encoding="utf-8")) if path.suffix == ".gz" else path.open(encoding="utf-8")
