"""Recordings are cut into windows with what is known of each; errors are those of people."""

from pathlib import Path

import numpy as np
import pytest

from models.ppg import assess
from models.ppg.assess import Told
from models.ppg.recordings import Recording, annotated, read, windows
from tests.models.ppg.hearts import beating


def recording(breaths: float = 15, second: float = 15) -> Recording:
    marks = tuple(np.arange(0, 96, 60 / rate) for rate in (breaths, second))
    return Recording("r", beating(96, 76, breaths), 125.0, (marks[0], marks[1]), np.full(97, 16.0), np.full(97, 76.0))


def test_windows_and_what_is_known_of_them() -> None:
    found = list(windows(recording()))
    assert len(found) == 5
    assert all(len(each.ppg) == 4000 for each in found)
    assert found[0].annotated == pytest.approx(15)
    assert (found[0].monitored, found[0].pulse) == (16.0, 76.0)


def test_annotators_who_differ_do_not_count_and_a_silent_monitor_says_nothing() -> None:
    one = recording(15, 18)
    assert np.isnan(annotated(one, 0, 32))
    one.monitor_hr[:] = np.nan
    assert np.isnan(next(windows(one)).pulse)


def test_files_are_read(tmp_path: Path) -> None:
    wave = (8000 * beating(64, 76, 15)).astype(np.int16)
    marks = np.arange(0, 8000, 500)
    np.savez(
        tmp_path / "bidmc_07.npz",
        ppg=wave,
        gain_ppg=8000,
        fs=125,
        breaths_1=marks,
        breaths_2=marks,
        rr=np.full(65, 15.0),
        hr=np.full(65, 76.0),
    )
    [one] = read(tmp_path)
    assert (one.name, one.rate_hz, len(one.ppg)) == ("bidmc_07", 125.0, 8000)
    assert annotated(one, 0, 32) == pytest.approx(15)


def told(name: str, error: float, count: int, quality: float = 1.0, pulse_error: float = 0.0) -> Told:
    so = np.full(count, 15.0)
    return Told(name, so + error, np.full(count, 70 + pulse_error), np.full(count, quality), so, so + 1, np.full(count, 70.0))


def test_each_person_counts_alike() -> None:
    people = [told("a", 1.0, 2), told("b", 3.0, 200)]
    assert assess.FIGURES["breaths, mean error against annotators"](people) == 2.0
    assert assess.FIGURES["breaths, mean error against the monitor"](people) == 1.0
    assert assess.FIGURES["always 17 breaths, mean error against annotators"](people) == 2.0
    assert assess.FIGURES["breaths, within 2 of annotators"](people) == pytest.approx(2 / 202)


def test_quality_is_judged_by_what_it_foretells() -> None:
    people = [told("a", 0, 10, quality=0.9), told("b", 0, 10, quality=0.2, pulse_error=20)]
    assert assess.quality_auroc(people) == 1.0
    assert "quality AUROC for a wrong pulse" not in assess.estimates([told("a", 0, 10)])
