"""A WFDB record becomes a body: its beats from the annotations, its ECG from the signal."""

import numpy as np
import pytest
import wfdb

from protocol.metrics import ECG, HEART_RATE, RR_INTERVAL
from simulators import wfdb_record
from tests.simulators.recordings import MITDB, needed


@pytest.fixture
def record(tmp_path):
    """One second at 250 Hz in microvolts, three annotated beats and a rhythm mark that is none."""
    signal = np.round(np.sin(np.arange(250) / 10) * 500).reshape(-1, 1)
    wfdb.wrsamp(
        "made", fs=250, units=["uV"], sig_name=["II"], p_signal=signal, fmt=["16"], adc_gain=[2.0], baseline=[7], write_dir=str(tmp_path)
    )
    wfdb.wrann(
        "made", "atr", np.array([10, 50, 150, 220]), symbol=["+", "N", "V", "N"], aux_note=["(N", "", "", ""], write_dir=str(tmp_path)
    )
    return tmp_path / "made"


def test_microvolts_are_read_as_millivolts(record):
    body = wfdb_record.read(record)
    [channel] = body.channels
    samples = body.samples(ECG.code, 0, 250)
    assert channel.rate_hz == 250
    assert samples * channel.gain == pytest.approx(np.sin(np.arange(250) / 10) * 0.5, abs=0.001)


def test_beats_are_the_annotations_that_are_beats(record):
    body = wfdb_record.read(record)
    assert [round(beat.rr_s * 1000) for beat in body.beats(0, 1.0)] == [400, 280]
    assert body.metrics == {ECG.code, HEART_RATE.code, RR_INTERVAL.code}


def test_a_record_without_annotations_is_for_a_patch_only(record):
    assert wfdb_record.kinds_of(record) == ("heart_rate_belt", "ecg_patch")
    record.with_suffix(".atr").unlink()
    assert wfdb_record.kinds_of(record) == ("ecg_patch",)
    assert wfdb_record.read(record).metrics == {ECG.code}


def test_an_mit_bih_record_is_read_as_its_annotators_marked_it():
    body = wfdb_record.read(needed(MITDB) / "200")
    first = body.beats(0, 2.5)
    assert [round(beat.rr_s * 360) for beat in first] == [487 - 225, 689 - 487]
    assert body.length_s == pytest.approx(650000 / 360)
    signal = wfdb.rdrecord(str(MITDB / "200"), sampto=1000)
    assert body.samples(ECG.code, 0, 1000) * body.channels[0].gain == pytest.approx(signal.p_signal[:, 0], abs=1e-9)
