"""A verdict is raised by several high scores in a row and cleared by several low ones."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.vital_anomaly.verdict import CALM, Thresholds, Verdict, step, thresholds_of

THRESHOLDS = Thresholds(raise_at=0.8, clear_at=0.4, raise_after=2, clear_after=3)


def raised_at(scores: list[float]) -> list[int]:
    verdict, raised = CALM, list[int]()
    for turn, score in enumerate(scores):
        verdict, now = step(verdict, score, THRESHOLDS)
        if now:
            raised.append(turn)
    return raised


def test_two_high_scores_in_a_row_raise_one_does_not() -> None:
    assert raised_at([0.9, 0.1, 0.9, 0.1]) == []
    assert raised_at([0.1, 0.8, 0.8, 0.9, 0.9]) == [2]


def test_it_stays_raised_until_three_low_scores_in_a_row() -> None:
    assert raised_at([0.9, 0.9, 0.1, 0.1, 0.5, 0.9, 0.9]) == [1]
    assert raised_at([0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.9]) == [1, 6]


@given(st.lists(st.floats(0, 1), max_size=60))
def test_between_two_alerts_lie_as_many_low_and_high_scores_as_stated(scores: list[float]) -> None:
    alerts = raised_at(scores)
    for first, second in pairwise(alerts):
        assert sum(score < 0.4 for score in scores[first:second]) >= 3
        assert min(scores[second - 1 : second + 1]) >= 0.8


def test_thresholds_survive_being_numbers() -> None:
    assert thresholds_of(THRESHOLDS.as_numbers()) == THRESHOLDS
    assert Verdict() == CALM
