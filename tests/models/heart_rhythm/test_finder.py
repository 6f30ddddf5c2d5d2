"""Beats are found where they are, whole or piece by piece; where there is no heart none is, and silence is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heart_rhythm.finder import BLIND_S, Follower, Found, UnusableLead, find, shipped
from tests.models.heart_rhythm.hearts import MITDB, beating, needs_mitdb, steady

RUNNER = shipped()


def found(signal: np.ndarray, rate_hz: float = 360.0) -> Found:
    return find(signal, rate_hz, RUNNER)


@pytest.mark.parametrize("rate_hz", [125.0, 200.0, 250.0, 360.0, 500.0])
def test_every_beat_is_found_within_ten_milliseconds_at_every_rate(rate_hz: float) -> None:
    times = steady(90)
    at = found(beating(times, 90, rate_hz), rate_hz).at / rate_hz
    assert len(at) == len(times)
    assert np.abs(at - times).max() < 0.01


@pytest.mark.parametrize("factor", [-1.0, 0.1, 200.0])
def test_an_inverted_small_or_raw_lead_has_the_same_beats(factor: float) -> None:
    lead = beating(steady(60), 60, 360)
    assert found(lead * factor).at.tolist() == found(lead).at.tolist()


def test_integers_of_a_converter_are_taken() -> None:
    lead = beating(steady(60), 60, 360)
    assert len(found((lead * 200).astype(np.int16)).at) == len(steady(60))


SECONDS = np.arange(60 * 360) / 360


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(len(SECONDS)),
        np.full(len(SECONDS), 5.115),
        np.full(len(SECONDS), np.nan),
        0.5 * np.sin(2 * np.pi * 50 * SECONDS),
        0.5 * np.sin(2 * np.pi * 60 * SECONDS),
    ],
    ids=["flat", "rail", "gap", "50 Hz", "60 Hz"],
)
def test_where_no_heart_is_none_is_found_and_the_silence_is_said(signal: np.ndarray) -> None:
    said = found(signal)
    assert said.at.tolist() == []
    assert said.blind == ((0, len(signal)),)


@pytest.mark.parametrize("seed", range(4))
def test_hiss_and_wandering_are_nearly_never_taken_for_a_heart(seed: int) -> None:
    hiss = np.random.default_rng(seed).normal(0, 0.1, len(SECONDS))
    assert len(found(hiss).at) <= 1
    wandering = found(np.cumsum(hiss) / 10)
    assert len(wandering.at) <= 8
    assert sum(last - first for first, last in wandering.blind) > 0.6 * len(hiss)


def test_a_gap_costs_its_own_beats_and_no_other() -> None:
    times = steady(60)
    for spoilt in (np.nan, 0.0, 5.115):
        lead = beating(times, 60, 360)
        lead[20 * 360 : 25 * 360] = spoilt
        said = found(lead)
        outside = times[(times < 19.5) | (times > 25.5)]
        assert all(np.abs(said.at / 360 - time).min() < 0.02 for time in outside)
        assert not ((said.at > 20.2 * 360) & (said.at < 24.8 * 360)).any()
        [(first, last)], [share] = said.blind, said.measured
        assert (first / 360 < 20.1, last / 360 > 24.9, share < 0.2) == (True, True, True)


def test_a_pause_of_the_heart_is_measured_silence() -> None:
    times = steady(60)
    times = times[(times < 30) | (times > 30 + BLIND_S + 0.5)]
    said = found(beating(times, 60, 360))
    assert len(said.at) == len(times)
    assert len(said.blind) == 1
    assert said.measured == (1.0,)


def test_short_and_empty_leads_are_answered_and_what_is_none_is_refused() -> None:
    assert found(np.zeros(0)).at.tolist() == []
    assert found(np.zeros(7)).at.tolist() == []
    with pytest.raises(UnusableLead):
        found(np.zeros((10, 2)))
    with pytest.raises(UnusableLead):
        Follower(50, RUNNER)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=30), st.sampled_from([125.0, 200.0, 360.0]))
def test_a_lead_that_comes_in_pieces_has_the_beats_of_the_whole(pieces: list[int], rate_hz: float) -> None:
    times = steady(100, 0.7)
    lead = beating(times, 100, rate_hz, noise=0.1)
    lead[int(30 * rate_hz) : int(33 * rate_hz)] = np.nan
    cuts = np.cumsum(pieces)
    follower = Follower(rate_hz, RUNNER)
    came = [follower.push(part) for part in np.split(lead, cuts[cuts < len(lead)])]
    whole = found(lead, rate_hz).at
    certain = np.concatenate(came)
    assert certain.tolist() == whole[: len(certain)].tolist()
    assert whole[-1] / rate_hz > 99
    assert certain[-1] / rate_hz > 100 - 8


@needs_mitdb
@pytest.mark.parametrize("record", ["100", "203"])
def test_a_real_lead_that_comes_in_pieces_has_the_beats_of_the_whole(record: str) -> None:
    wfdb = pytest.importorskip("wfdb", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
    lead = wfdb.rdrecord(str(MITDB / record), channels=[0], sampto=360 * 240).p_signal[:, 0]
    follower = Follower(360, RUNNER)
    came = np.concatenate([follower.push(part) for part in np.array_split(lead, 97)])
    assert came.tolist() == found(lead).at[: len(came)].tolist()
