"""A lead is brought to one rate, its gaps are known, and nothing in it is shifted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.heart_rhythm.lead import RATE, RIM, UnusableLead, at_rate, mean_about, ready


@pytest.mark.parametrize("rate_hz", [100.0, 125.0, 250.0, 360.0, 500.0, 2000.0])
def test_a_slow_wave_is_the_same_at_every_rate(rate_hz: float) -> None:
    seconds = np.arange(int(10 * rate_hz)) / rate_hz
    inside = at_rate(np.sin(2 * np.pi * seconds), rate_hz)
    assert len(inside) == 10 * RATE
    assert np.abs(inside - np.sin(2 * np.pi * np.arange(len(inside)) / RATE))[:-RATE].max() < 0.01


@pytest.mark.parametrize(
    ("signal", "rate_hz"), [(np.zeros((3, 2)), 200), (np.zeros(5), 99), (np.zeros(5), 2001), (np.zeros(5), float("nan"))]
)
def test_what_is_no_lead_is_named(signal: np.ndarray, rate_hz: float) -> None:
    with pytest.raises(UnusableLead):
        at_rate(signal, rate_hz)


@given(st.integers(0, 400), st.sampled_from([1, 3, 11, 401]))
def test_a_mean_is_of_its_neighbours_alone(count: int, width: int) -> None:
    samples = np.random.default_rng(count).normal(0, 1, count)
    held = np.pad(samples, width // 2, mode="edge") if count else samples
    assert np.allclose(mean_about(samples, width), [held[n : n + width].mean() for n in range(count)])


def test_an_impulse_stays_where_it_is() -> None:
    trace = np.random.default_rng(0).normal(0, 1e-3, 1000)
    trace[500] += 1
    lead = ready(trace)
    assert np.abs(lead.band).argmax() == 500
    assert abs(int(lead.envelope.argmax()) - 500) <= 8
    assert lead.measured.all()


def test_a_gap_a_lead_that_is_off_and_a_rail_are_not_measured() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 2000)
    for spoilt in (np.nan, np.inf, 0.0, 5.115):
        trace = noise.copy()
        trace[800:1200] = spoilt
        lead = ready(trace)
        assert np.isfinite(lead.envelope).all()
        assert not lead.measured[800 - RIM : 1200 + RIM].any()
        assert lead.measured[: 800 - RIM - 1].all()
        assert lead.measured[1200 + RIM + 1 :].all()
    assert not ready(np.full(1000, np.nan)).measured.any()
    assert len(ready(np.zeros(0)).band) == 0
