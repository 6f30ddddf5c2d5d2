"""A lead that comes in pieces has the beats and the classes of the whole."""

import numpy as np
import pytest

from models.heart_rhythm.classes import classifier
from models.heart_rhythm.classes.follower import PATIENCE_S, Beat, ClassFollower
from models.heart_rhythm.finder import UnusableLead, shipped
from tests.models.heart_rhythm.classes.test_classifier import heart
from tests.models.heart_rhythm.hearts import MITDB, beating, needs_mitdb, steady

FINDER, NETWORK = shipped(), classifier.shipped()


def followed(lead: np.ndarray, rate_hz: float, seed: int = 0) -> list[Beat]:
    """Push a lead in pieces of all sizes."""
    dice, follower, found, at = np.random.default_rng(seed), ClassFollower(rate_hz, FINDER, NETWORK), list[Beat](), 0
    while at < len(lead):
        size = int(dice.integers(1, int(6 * rate_hz)))
        found += follower.push(lead[at : at + size])
        at += size
    return found


def same_as_whole(lead: np.ndarray, rate_hz: float, unlike: int = 0) -> None:
    whole = classifier.classify(lead, rate_hz, FINDER, NETWORK)
    found = followed(lead, rate_hz)
    assert len(found) > 0.8 * len(whole.letters)
    assert [beat.at for beat in found] == whole.found.at[: len(found)].tolist()
    assert sum(beat.letter != letter for beat, letter in zip(found, whole.letters, strict=False)) <= unlike


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 360.0])
def test_a_lead_in_pieces_has_the_beats_of_the_whole(rate_hz: float) -> None:
    same_as_whole(heart((40, 70, 100), (50, 85, 120), rate_hz)[1], rate_hz)


def test_a_gap_changes_nothing() -> None:
    lead = heart((40, 70, 100), (50, 85, 120))[1]
    lead[20_000:22_000] = np.nan
    same_as_whole(lead, 360.0)


def test_the_last_beats_of_a_heart_that_stands_still_are_classed_too() -> None:
    times = steady(60)
    lead = beating(times, 60 + PATIENCE_S + 8, 250.0)
    found = followed(lead, 250.0)
    assert len(found) == pytest.approx(len(times), abs=2)
    assert found[-1].at / 250 == pytest.approx(times[-1], abs=0.05)


def test_what_was_not_measured_is_not_classed_and_does_not_hold_the_rest_up() -> None:
    times, lead = heart()
    lead[round(times[60] * 360) + 40 : round(times[60] * 360) + 800] = np.nan
    found = followed(lead, 360.0)
    assert {beat.letter for beat in found} >= {"N", classifier.UNTOLD}
    assert all((beat.letter == classifier.UNTOLD) == (beat.certainty == 0) for beat in found)
    follower = ClassFollower(360.0, FINDER, NETWORK)
    follower.push(lead)
    assert follower.certain_s == pytest.approx(len(lead) / 360, abs=7)


def test_another_rate_is_refused() -> None:
    with pytest.raises(UnusableLead, match="50 samples a second"):
        ClassFollower(50.0, FINDER, NETWORK)


@needs_mitdb
@pytest.mark.parametrize("name", ["200", "105"])
def test_a_real_recording_in_pieces(name: str) -> None:
    recordings = pytest.importorskip("models.heart_rhythm.recordings", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
    recording = recordings.read(MITDB / name)
    same_as_whole(recording.signal[:200_000], recording.rate_hz, unlike=2)
