"""Public recordings are taken only with their published hash; tables become the form that is replayed."""

import hashlib
import shutil

import numpy as np
import pytest

from simulators.commands import datasets
from simulators.datasets import DATASETS, DatasetError, bidmc_to_npz, fetch, records_of
from simulators.monitor_record import read
from tests.simulators.recordings import BIDMC, MITDB, needed


def tables(folder, record="bidmc_01"):
    seconds = 4
    signals = ["Time [s], RESP, PLETH, V, AVR, II", *(f"{i / 125},0.35386,0.43597,0.5,0.3,0.72549" for i in range(125 * seconds))]
    numbers = ["Time [s], HR, PULSE, RESP, SpO2", *(f"{i},94,93,25,{'NaN' if i == 2 else 97}" for i in range(seconds + 1))]
    (folder / f"{record}_Signals.csv").write_text("\n".join(signals))
    (folder / f"{record}_Numerics.csv").write_text("\n".join(numbers))


def test_every_set_has_an_official_address_and_whole_hashes():
    assert len(records_of(DATASETS["mitdb"])) == 32
    assert len(records_of(DATASETS["bidmc"])) == 40
    assert all(dataset.address.startswith("https://physionet.org/files/") for dataset in DATASETS.values())


def test_published_tables_become_the_form_that_is_replayed(tmp_path):
    tables(tmp_path)
    path = bidmc_to_npz(tmp_path, "bidmc_01", tmp_path)
    with np.load(path) as archive:
        assert (archive["ecg_ii"][0], archive["ppg"][0], archive["resp"][0]) == (5804, 3488, 2831)
        assert np.isnan(archive["spo2"][2])
    assert read(path).length_s == 4


def test_a_table_without_its_column_is_refused(tmp_path):
    tables(tmp_path)
    signals = tmp_path / "bidmc_01_Signals.csv"
    signals.write_text(signals.read_text().replace("PLETH", "PPG"))
    with pytest.raises(DatasetError, match="PLETH"):
        bidmc_to_npz(tmp_path, "bidmc_01", tmp_path)


def test_an_altered_file_is_refused(tmp_path):
    tables(tmp_path)
    with pytest.raises(DatasetError, match="altered"):
        fetch(DATASETS["bidmc"], tmp_path / "into", ["bidmc_01"], tmp_path)


def test_a_record_that_was_never_published_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no record 999"):
        fetch(DATASETS["mitdb"], tmp_path, ["999"], tmp_path)


@pytest.mark.parametrize(("name", "folder", "record", "count"), [("mitdb", MITDB, "200", 3), ("bidmc", BIDMC, "bidmc_01", 1)])
def test_a_folder_serves_instead_of_the_download(tmp_path, name, folder, record, count):
    found = fetch(DATASETS[name], tmp_path, [record], needed(folder))
    assert len(found) == count
    for path in found:
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256((folder / path.name).read_bytes()).digest()


def test_the_command_says_what_it_did_or_why_not(tmp_path, capsys):
    assert datasets(["list"]) == 0
    assert "MIT-BIH" in capsys.readouterr().out
    assert datasets(["fetch", "mitdb", "--record", "200", "--from", str(tmp_path), "--into", str(tmp_path / "into")]) == 1
    assert "is missing" in capsys.readouterr().err
    for extension in ("hea", "dat", "atr"):
        shutil.copy(needed(MITDB) / f"200.{extension}", tmp_path)
    assert datasets(["fetch", "mitdb", "--record", "200", "--from", str(tmp_path), "--into", str(tmp_path / "into")]) == 0
    assert "3 files" in capsys.readouterr().out
