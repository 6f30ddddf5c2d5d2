"""A vital is unusual for a person when ten minutes of it are, by the person's own measure; nothing is concluded from less."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline import FACTOR, LEAST_SPREAD, Baseline, baseline_of, departed, departure, explain, score
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, SPO2, Absence
from protocol.samples import Reading
from tests.support.gateway import BELT, NOON

CALM = Baseline(HEART_RATE.code, 60.0, 6.0)


def readings(*values: float, step: int = 1000, metric: int = HEART_RATE.code, absence: Absence = Absence.PRESENT) -> list[Reading]:
    return [Reading(BELT, metric, NOON + step * place, value, place, absence) for place, value in enumerate(values)]


def test_ten_minutes_that_are_far_from_what_is_usual_depart_and_a_few_values_do_not() -> None:
    assert departed(CALM, readings(*[84.0] * 600))
    assert not departed(CALM, readings(*[83.9] * 600))
    assert not departed(CALM, readings(*[84.0] * 450))
    assert not departed(CALM, readings(*[140.0] * 7, step=90_000)), "seven values are no ten minutes"
    assert departed(CALM, readings(*[60.0] * 299, *[84.0] * 301)), "the median is far"
    assert not departed(CALM, readings(*[60.0] * 301, *[200.0] * 299)), "an outlier, however far, is none of many"


def test_nothing_is_concluded_from_reasons_for_absence() -> None:
    off = readings(*[float("nan")] * 600, absence=Absence.OFF_BODY)
    assert not departed(CALM, off)
    assert score(CALM, off) == 0.0


def test_a_person_of_clockwork_has_the_least_spread() -> None:
    still = Baseline(BODY_TEMPERATURE.code, 36.6, 0.0)
    assert departure(still, 36.6 + LEAST_SPREAD[BODY_TEMPERATURE.code]) == pytest.approx(1.0)


def test_more_saturation_than_usual_is_no_harm_and_less_is() -> None:
    usual = Baseline(SPO2.code, 90.0, 1.0)
    assert departure(usual, 99.0) == 0.0
    assert departure(usual, 86.0) == FACTOR


@given(st.sampled_from(sorted(LEAST_SPREAD)), st.floats(1, 300), st.floats(0, 50), st.lists(st.floats(0, 350), min_size=1, max_size=40))
def test_the_score_is_the_medians_distance_in_spreads_and_what_a_finding_keeps_gives_it_again(
    metric: int, median: float, spread: float, values: list[float]
) -> None:
    usual = Baseline(metric, median, spread)
    off = float(np.median(values)) - median
    if metric == SPO2.code:
        off = min(off, 0.0)
    assert score(usual, readings(*values, metric=metric)) == pytest.approx(abs(off) / max(spread, LEAST_SPREAD[metric]))
    assert baseline_of(usual.numbers()) == usual


def test_it_says_so_in_one_line() -> None:
    assert explain(CALM, readings(*[101.0] * 600)) == "heart_rate 101 /min over 10 minutes, usually 60 ± 6.0 for this person"
