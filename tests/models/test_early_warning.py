"""The early-warning score is the printed chart where something was measured, and a range where something is missing."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.early_warning import BANDS, GREATEST_AGE_MS, TABLE_SHA256, points, score, score_again
from protocol.metrics import BODY_TEMPERATURE, HEART_RATE, PULSE_RATE, RESPIRATORY_RATE, SPO2, SYSTOLIC_PRESSURE, Absence
from protocol.samples import Reading

SOME = UUID(int=7)
NOW = 10_000_000


def said(metric: int, value: float, age_ms: int = 0) -> Reading:
    return Reading(SOME, metric, NOW - age_ms, value)


def well() -> list[Reading]:
    return [said(RESPIRATORY_RATE.code, 16), said(SPO2.code, 97), said(HEART_RATE.code, 70), said(BODY_TEMPERATURE.code, 37.0)]


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        ("respiratory_rate", {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3}),
        ("spo2_scale_1", {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0}),
        ("spo2_scale_2_on_air", {83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 100: 0}),
        ("spo2_scale_2_on_oxygen", {83: 3, 85: 2, 87: 1, 88: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3}),
        ("pulse", {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3}),
        ("systolic_pressure", {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3}),
        ("temperature", {35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2}),
    ],
)
def test_every_edge_of_the_printed_chart(band: str, expected: dict[float, int]) -> None:
    assert {value: points(band, value) for value in expected} == expected


@given(st.sampled_from(sorted(BANDS)), st.floats(0, 300))
def test_every_number_has_points(band: str, value: float) -> None:
    assert 0 <= points(band, value) <= 3


def test_a_well_person_scores_nought_to_what_no_wearable_can_know() -> None:
    found = score(well(), NOW)
    assert (found.low, found.high, found.level) == (0, 8, 0)
    assert "consciousness (not measured)" in found.explain()


def test_a_pressure_narrows_the_range_for_an_hour_and_then_counts_as_missing() -> None:
    hour = GREATEST_AGE_MS["systolic_pressure"]
    fresh, old = (score([*well(), said(SYSTOLIC_PRESSURE.code, 96, age)], NOW) for age in (hour, hour + 1))
    assert (fresh.low, fresh.high, old.low, old.high) == (2, 7, 0, 8)
    assert "systolic_pressure 96 gives 2" in fresh.explain()
    assert "systolic_pressure (3600 s old)" in old.explain()


def test_nothing_measured_is_not_a_calm_patient() -> None:
    found = score([], NOW)
    assert (found.low, found.high) == (0, 20)
    assert found.present == frozenset()


@given(st.sets(st.sampled_from(range(4))), st.integers(1, 2))
def test_leaving_a_parameter_out_only_widens_the_range(gone: set[int], scale: int) -> None:
    sick = [said(RESPIRATORY_RATE.code, 26), said(SPO2.code, 90), said(HEART_RATE.code, 118), said(BODY_TEMPERATURE.code, 39.4)]
    whole = score(sick, NOW, scale)
    part = score([r for k, r in enumerate(sick) if k not in gone], NOW, scale)
    assert part.low <= whole.low <= whole.high <= part.high


@pytest.mark.parametrize(
    ("name", "metric"),
    [("respiratory_rate", RESPIRATORY_RATE.code), ("spo2", SPO2.code), ("pulse", HEART_RATE.code), ("temperature", BODY_TEMPERATURE.code)],
)
def test_a_value_that_is_too_old_is_missing_and_its_age_is_said(name: str, metric: int) -> None:
    greatest = GREATEST_AGE_MS[name]
    assert name in score([said(metric, 80, greatest)], NOW).present
    stale = score([said(metric, 80, greatest + 1000)], NOW)
    assert name not in stale.present
    assert f"{name} ({(greatest + 1000) // 1000} s old)" in stale.explain()


def test_readings_without_a_value_or_from_later_are_not_looked_at() -> None:
    empty = Reading(SOME, SPO2.code, NOW, float("nan"), absence=Absence.OFF_BODY)
    later = Reading(SOME, SPO2.code, NOW + 1, 80.0)
    assert "spo2" not in score([empty, later], NOW).present


def test_one_slip_among_good_values_scores_nothing() -> None:
    readings = [said(SPO2.code, 40 if k == 0 else 97, 1000 * k) for k in range(8)]
    readings += [said(RESPIRATORY_RATE.code, 0 if k == 1 else 16, 5000 * k) for k in range(3)]
    assert score(readings, NOW).low == 0


def test_pulse_rate_stands_in_where_there_is_no_heart_rate() -> None:
    assert score([said(PULSE_RATE.code, 120)], NOW).low == 2
    assert score([said(PULSE_RATE.code, 120), said(HEART_RATE.code, 70)], NOW).low == 0


def test_on_scale_two_high_saturation_is_a_range_because_oxygen_is_unknown() -> None:
    spo2 = next(p for p in score([said(SPO2.code, 97)], NOW, scale=2).parameters if p.name == "spo2")
    assert (spo2.low, spo2.high) == (0, 3)
    spo2 = next(p for p in score([said(SPO2.code, 90)], NOW, scale=2).parameters if p.name == "spo2")
    assert (spo2.low, spo2.high) == (0, 0)


@pytest.mark.parametrize(
    ("spo2", "pulse", "breaths", "level"), [(97, 70, 16, 0), (91, 70, 16, 1), (93, 112, 16, 0), (93, 112, 21, 1), (91, 112, 21, 2)]
)
def test_levels_follow_the_low_bound_and_a_single_red_parameter(spo2: int, pulse: int, breaths: int, level: int) -> None:
    found = score([said(SPO2.code, spo2), said(HEART_RATE.code, pulse), said(RESPIRATORY_RATE.code, breaths)], NOW)
    assert found.level == level


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 3, 4, 5, 6, 8]), st.integers(0, 90_000), st.floats(30, 130)),
        max_size=40,
    ),
    st.integers(1, 2),
)
def test_the_evidence_alone_gives_the_same_score_again(told: list[tuple[int, int, float]], scale: int) -> None:
    found = score([said(metric, value, age) for metric, age, value in told], NOW, scale)
    assert score_again(found.evidence, NOW, scale) == (found.low, found.high)


def test_the_table_is_named_by_its_hash() -> None:
    assert TABLE_SHA256 == "5936c6a7090fa95afbb593730b3d2f13cc476d1b393519c863751b19e31e2fed"
