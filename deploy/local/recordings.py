"""Which recordings a demonstration replays: files and folders, each record one patient."""

from collections.abc import Iterator
from pathlib import Path

STORIES = ("calm_day", "atrial_fibrillation", "desaturation", "fever")


class NoRecording(Exception):
    """There is nothing to replay where the person pointed: the message says what was looked for."""


def find(where: str) -> list[Path]:
    """Return the records named by files and folders, separated by commas: WFDB headers (`.hea`) and `.npz` files.

    A WFDB record may be named by its header, its signals (`.dat`), its beats (`.atr`) or without an ending. Folders give their records by
    name.

    Raises:
        NoRecording: a name leads to no record.
    """
    records: list[Path] = []
    for part in filter(None, (part.strip() for part in where.split(","))):
        found = list(_records(Path(part)))
        if not found:
            raise NoRecording(f"no recording at {part}: a WFDB record (.hea), an .npz file, or a folder that holds some")
        records += found
    return records


def source(number: int, records: list[Path], story: str | None = None) -> dict[str, object]:
    """Return what patient `number` (from 0) is made of: a record, or, where there are none, a story of the physiology simulator: `story`, or in turn."""
    if records:
        return {"kind": "recording", "path": str(records[number].absolute())}
    return {"kind": "physiology", "seed": number + 1, "story": story or STORIES[number % len(STORIES)]}


def _records(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(path for path in place.iterdir() if path.suffix in {".hea", ".npz"})
    elif place.suffix == ".npz" and place.is_file():
        yield place
    else:
        header = place.with_suffix(".hea") if place.suffix in {".hea", ".dat", ".atr"} else place.with_name(f"{place.name}.hea")
        if header.is_file():
            yield header
