"""Rhythms are judged in seconds against a recording's marks, and fibrillation in half minutes."""

import numpy as np
import pytest

from models.heart_rhythm.rhythm import Beats, Episode, Rhythm
from tests.models.heart_rhythm.hearts import MITDB, needs_mitdb

recordings = pytest.importorskip("models.heart_rhythm.recordings", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
assess = pytest.importorskip("models.heart_rhythm.rhythm_assess")


def recording(*rhythms: tuple[int, int, str], seconds: int = 120) -> object:
    return recordings.Recording("r", np.zeros(seconds * 100), 100.0, np.zeros(0, dtype=np.int64), (), "", rhythms)


def test_time_that_is_marked_and_told() -> None:
    one = recording((0, 3000, "N"), (3000, 9000, "AFIB"), (9000, 12000, "N"))
    found = assess.durations(one, [Episode(Rhythm.ATRIAL_FIBRILLATION, 40, 100, 90), Episode(Rhythm.BRADYCARDIA, 0, 120, 40)])
    duration = found[Rhythm.ATRIAL_FIBRILLATION]
    assert (duration.marked, duration.told, duration.both) == (60, 60, 50)
    assert assess.duration_sensitivity([duration]) == assess.duration_predictive_value([duration]) == 50 / 60
    assert np.isnan(assess.duration_sensitivity([found[Rhythm.BIGEMINY]]))


def test_flutter_counts_for_neither_side() -> None:
    one = recording((0, 6000, "AFL"), (6000, 12000, "AFIB"))
    duration = assess.durations(one, [Episode(Rhythm.ATRIAL_FIBRILLATION, 0, 90, 90)])[Rhythm.ATRIAL_FIBRILLATION]
    assert (duration.marked, duration.told, duration.both) == (60, 30, 30)


def test_half_minutes_of_two_rhythms_and_of_flutter_are_left_out() -> None:
    one = recording((0, 4000, "N"), (4000, 10000, "AFIB"), (10000, 12000, "AFL"), (12000, 18000, "N"), seconds=180)
    judged = assess.windows(one, Beats(np.arange(0.5, 180, 0.8), "N" * 225))
    assert judged.truth.tolist() == [False, True, False, False]
    assert len(judged.scores) == 4
    assert assess.windows(one, Beats(np.zeros(0), "")).scores.tolist() == [-10.0] * 4


@needs_mitdb
def test_a_recording_tells_its_rhythms() -> None:
    rhythms = recordings.read(MITDB / "222").rhythms
    assert {name for _, _, name in rhythms} >= {"N", "AFIB", "AFL"}
    assert all(first < last for first, last, _ in rhythms)
    assert rhythms[-1][1] == 650_000
