"""Tables of grades are read as they are in use, and what is wrong in one is said with its row."""

from pathlib import Path

import pytest

from models.evaluation import Unreadable
from models.retinopathy.photographs import read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name in ("a.jpg", "deep/b.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "image,dr_grade,dme_risk\na,2,1\nb,0,0\n",
        "\ufeffImage name,Retinopathy grade,Risk of macular edema ,,\na,2,1,,\nb,0,0,,\n",
        "id_code,diagnosis,dme\na.jpg,2,1\nb.png,0,0\n",
    ],
)
def test_tables_in_use_are_read(folder: Path, text: str) -> None:
    (folder / "t.csv").write_text(text)
    found = read(folder, folder / "t.csv")
    assert [(each.path.name, each.grade, each.risk) for each in found] == [("a.jpg", 2, 1), ("b.png", 0, 0)]


def test_a_table_without_risks_folds_or_exclusions(folder: Path) -> None:
    (folder / "t.csv").write_text("image,grade,fold,exclude\na,4,,\nb,1,3,1\n")
    first, second = read(folder, folder / "t.csv")
    assert (first.risk, first.fold, first.used) == (None, -1, True)
    assert (second.fold, second.used) == (3, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("picture,grade\na,1\n", "needs a column of pictures"),
        ("image,dr_grade\nzzz,1\n", "row 2: there is no picture 'zzz'"),
        ("image,dr_grade\na,7\n", "row 2 (a): grade 7"),
        ("image,dr_grade\na,x\n", "row 2 (a)"),
        ("image,dr_grade,dme_risk\na,1,3\n", "risk 3"),
        ("", "needs a column"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, text: str, said: str) -> None:
    (folder / "t.csv").write_text(text)
    with pytest.raises(Unreadable) as refused:
        read(folder, folder / "t.csv")
    assert said in str(refused.value)


def test_no_table(folder: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read(folder, folder / "none.csv")
