"""Beats of a lead are told when they come: the early ones, and the odd ones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.evaluation import auprc
from models.heart_rhythm.lead import UnusableLead
from models.stream_anomaly.ectopy import Ectopy

RATE = 128


def lead(at: NDArray[np.float64], wide: frozenset[int] = frozenset(), seconds: float = 120.0) -> NDArray[np.float64]:
    """Return mV: a narrow beat at each moment (s), those of `wide` (by number) broad and downward, each with a T wave, on a little hiss."""
    t = np.arange(int(seconds * RATE)) / RATE
    signal = np.random.default_rng(0).normal(0, 0.01, len(t))
    for number, moment in enumerate(at.tolist()):
        width, height = (0.035, -1.2) if number in wide else (0.012, 1.0)
        signal += height * np.exp(-(((t - moment) / width) ** 2) / 2) + 0.2 * np.exp(-(((t - moment - 0.28) / 0.05) ** 2) / 2)
    return signal


def told(signal: NDArray[np.float64], rate_hz: float = RATE) -> NDArray[np.float64]:
    step = Ectopy(signal[: int(10 * rate_hz)], rate_hz).step
    return np.array([step(value) for value in signal.tolist()])


def early(number: int) -> NDArray[np.float64]:
    """Return moments of beats 0.8 s apart, the one of this number a third early."""
    at = 0.5 + 0.8 * np.arange(145)
    at[number] -= 0.28
    return at


def test_an_even_heart_is_as_ever() -> None:
    assert told(lead(0.5 + 0.8 * np.arange(145)))[10 * RATE :].max() < 0.1


def test_an_early_beat_is_told_as_it_rises_and_the_next_one_ends_it() -> None:
    at = early(100)
    scores = told(lead(at))
    rises, ends = (int(at[number] * RATE) for number in (100, 101))
    assert scores[rises - 8] < 0.1
    assert scores[rises + 2] > 0.3
    assert scores[ends + 5] < 0.1


def test_an_odd_beat_in_time_is_told_a_tenth_of_a_second_later() -> None:
    at = 0.5 + 0.8 * np.arange(145)
    scores = told(lead(at, wide=frozenset({100})))
    rises = int(at[100] * RATE)
    assert scores[rises + int(0.15 * RATE)] > 0.15
    others = np.concatenate([scores[10 * RATE : rises - 30], scores[rises + 2 * RATE :]])
    assert others.max() < 0.15


@pytest.mark.parametrize("change", [1.0, -1.0, 0.1, 200.0])
def test_neither_the_unit_nor_the_sign_matters(change: float) -> None:
    at, strange = early(100), np.zeros(120 * RATE, dtype=np.bool_)
    strange[int(at[100] * RATE) : int(at[101] * RATE)] = True
    assert auprc(told(change * lead(at)), strange) > 0.9


def test_what_is_missing_is_not_strange() -> None:
    signal = lead(0.5 + 0.8 * np.arange(145))
    signal[50 * RATE : 52 * RATE] = np.nan
    scores = told(signal)
    assert (scores[50 * RATE : 52 * RATE] == 0).all()
    assert np.isfinite(scores).all()
    assert scores[54 * RATE :].max() < 0.1


@pytest.mark.parametrize(
    "signal", [np.zeros(30 * RATE), np.full(30 * RATE, 5.0), np.concatenate([np.zeros(5 * RATE), np.full(25 * RATE, np.nan)])]
)
def test_where_no_beat_is_nothing_is_strange(signal: NDArray[np.float64]) -> None:
    assert (told(signal) == 0).all()


def test_what_comes_later_changes_nothing() -> None:
    signal = lead(early(100))
    step = Ectopy(signal[: 10 * RATE], RATE).step
    assert [step(value) for value in signal[: 60 * RATE].tolist()] == told(signal)[: 60 * RATE].tolist()


def test_a_lead_that_cannot_be_followed_is_refused() -> None:
    with pytest.raises(UnusableLead, match="samples a second"):
        Ectopy(np.zeros(1000), 50)
    with pytest.raises(UnusableLead, match="more than a second"):
        Ectopy(np.zeros(100), RATE)
