"""Alarms are worth what the rules of the Numenta Anomaly Benchmark say."""

import numpy as np
import pytest

from models.stream_anomaly.alarm_score import PROFILES, Alarmed, learning, score

STANDARD = PROFILES["standard"]
WINDOWS = ((400, 499), (800, 899))


def said(*rows: int, count: int = 2000) -> Alarmed:
    alarms = np.zeros(count, dtype=np.bool_)
    alarms[list(rows)] = True
    return Alarmed(alarms, WINDOWS)


def test_silence_is_worth_nothing_and_the_first_row_of_each_window_everything() -> None:
    assert score([said()], STANDARD) == 0
    assert score([said(400, 800)], STANDARD) == pytest.approx(100)
    assert score([said(400, 800)], PROFILES["reward low FN"]) == pytest.approx(100)


def test_of_a_window_the_earliest_alarm_counts_and_a_late_one_is_worth_less() -> None:
    assert score([said(400, 450, 800)], STANDARD) == pytest.approx(100)
    assert 50 < score([said(499, 899)], STANDARD) < 60


def test_an_alarm_outside_costs_less_soon_after_a_window() -> None:
    before, soon, late = (100 - score([said(400, 800, row)], STANDARD) for row in (350, 900, 1999))
    assert before == pytest.approx(late)
    assert before == pytest.approx(100 * 0.11 / 4)
    assert 0 < soon < before / 10


def test_the_profiles_differ_in_what_a_false_alarm_and_a_missed_window_cost() -> None:
    false = [100 - score([said(400, 800, 350)], PROFILES[name]) for name in ("standard", "reward low FP")]
    assert false[1] == pytest.approx(2 * false[0])
    half = [score([said(400)], PROFILES[name]) for name in PROFILES]
    assert half == pytest.approx([50, 50, 50])


def test_the_learning_part_is_not_judged() -> None:
    assert (learning(1000), learning(100_000)) == (150, 750)
    assert score([said(10, 400, 800)], STANDARD) == pytest.approx(100)


def test_courses_without_windows_alone_have_no_score() -> None:
    assert np.isnan(score([Alarmed(np.zeros(10, dtype=np.bool_), ())], STANDARD))
