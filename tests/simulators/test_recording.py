"""Recordings are found, one or a folder of them, and what is none is refused with a reason."""

import pytest

from simulators.recording import RecordingError, kinds_of, open_recording, records_in
from tests.simulators.recordings import MITDB, monitor_file, needed


def test_a_folder_holds_its_recordings_in_order(tmp_path):
    made = monitor_file(tmp_path)
    (tmp_path / "b.hea").touch()
    (tmp_path / "a.hea").touch()
    (tmp_path / "LICENSE.txt").touch()
    assert records_in(tmp_path) == [tmp_path / "a", tmp_path / "b", made]


@pytest.mark.parametrize("name", ["r", "r.hea", "r.dat", "r.atr"])
def test_a_record_is_named_with_or_without_its_extension(tmp_path, name):
    for extension in ("hea", "dat", "atr"):
        (tmp_path / f"r.{extension}").touch()
    assert records_in(tmp_path / name) == [tmp_path / "r"]


@pytest.mark.parametrize("name", ["", "none", "none.npz", "note.txt"])
def test_what_is_no_recording_is_refused(tmp_path, name):
    (tmp_path / "note.txt").touch()
    with pytest.raises(RecordingError):
        records_in(tmp_path / name)


def test_a_broken_recording_is_refused_with_its_name(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    (tmp_path / "worse.hea").write_text("no header")
    for name in ("bad.npz", "worse"):
        for read in (open_recording, kinds_of):
            with pytest.raises(RecordingError, match=name.partition(".")[0]):
                read(tmp_path / name)
    with pytest.raises(RecordingError, match="is a folder"):
        open_recording(tmp_path)


def test_every_mit_bih_record_can_be_worn():
    records = records_in(needed(MITDB))
    assert len(records) == 32
    assert {kinds_of(record) for record in records} == {("heart_rate_belt", "ecg_patch")}
