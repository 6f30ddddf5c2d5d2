"""Logits become a grade, a risk, and how sure both are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.retinopathy.verdict import STEPS, shares, verdict_of

WARM = dict.fromkeys(STEPS, 1.0)


def logits(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("grade", range(5))
def test_a_grade_is_how_many_steps_are_reached(grade: int) -> None:
    verdict = verdict_of(logits(*[5.0] * grade, *[-5.0] * (4 - grade), 5.0, -5.0), WARM)
    assert (verdict.grade, verdict.risk) == (grade, 1)
    assert (verdict.referable > 0.5) == (grade >= 2)


def test_a_temperature_makes_less_sure_and_changes_no_side() -> None:
    cold = verdict_of(logits(4, 3, -2, -4, -3, -5), WARM)
    warm = verdict_of(logits(4, 3, -2, -4, -3, -5), dict.fromkeys(STEPS, 2.0))
    assert cold.grade == warm.grade == 2
    assert 0.5 < warm.referable < cold.referable


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_shares_are_a_distribution_even_where_steps_contradict_each_other(reached: list[float]) -> None:
    found = shares(np.array(reached))
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    assert len(found) == len(reached) + 1
