"""What is seen of a candidate does not depend on size, sign, or what is far away; and every number of it is finite."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heart_rhythm.candidates import BLOCK, NAMES, candidates_of
from models.heart_rhythm.lead import RATE, ready
from tests.models.heart_rhythm.hearts import beating, steady

TRACE = beating(steady(60), 60, RATE)


def test_every_beat_has_a_candidate_at_its_peak() -> None:
    found = candidates_of(ready(TRACE)).at
    for time in steady(60):
        assert np.abs(found - time * RATE).min() <= 2


@pytest.mark.parametrize("factor", [-1.0, 0.1, -200.0])
def test_an_inverted_small_or_raw_lead_is_seen_alike(factor: float) -> None:
    plain, other = candidates_of(ready(TRACE)), candidates_of(ready(TRACE * factor))
    assert plain.at.tolist() == other.at.tolist()
    assert np.allclose(plain.features, other.features, atol=1e-3)


def test_what_is_far_away_does_not_matter() -> None:
    whole = candidates_of(ready(TRACE))
    other = TRACE.copy()
    other[: 2 * BLOCK] = np.random.default_rng(0).normal(0, 5, 2 * BLOCK)
    changed = candidates_of(ready(other))
    late = 40 * RATE
    assert whole.at[whole.at > late].tolist() == changed.at[changed.at > late].tolist()
    assert np.allclose(whole.features[whole.at > late], changed.features[changed.at > late], atol=1e-5)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3000), st.sampled_from([0.0, 1e-7, 1.0, 1e6]))
def test_any_trace_gives_finite_numbers(seed: int, count: int, size: float) -> None:
    dice = np.random.default_rng(seed)
    trace = dice.normal(0, size, count) if size else np.zeros(count)
    trace[dice.random(count) < 0.01] = np.nan
    found = candidates_of(ready(trace))
    assert found.features.shape == (len(found.at), len(NAMES))
    assert np.isfinite(found.features).all()
    assert (np.diff(found.at) >= 0).all()
