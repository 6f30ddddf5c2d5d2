"""Rhythms are told from beats by rules, and ectopic beats do not make a heart look as if it fibrillated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.heart_rhythm.rhythm import FEWEST, FIBRILLATION, PAUSE_S, Beats, Episode, Rhythm, episodes, irregularity


def made(intervals: list[float] | np.ndarray, letters: str | None = None, unseen: tuple[tuple[float, float], ...] = ()) -> Beats:
    at = np.concatenate([[0.5], 0.5 + np.cumsum(intervals)])
    return Beats(at, letters or "N" * len(at), unseen)


def told(beats: Beats) -> dict[Rhythm, Episode]:
    return {each.rhythm: each for each in episodes(beats)}


def fibrillating(count: int, seed: int = 0, mean: float = 0.7) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).gamma(12, mean / 12, count), 0.3, 1.8)


def with_ectopy(count: int, every: int) -> Beats:
    """Return a steady heart of 75 whose every so manieth beat is ventricular, early, with a pause after it that makes up for it."""
    intervals, letters = [0.8] * count, ["N"] * (count + 1)
    for beat in range(every, count, every):
        intervals[beat - 1], intervals[beat], letters[beat] = 0.5, 1.1, "V"
    return made(intervals, "".join(letters))


def test_a_steady_heart_has_no_episode() -> None:
    assert episodes(made([0.8] * 200)) == ()
    assert episodes(Beats(np.zeros(0), "")) == ()
    assert episodes(Beats(np.array([1.0]), "V")) == ()


def test_fibrillation_is_told_and_where_it_was() -> None:
    said = told(made([*[0.8] * 120, *fibrillating(200), *[0.8] * 120]))
    episode = said[Rhythm.ATRIAL_FIBRILLATION]
    true_first, true_last = 0.5 + 96, 0.5 + 96 + fibrillating(200).sum()
    assert abs(episode.first - true_first) <= 20
    assert abs(episode.last - true_last) <= 20
    assert episode.rate == pytest.approx(60 / 0.7, rel=0.1)


@pytest.mark.parametrize("every", [2, 3, 4, 7])
def test_ventricular_beats_in_a_steady_heart_are_no_fibrillation(every: int) -> None:
    beats = with_ectopy(200, every)
    assert Rhythm.ATRIAL_FIBRILLATION not in told(beats)
    assert irregularity(beats.at, beats.letters) < FIBRILLATION


def test_random_ventricular_beats_are_set_aside() -> None:
    dice = np.random.default_rng(1)
    intervals, letters = 0.8 + dice.normal(0, 0.008, 120), ["N"] * 121
    for beat in np.flatnonzero(dice.random(117) < 0.3) + 1:
        if letters[beat - 1] == "N":
            early = dice.uniform(0.2, 0.4)
            intervals[beat - 1], intervals[beat], letters[beat] = intervals[beat - 1] - early, intervals[beat] + early, "V"
    beats = made(intervals, "".join(letters))
    assert irregularity(beats.at, beats.letters) < min(FIBRILLATION, irregularity(beats.at, "N" * 121) - 0.5)


def test_fibrillation_with_ventricular_beats_is_fibrillation_still() -> None:
    letters = "".join("V" if place % 9 == 5 else "N" for place in range(201))
    assert Rhythm.ATRIAL_FIBRILLATION in told(made(fibrillating(200), letters))


@pytest.mark.parametrize(
    ("letters", "interval", "rhythm"),
    [
        ("NNNVVNNN", 0.5, Rhythm.COUPLET),
        ("NNNVVVNNN", 0.4, Rhythm.VENTRICULAR_TACHYCARDIA),
        ("NNNVVVVVNNN", 0.9, Rhythm.IDIOVENTRICULAR),
        ("NNNSSSSNNN", 0.4, Rhythm.SUPRAVENTRICULAR_TACHYCARDIA),
        ("NNNVNVNVNN", 0.8, Rhythm.BIGEMINY),
        ("NNNVNNVNNVNN", 0.8, Rhythm.TRIGEMINY),
    ],
)
def test_runs_and_patterns(letters: str, interval: float, rhythm: Rhythm) -> None:
    said = episodes(made([interval] * (len(letters) - 1), letters))
    assert [each.rhythm for each in said] == [rhythm]
    assert said[0].rate == pytest.approx(60 / interval)


@pytest.mark.parametrize("letters", ["NNVNNNVNNNNVN", "NVNVNN", "NNSSNNSSSN", "NVNNVNN", "FFFNQQQ"])
def test_what_is_too_short_or_too_slow_has_no_name(letters: str) -> None:
    assert episodes(made([0.8] * (len(letters) - 1), letters)) == ()


def test_a_pause_is_told_unless_no_beat_could_have_been_seen() -> None:
    intervals = [0.8] * 20 + [PAUSE_S + 0.2] + [0.8] * 20
    said = episodes(made(intervals))
    assert [each.rhythm for each in said] == [Rhythm.PAUSE]
    assert said[0].last - said[0].first == pytest.approx(PAUSE_S + 0.2)
    assert episodes(made(intervals, unseen=((17.0, 18.0),))) == ()


def test_a_run_does_not_reach_across_a_gap() -> None:
    assert Rhythm.VENTRICULAR_TACHYCARDIA not in told(made([0.4, 0.4, 0.4, 20.0, 0.4], "NNVVVN"[:3] + "VVN", unseen=((2.0, 20.0),)))


@pytest.mark.parametrize(("rate", "rhythm"), [(45, Rhythm.BRADYCARDIA), (130, Rhythm.TACHYCARDIA)])
def test_a_slow_and_a_fast_heart(rate: float, rhythm: Rhythm) -> None:
    interval = 60 / rate
    said = episodes(made([*[0.8] * 60, *[interval] * round(90 / interval), *[0.8] * 60]))
    assert [each.rhythm for each in said] == [rhythm]
    assert said[0].first == pytest.approx(48, abs=20)
    assert said[0].last == pytest.approx(138, abs=20)


def test_too_few_intervals_cannot_be_judged() -> None:
    assert np.isnan(irregularity(np.arange(FEWEST) * 0.8, "N" * FEWEST))
    assert not np.isnan(irregularity(np.arange(FEWEST + 1) * 0.8, "N" * (FEWEST + 1)))


@pytest.mark.parametrize(("at", "letters"), [((0.0, 1.0), "N"), ((1.0, 1.0), "NN"), ((2.0, 1.0), "NN")])
def test_beats_that_are_no_sequence_are_refused(at: tuple[float, ...], letters: str) -> None:
    with pytest.raises(ValueError, match=r"letters|ascending"):
        episodes(Beats(np.array(at), letters))


@given(st.lists(st.tuples(st.floats(0.2, 6), st.sampled_from("NSVFQ")), max_size=120))
def test_episodes_lie_among_the_beats_and_keep_their_order(beats: list[tuple[float, str]]) -> None:
    at = np.cumsum([interval for interval, _ in beats])
    said = episodes(Beats(at, "".join(letter for _, letter in beats)))
    assert list(said) == sorted(said, key=lambda each: (each.first, each.last, each.rhythm))
    for each in said:
        assert each.last > each.first >= np.floor(at[0] / 10) * 10
        assert each.last <= at[-1] + 10
        assert 0 < each.rate < 60 / 0.19
