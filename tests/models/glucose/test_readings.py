"""Tables of readings are read, cut into rows without gaps, and what was filled in is told from what was read."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from models.evaluation import Unreadable
from models.glucose.readings import filled_in, read, rows_of, tables_in
from tests.models.glucose.courses import course, write


def test_tables_plain_and_compressed(tmp_path: Path) -> None:
    write(tmp_path / "A.csv", {"one": course(3), "two": course(2)})
    (tmp_path / "B.csv.gz").write_bytes(gzip.compress((tmp_path / "A.csv").read_bytes()))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert [path.name for path in tables_in(tmp_path)] == ["A.csv", "B.csv.gz"]
    one, two = read(tmp_path / "B.csv.gz")
    assert (one.table, one.name, two.name) == ("B", "one", "two")
    assert len(one.grid) == 3 * 288
    assert one.later == int(0.8 * 3 * 288)
    assert read(tmp_path / "A.csv", last_day=True)[0].later == 2 * 288


def test_a_missing_value_is_a_gap_and_rows_avoid_it(tmp_path: Path) -> None:
    values = course(1)
    values[100] = np.nan
    write(tmp_path / "A.csv", {"one": values})
    rows = rows_of(read(tmp_path / "A.csv")[0].grid, (6, 12))
    assert not (set(range(100, 124)) & set(rows.at.tolist()))
    assert np.isnan(rows.target[rows.at == 94, 0]).all()
    assert np.isfinite(rows.target[rows.at == 94, 1]).all()
    assert len(rows_of(values[:10], (6,)).at) == 0


def test_what_was_filled_in_is_told() -> None:
    readings = course(5)[::3]
    filled = np.interp(np.arange(3 * len(readings) - 2), 3 * np.arange(len(readings)), readings)
    found = filled_in(filled)
    assert not found[::3].any()
    assert found[1::3].all()
    assert found[2::3].all()
    assert not filled_in(course(5)).any()
    assert not filled_in(np.full(100, np.nan)).any()


@pytest.mark.parametrize(("text", "said"), [("x,2024-13-01,100", "row 2"), ("x,2024-01-01 00:00:00,abc", "row 2"), ("x,100", "row 2")])
def test_a_damaged_row_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "A.csv").write_text(f"person_id,timestamp,glucose_mg_dl\n{text}\n")
    with pytest.raises(Unreadable, match=said):
        read(tmp_path / "A.csv")


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="holds no table"):
        tables_in(tmp_path)
