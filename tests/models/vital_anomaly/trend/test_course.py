"""Readings become a course: what was not measured stays missing, whatever the order they came in."""

import random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vital_anomaly.trend.course import FEATURES, SPAN_MS, STEP_MS, STEPS, TEMPERATURE_SPAN_MS, course_of, vector
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, SPO2, Absence
from protocol.samples import Reading

AT = 1_700_000_000_000
WEARABLE = UUID(int=1)


def said(metric: int, ago_ms: int, value: float) -> Reading:
    return Reading(WEARABLE, metric, AT - ago_ms, value)


def test_each_step_has_the_median_of_its_ten_seconds() -> None:
    course = course_of([said(HEART_RATE.code, ago, value) for ago, value in ((0, 70), (4000, 90), (9999, 71), (10_000, 60))], AT)
    assert course[-1, 0] == 71
    assert course[-2, 0] == 60
    assert np.isnan(course[:-2, 0]).all()
    assert np.isnan(course[:, 1:]).all()


def test_what_lies_outside_or_has_no_value_is_not_there() -> None:
    readings = [
        said(SPO2.code, SPAN_MS, 80),
        said(SPO2.code, -1, 80),
        Reading(WEARABLE, SPO2.code, AT - 5000, float("nan"), absence=Absence.OFF_BODY),
        said(RESPIRATORY_RATE.code, SPAN_MS - 1, 14),
    ]
    course = course_of(readings, AT)
    assert course[0, 1] == 14
    assert np.isnan(course[:, 2]).all()


def test_a_pulse_stands_in_where_there_is_no_heart_rate() -> None:
    pulse = [said(PULSE_RATE.code, 0, 66)]
    assert course_of(pulse, AT)[-1, 0] == 66
    assert np.isnan(course_of([*pulse, said(HEART_RATE.code, STEP_MS, 70)], AT)[-1, 0])


@pytest.mark.parametrize(
    ("ago", "steps"),
    [(0, 1), (15_000, 2), (SPAN_MS + 1000, STEPS), (TEMPERATURE_SPAN_MS, STEPS), (TEMPERATURE_SPAN_MS + 1, STEPS - 1)],
)
def test_a_temperature_holds_for_half_an_hour(ago: int, steps: int) -> None:
    course = course_of([said(BODY_TEMPERATURE.code, ago, 37.0)], AT)
    assert int(np.isfinite(course[:, 3]).sum()) == steps


def test_of_two_temperatures_the_newer_one_counts() -> None:
    course = course_of([said(BODY_TEMPERATURE.code, 20_000, 38.0), said(BODY_TEMPERATURE.code, 100_000, 37.0)], AT)
    assert course[-1, 3] == 38.0
    assert course[-4, 3] == 37.0


readings_of_any_order = st.lists(
    st.builds(
        said,
        st.sampled_from((HEART_RATE.code, PULSE_RATE.code, RESPIRATORY_RATE.code, SPO2.code)),
        st.integers(-1000, SPAN_MS + 1000),
        st.floats(0, 300),
    ),
    max_size=30,
)


@given(readings_of_any_order, st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_no_matter_and_the_input_is_finite(readings: list[Reading], dice: random.Random) -> None:
    shuffled = readings.copy()
    dice.shuffle(shuffled)
    one, other = course_of(readings, AT), course_of(shuffled, AT)
    assert np.array_equal(one, other, equal_nan=True)
    assert vector(one).shape == (FEATURES,)
    assert np.isfinite(vector(one)).all()
