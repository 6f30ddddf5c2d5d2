"""Of candidates the likeliest sequence is taken, and no two beats are impossibly close."""

from itertools import chain, combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.heart_rhythm.beats import CLOSE, CLOSEST, LEAN, PENALTY, SUREST, chosen
from models.heart_rhythm.lead import RATE

SCORES = st.floats(1 / 1024, 1023 / 1024, width=32)
CANDIDATES = st.lists(st.tuples(st.integers(1, 120), SCORES), max_size=9)


def worth(at: np.ndarray, logit: np.ndarray, picked: tuple[int, ...]) -> float:
    """What `chosen` makes greatest, by its definition."""
    total = float(sum(logit[place] for place in picked))
    for one, other in pairwise(picked):
        apart = (at[other] - at[one]) / RATE
        if apart < CLOSEST:
            return -np.inf
        total -= PENALTY * (CLOSE - apart) / (CLOSE - CLOSEST) if apart < CLOSE else 0.0
    return total


@given(CANDIDATES)
def test_no_other_sequence_is_worth_more(given_: list[tuple[int, float]]) -> None:
    at = np.cumsum([step for step, _ in given_]).astype(np.int64)
    score = np.array([score for _, score in given_], dtype=np.float32)
    share = score.astype(np.float64)
    logit = np.clip(np.log(share / (1 - share)) + LEAN, -SUREST, SUREST)
    kept = [place for place in range(len(at)) if logit[place] > 0.5 - SUREST]
    best = max(worth(at, logit, picked) for picked in chain.from_iterable(combinations(kept, n) for n in range(len(kept) + 1)))
    found = chosen(at, score)
    assert np.isclose(worth(at, logit, tuple(found.tolist())), best)
    assert (np.diff(at[found]) >= CLOSEST * RATE).all()


def test_a_beat_and_its_wave_are_one_and_a_couplet_is_two() -> None:
    at = np.array([1000, 1045, 1300, 1345], dtype=np.int64)
    assert chosen(at, np.array([0.99, 0.6, 0.99, 0.98], dtype=np.float32)).tolist() == [0, 2]
    assert chosen(np.array([1000, 1070], dtype=np.int64), np.array([0.99, 0.6], dtype=np.float32)).tolist() == [0, 1]
    assert chosen(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)).tolist() == []
