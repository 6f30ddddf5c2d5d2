"""Readings as the bytes of PostgreSQL's binary COPY, packed by numpy.

The form is that of PostgreSQL's manual, COPY, "Binary Format". A null has no bytes, so rows are packed in up to four groups, by which of
value, absence and record they lack.
"""

from dataclasses import dataclass
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from cloud.packed import postgres_microseconds
from protocol.metrics import Absence
from protocol.samples import NO_RECORD

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_FIELDS = (("organisation_id", ">i4"), ("series_id", ">i4"), ("at", ">i8"), ("value", ">f8"), ("absence", ">i2"), ("record", ">i8"))
COPY_READINGS: LiteralString = "copy reading (organisation_id, series_id, at, value, absence, record) from stdin (format binary)"


@dataclass(frozen=True, slots=True, eq=False)
class ReadingColumns:
    """Readings, shape (n,) each. at: ms UTC. value: NaN where absent. absence: codes of `Absence`. record: NO_RECORD = none."""

    organisation: NDArray[np.int32]
    series: NDArray[np.int32]
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    absence: NDArray[np.uint8]
    record: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.at)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "ReadingColumns":
        """Return some of the rows, by mask or by place."""
        return ReadingColumns(
            self.organisation[rows], self.series[rows], self.at[rows], self.value[rows], self.absence[rows], self.record[rows]
        )


def binary_copy(readings: ReadingColumns) -> bytes:
    """Return the whole stream that `COPY_READINGS` takes.

    Rows come out by series, each series in the order given, so that neighbours in the index are neighbours in the stream.
    """
    ordered = readings.where(np.argsort(readings.series, kind="stable"))
    absent = ordered.absence != Absence.PRESENT
    unnumbered = ordered.record == NO_RECORD
    groups = absent * 2 + unnumbered
    if not groups.any():  # nearly always
        return b"".join((_HEAD, _rows(ordered, {"absence"}), _END))
    parts = [
        _rows(ordered.where(groups == group), {"value" if group & 2 else "absence"} | ({"record"} if group & 1 else set()))
        for group in range(4)
    ]
    return b"".join((_HEAD, *parts, _END))


def _rows(readings: ReadingColumns, lacking: set[str]) -> bytes:
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in _FIELDS:
        layout.append((f"{name} length", ">i4"))
        if name not in lacking:
            layout.append((name, kind))
    rows = np.empty(len(readings), dtype=layout)
    rows["fields"] = len(_FIELDS)
    for name, kind in _FIELDS:
        rows[f"{name} length"] = -1 if name in lacking else np.dtype(kind).itemsize
    rows["organisation_id"] = readings.organisation
    rows["series_id"] = readings.series
    rows["at"] = postgres_microseconds(readings.at)
    if "value" not in lacking:
        rows["value"] = readings.value
    if "absence" not in lacking:
        rows["absence"] = readings.absence
    if "record" not in lacking:
        rows["record"] = readings.record
    return rows.tobytes()
