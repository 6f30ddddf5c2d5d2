"""Photographs of the retina with their grades: a folder of pictures, and a table (CSV) that says what each shows."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.evaluation import Unreadable

NAMES = {
    "image": ("image", "image name", "image_name", "id_code", "name"),
    "grade": ("dr_grade", "retinopathy grade", "retinopathy_grade", "diagnosis", "grade", "level"),
    "risk": ("dme_risk", "risk of macular edema", "risk of macular edema ", "risk_of_macular_edema", "dme"),
}
"""What tables in use call their columns."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True, slots=True)
class Photograph:
    """One picture. grade: 0..4. risk: 0..2, None: not said. fold: which part of a cross-validation it belongs to, -1: none. used: it may be learnt from."""

    path: Path
    grade: int
    risk: int | None
    fold: int = -1
    used: bool = True


def read(folder: Path, table: Path) -> list[Photograph]:
    """Read a table of pictures that lie in a folder, or below it.

    Raises:
        Unreadable: the table is not there, has no such columns, or names a picture that is not there.
    """
    try:
        text = table.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{table} cannot be read: {error}") from error
    rows = list(csv.DictReader(text.splitlines()))
    columns = {name.strip().lower(): name for name in (rows[0] if rows else {}) if name}
    found = {what: next((columns[name] for name in names if name in columns), None) for what, names in NAMES.items()}
    image, grade, risk = found["image"], found["grade"], found["risk"]
    if image is None or grade is None:
        raise Unreadable(
            f"{table} needs a column of pictures ({', '.join(NAMES['image'])}) and one of grades ({', '.join(NAMES['grade'])})"
        )
    pictures = {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES}
    return list(_photographs(rows, pictures, (image, grade, risk), folder))


def _photographs(
    rows: list[dict[str, str]], pictures: dict[str, Path], columns: tuple[str, str, str | None], folder: Path
) -> Iterator[Photograph]:
    image, grade, risk = columns
    for number, row in enumerate(rows, 2):
        name = row[image].strip()
        path = pictures.get(name, pictures.get(Path(name).stem))
        if path is None:
            raise Unreadable(f"row {number}: there is no picture {name!r} below {folder}")
        try:
            told = int(float(row[grade]))
            danger = int(float(row[risk])) if risk and row[risk].strip() else None
            fold, used = int(row.get("fold") or -1), not int(row.get("exclude") or 0)
        except ValueError as error:
            raise Unreadable(f"row {number} ({name}): {error}") from error
        if not 0 <= told <= 4 or (danger is not None and not 0 <= danger <= 2):
            raise Unreadable(f"row {number} ({name}): grade {told} and risk {danger} are not 0 to 4 and 0 to 2")
        yield Photograph(path, told, danger, fold, used)
