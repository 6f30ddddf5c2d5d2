"""Recorded people: who is trained on, who is tested, and what is called abnormal."""

from pathlib import Path

import numpy as np
import pytest

from models.vital_anomaly.features import Minute
from models.vital_anomaly.recordings import (
    BIDMC_TEST,
    MITDB_TEST,
    MITDB_TRAIN,
    agreed,
    beats_at,
    irregular,
    read_bidmc,
    read_mitdb,
    vitals_abnormal,
    without,
)

DATA = Path(__file__).parents[4] / "shared" / "data"
HAS_MITDB, HAS_BIDMC = (DATA / "ecg" / "mitdb").is_dir(), (DATA / "vitals" / "bidmc").is_dir()
needs_mitdb = pytest.mark.skipif(not HAS_MITDB, reason="shared/data/ecg/mitdb (MIT-BIH records) is not here")
needs_bidmc = pytest.mark.skipif(not HAS_BIDMC, reason="shared/data/vitals/bidmc (BIDMC people) is not here")


def said(value: float, seconds: int = 60) -> np.ndarray:
    return np.column_stack([np.arange(seconds) * 1000.0, np.full(seconds, value)])


CALM = Minute(beats=beats_at(np.arange(75) * 800.0), heart_rate=said(75), spo2=said(97), respiratory_rate=said(16))


def test_nobody_is_trained_on_and_tested() -> None:
    assert not set(MITDB_TRAIN) & set(MITDB_TEST)
    assert "201" not in MITDB_TRAIN, "201 and 202 are one person"
    assert len(MITDB_TRAIN) == 21
    assert len(MITDB_TEST) == len(BIDMC_TEST) == 10


@pytest.mark.parametrize(
    ("name", "track"),
    [
        ("heart_rate", said(131)),
        ("heart_rate", said(40)),
        ("spo2", said(91)),
        ("spo2", np.vstack([said(97, 60)[:40], said(92, 60)[40:]])),
        ("respiratory_rate", said(25)),
        ("respiratory_rate", said(8)),
        ("temperature", said(39.1, 1)),
        ("temperature", said(35.0, 1)),
        ("beats", beats_at(np.arange(150) * 400.0)),
    ],
)
def test_each_abnormal_vital_is_abnormal_and_says_nothing_when_missing(name: str, track: np.ndarray) -> None:
    minute = Minute(**{"beats": CALM.beats, "spo2": CALM.spo2, "respiratory_rate": CALM.respiratory_rate, name: track})
    assert not vitals_abnormal(CALM)
    assert vitals_abnormal(minute)
    assert not vitals_abnormal(without(minute, name))


def test_beats_that_contradict_the_monitor_are_not_trusted() -> None:
    assert agreed(CALM)
    assert not agreed(Minute(beats=CALM.beats, heart_rate=said(150)))
    assert not agreed(without(CALM, "heart_rate"))


def test_irregular_beats_are_known_as_such() -> None:
    assert not irregular(CALM.beats)
    assert irregular(beats_at(np.cumsum([500.0, 1100.0] * 30)))
    assert irregular(np.empty((0, 2)))


@needs_mitdb
def test_bigeminy_is_abnormal_and_a_calm_record_is_not() -> None:
    calm, bigeminy = (read_mitdb(DATA / "ecg" / "mitdb", record) for record in ("100", "200"))
    assert not any(each.abnormal for each in calm.minutes)
    assert sum(bool(each.rhythm) for each in bigeminy.minutes) > 0.9 * len(bigeminy.minutes)


@needs_bidmc
def test_beats_found_in_a_small_ecg_agree_with_the_monitor() -> None:
    small, low = (read_bidmc(DATA / "vitals" / "bidmc", person) for person in ("03", "49"))
    assert sum(agreed(each.minute) for each in small.minutes) > 0.9 * len(small.minutes)
    assert all(each.abnormal for each in low.minutes), "person 49 is at 86 % SpO2 throughout"
