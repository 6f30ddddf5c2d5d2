"""A bedside monitor's file becomes a body: waveforms, numbers, and beats found in its ECG."""

import math

import numpy as np
import pytest

from protocol.metrics import ECG, HEART_RATE, PLETHYSMOGRAM, RESPIRATION, RESPIRATORY_RATE, SPO2
from simulators import monitor_record
from tests.simulators.recordings import BIDMC, monitor_file, needed


def test_what_the_monitor_said_is_said_again_and_its_silence_too(tmp_path):
    body = monitor_record.read(monitor_file(tmp_path))
    assert body.value(HEART_RATE.code, 3.2) == 75
    assert body.value(SPO2.code, 0.5) == 97
    assert math.isnan(body.value(SPO2.code, 1.5) or 0)
    assert [channel.metric for channel in body.channels] == [ECG.code, PLETHYSMOGRAM.code]


def test_only_wearables_with_signals_can_be_worn(tmp_path):
    assert monitor_record.kinds_of(monitor_file(tmp_path)) == ("heart_rate_belt", "pulse_oximeter", "ecg_patch")
    bare = monitor_file(tmp_path, ecg_ii=True, hr=True, spo2=True)
    assert monitor_record.kinds_of(bare) == ("ecg_patch",)


def test_beats_that_contradict_the_monitor_are_not_believed(tmp_path):
    path = monitor_file(tmp_path)
    with np.load(path) as archive:
        arrays = dict(archive) | {"hr": np.full(9, 150, np.float32)}
    np.savez(path, **arrays)
    assert monitor_record.read(path).beats(0, 8) == []


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises((ValueError, OSError)):
        monitor_record.read(broken)
    with pytest.raises((ValueError, OSError)):
        monitor_record.kinds_of(broken)


@pytest.mark.parametrize("record", ["bidmc_01", "bidmc_03"])
def test_a_bidmc_record_has_beats_at_its_monitors_rate(record):
    path = needed(BIDMC) / f"{record}.npz"
    body = monitor_record.read(path)
    found = 60 / np.median([beat.rr_s for beat in body.beats(10, 110)])
    said = np.nanmedian(np.load(path)["hr"][10:110])
    assert found == pytest.approx(said, abs=2)
    assert {RESPIRATION.code, RESPIRATORY_RATE.code, SPO2.code} <= body.metrics
