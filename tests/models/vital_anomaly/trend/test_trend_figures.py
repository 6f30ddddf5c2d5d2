"""Alerts a day at equal sensitivity: the same people, the same episodes, whoever scores."""

import numpy as np
import pytest

from models.vital_anomaly.trend.course import STEPS
from models.vital_anomaly.trend.figures import (
    TARGETS,
    Watched,
    alerts,
    alerts_a_day,
    at_equal_sensitivity,
    by_departure,
    by_early_warning,
    by_limits,
    raise_at_for,
    real_stretches,
    sensitivity,
    told_of_real,
    watch,
    without,
)
from models.vital_anomaly.trend.planting import EPISODES, planted, possible
from models.vital_anomaly.trend.recordings import Stream, courses
from models.vital_anomaly.trend.strangeness import People, usual_for
from tests.models.vital_anomaly.trend.people import person

PEOPLE = People((75.0, 15.0, 97.0, 36.8), (8.0, 2.0, 1.0, 0.2), (2.0, 0.7, 0.3, 0.02))
USUAL = usual_for(PEOPLE, {})


def test_an_alert_needs_scores_in_a_row_and_is_raised_once() -> None:
    assert alerts(np.array([0, 9, 0, 9, 0.0]), 5) == 0
    assert alerts(np.array([0, 9, 9, 9, 9.0]), 5) == 1
    assert alerts(np.array([9, 9, *([0] * 6), 9, 9.0]), 5) == 2


def test_the_threshold_for_a_sensitivity_reaches_it() -> None:
    seen = [Watched("a", np.zeros(360), tuple(("x", np.array([0.0, k, k])) for k in range(1, 11)))]
    at = raise_at_for(seen, 0.8)
    assert at == 3
    assert sensitivity(seen, at) == 0.8
    assert np.isnan(sensitivity(seen, at, of="none"))
    assert alerts_a_day(seen, at) == 0
    assert np.isnan(raise_at_for([Watched("a", np.zeros(3), ())], 0.8))


def test_everybody_is_watched_alike_and_episodes_are_told() -> None:
    people = [person(number) for number in range(12)]
    first, second = ([watch(each, by_departure(PEOPLE), PEOPLE) for each in people] for _ in range(2))
    assert [len(each.episodes) for each in first] == [len(EPISODES)] * 12
    for one, other in zip(first, second, strict=True):
        assert one.calm.tobytes() == other.calm.tobytes()
        assert [name for name, _ in one.episodes] == [name for name, _ in other.episodes]
    assert sensitivity(first, 4.0) > 0.8
    assert alerts_a_day(first, 4.0) < 10
    assert len(at_equal_sensitivity(first)) == len(TARGETS)


def test_limits_and_early_warning_score_what_they_say() -> None:
    level = np.tile(np.array([131.0, 16.0, 97.0, 37.0]), (1, STEPS, 1))
    assert by_limits(level, USUAL)[0] == pytest.approx(1.0)
    assert by_early_warning(level, USUAL)[0] == 3
    level[:] = np.nan
    assert by_limits(level, USUAL)[0] == 0
    assert by_early_warning(level, USUAL)[0] == 0


def test_a_hidden_vital_is_not_seen() -> None:
    level = np.tile(np.array([150.0, 15.0, 97.0, 36.8]), (1, STEPS, 1))
    seen = by_departure(PEOPLE)
    hidden = without(seen, {"no heart": (0,)})["no heart"]
    assert seen(level, USUAL)[0] > 5
    assert hidden(level, USUAL)[0] < 1
    assert level[0, 0, 0] == 150.0


def test_planting_changes_only_what_it_says() -> None:
    stream = person(1)
    changed = planted(stream.values, "SpO2 8 lower", 50, np.random.default_rng(0))
    assert np.array_equal(changed[:51], stream.values[:51])
    assert (changed[60:, 2] < stream.values[60:, 2] - 6).all()
    assert np.array_equal(changed[:, [0, 1, 3]], stream.values[:, [0, 1, 3]])
    assert not possible(person(1, temperature=False), "2 degrees warmer")
    assert courses(stream.values[:5]).shape == (0, STEPS, 4)


def test_real_stretches_are_looked_at_with_what_lies_beside_them() -> None:
    values = person(1).values.copy()
    assert real_stretches(values) == []
    values[50:54, 2] = 85.0
    assert real_stretches(values) == [], "too short"
    values[50:56, 2] = values[60:70, 2] = 85.0
    assert real_stretches(values) == [(50 - STEPS - 11, 82)]
    seen = watch(Stream("p1", values), by_limits, PEOPLE)
    assert told_of_real([seen], 1.0) == 1.0
    assert np.isnan(told_of_real([Watched("a", np.zeros(3), ())], 1.0))


def test_people_with_something_out_of_order_are_no_ordinary_streams() -> None:
    stream = person(1)
    stream.values[-1, 2] = 85.0
    seen = watch(stream, by_limits, PEOPLE)
    assert len(seen.calm) == 0
    assert np.isnan(alerts_a_day([seen], 1.0))
