"""What is seen of a beat does not depend on size, sign, or what is long ago; and every number of it is finite."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heart_rhythm.classes.shapes import AHEAD, EDGE, MEMORY, NAMES, described
from models.heart_rhythm.lead import RATE, Lead, ready
from tests.models.heart_rhythm.hearts import beating, steady


def named(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, NAMES.index(name)]


def cut(times: np.ndarray, seconds: float, factor: float = 1.0) -> tuple[Lead, np.ndarray]:
    return ready(beating(times, seconds, RATE) * factor), np.rint(times * RATE).astype(np.int64)


@pytest.mark.parametrize("factor", [-1.0, 0.1, 200.0])
def test_an_inverted_small_or_raw_lead_is_seen_alike(factor: float) -> None:
    plain, other = described(*cut(steady(90), 90)), described(*cut(steady(90), 90, factor))
    assert np.allclose(plain, other, atol=1e-3)


def test_an_early_beat_and_its_pause_are_told() -> None:
    times = steady(90)
    times[60] -= 0.3
    seen = described(*cut(times, 90))
    assert named(seen, "before")[60] == pytest.approx(np.log(0.5 / 0.8), abs=0.1)
    assert named(seen, "after")[60] == pytest.approx(np.log(1.1 / 0.8), abs=0.1)
    assert named(seen, "rank among the last twenty")[60] == 0
    assert np.abs(named(seen, "before")[30:59]).max() < 0.1


def test_a_beat_of_another_shape_is_unlike_the_usual_and_like_the_last_of_its_kind() -> None:
    times = steady(90)
    lead = beating(times, 90, RATE)
    wide = np.hanning(60) * 2
    odd = [40, 70]
    for beat in odd:
        place = round(times[beat] * RATE)
        lead[place - 30 : place + 30] = wide
    seen = described(ready(lead), np.rint(times * RATE).astype(np.int64))
    ordinary = np.setdiff1d(np.arange(10, 100), [*odd, 39, 41, 69, 71])
    assert named(seen, "likeness")[ordinary].min() > 0.9 > named(seen, "likeness")[odd].max()
    assert (named(seen, "width at half")[odd] > 1.5 * np.median(named(seen, "width at half"))).all()
    assert named(seen, "likeness to another")[70] > 0.9
    assert named(seen, "part of another")[70] > 0.8


def test_what_is_long_ago_does_not_matter() -> None:
    times = steady(120)
    lead, at = cut(times, 120)
    other = beating(times, 120, RATE)
    other[: 10 * RATE] = np.random.default_rng(0).normal(0, 3, 10 * RATE)
    late = times > 10 + 3 + MEMORY * 0.85
    assert np.allclose(described(lead, at)[late], described(ready(other), at)[late], atol=1e-4)


def test_what_comes_later_than_a_few_beats_does_not_matter() -> None:
    times = steady(90)
    lead, at = cut(times, 90)
    whole = described(lead, at)
    for count in (30, 60, 90):
        part = described(lead, at[:count])
        assert np.allclose(part[: count - AHEAD], whole[: count - AHEAD], atol=1e-6)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 600), max_size=80), st.sampled_from([0.0, 1e-9, 1.0, 1e6]))
def test_any_beats_of_any_trace_give_finite_numbers(seed: int, steps: list[int], size: float) -> None:
    at = EDGE + np.cumsum([0, *steps]).astype(np.int64)
    trace = np.random.default_rng(seed).normal(0, 1, int(at[-1]) + EDGE + 1) * size
    seen = described(ready(trace), at)
    assert seen.shape == (len(at), len(NAMES))
    assert np.isfinite(seen).all()
    assert described(ready(trace), at[:0]).shape == (0, len(NAMES))
