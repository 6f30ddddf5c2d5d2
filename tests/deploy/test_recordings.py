"""A recording is named by a file, a folder, or several."""

from pathlib import Path

import pytest

from deploy.local import recordings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("101.hea", "101.dat", "101.atr", "100.hea", "bidmc_01.npz", "notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_gives_its_records_by_name(folder: Path) -> None:
    assert [path.name for path in recordings.find(str(folder))] == ["100.hea", "101.hea", "bidmc_01.npz"]


@pytest.mark.parametrize("name", ["101", "101.hea", "101.dat", "101.atr"])
def test_a_record_has_several_names(folder: Path, name: str) -> None:
    assert recordings.find(str(folder / name)) == [folder / "101.hea"]


def test_several_are_separated_by_commas(folder: Path) -> None:
    assert [path.name for path in recordings.find(f"{folder}/bidmc_01.npz, {folder}/101")] == ["bidmc_01.npz", "101.hea"]


@pytest.mark.parametrize("name", ["102", "notes.txt", "nowhere/at/all"])
def test_what_is_no_recording_is_named(folder: Path, name: str) -> None:
    with pytest.raises(recordings.NoRecording, match=name):
        recordings.find(str(folder / name))


def test_without_recordings_patients_live_the_stories_in_turn() -> None:
    assert [recordings.source(number, [])["story"] for number in range(5)] == [*recordings.STORIES, recordings.STORIES[0]]
    assert recordings.source(0, [Path("/r/100.hea")]) == {"kind": "recording", "path": "/r/100.hea"}
