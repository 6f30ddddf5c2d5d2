"""Recordings are read as their authors marked them; what is made of them keeps the marks, and what has no heart has none."""

from pathlib import Path

import numpy as np
import pytest

from models.heart_rhythm.candidates import NAMES, candidates_of
from models.heart_rhythm.lead import RATE, ready
from models.heart_rhythm.recordings import DS1, MIXES, Recording, beatless, read, records_in, truth, varied
from tests.models.heart_rhythm.hearts import MITDB, beating, needs_mitdb, steady

TIMES = steady(60)


def recording(rate_hz: float = 360.0, flutter: tuple[tuple[int, int], ...] = ()) -> Recording:
    beats = np.rint(TIMES * rate_hz).astype(np.int64)
    return Recording("made", beating(TIMES, 60, rate_hz), rate_hz, beats, flutter)


@needs_mitdb
def test_a_record_is_read_with_its_marks_and_its_flutter() -> None:
    one = read(MITDB / "207")
    assert (one.rate_hz, len(one.signal), one.name) == (360.0, 650_000, "207")
    assert len(one.beats) == 1860
    assert len(one.flutter) == 6
    assert not np.array_equal(read(MITDB / "207", 1).signal, one.signal)
    assert set(DS1) < {path.name for path in records_in(MITDB)}


def test_what_is_no_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.hea").write_text("x 1 360 10\n")
    assert records_in(tmp_path) == []
    with pytest.raises(ValueError, match="x is no WFDB record"):
        read(tmp_path / "x")


def test_every_variation_has_its_beats_where_its_marks_are() -> None:
    plain = recording()
    variations = list(varied(plain, recording(), np.random.default_rng(0)))
    assert len(variations) == MIXES + 4
    for variation in variations:
        found = candidates_of(ready(variation.trace()))
        beat, clear = truth(variation, found.at, found.features[:, NAMES.index("level")])
        assert clear.all()
        assert beat.sum() >= len(TIMES) - 2
        assert all(np.abs(variation.marks() - at).min() < 0.03 * RATE for at in found.at[beat])


def test_flutter_is_not_learnt_from() -> None:
    of = recording(flutter=((10 * 360, 20 * 360),))
    found = candidates_of(ready(of.trace()))
    _, clear = truth(of, found.at, found.features[:, NAMES.index("level")])
    inside = (found.at > 10 * RATE) & (found.at < 20 * RATE)
    assert inside.any()
    assert not clear[inside].any()
    assert clear[found.at < 9 * RATE].all()


def test_signals_without_a_heart_differ_and_are_finite() -> None:
    made = list(beatless(np.random.default_rng(0), 14))
    assert len(made) == 14
    for trace in made:
        assert np.isfinite(trace).all()
        assert abs(len(trace) - 60 * RATE) <= 1
