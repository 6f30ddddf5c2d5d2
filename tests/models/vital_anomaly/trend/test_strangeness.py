"""Strange is what is far from the usual, or cannot be said again; a person's own usual counts, within reason."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.vital_anomaly.trend.course import STEPS
from models.vital_anomaly.trend.strangeness import LEAST, NEWEST, People, Strangeness, Usual, people_of, strangeness, usual_for
from protocol.metrics import HEART_RATE, SPO2

PEOPLE = People((75.0, 15.0, 97.0, 36.8), (10.0, 3.0, 2.0, 0.3), (3.0, 1.0, 0.5, 0.1))
USUAL = usual_for(PEOPLE, {})


def course(*now: float) -> NDArray[np.float64]:
    return np.tile(np.array(now), (STEPS, 1))


def again(of: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the course as a network would that says it again without fault."""
    return np.nan_to_num((of - np.array(PEOPLE.mean)) / np.array(PEOPLE.spread())).astype(np.float32).ravel()


def judged(of: NDArray[np.float64], said: NDArray[np.float32] | None = None, usual: Usual = USUAL) -> Strangeness:
    found = strangeness(of, again(of) if said is None else said, PEOPLE, usual)
    assert found is not None
    return found


def test_the_usual_said_again_is_not_strange() -> None:
    assert judged(course(*PEOPLE.mean)).score == 0


@pytest.mark.parametrize(("heart", "sign"), [(105.0, 1), (45.0, -1)])
def test_the_greatest_departure_counts_either_way(heart: float, sign: int) -> None:
    found = judged(course(heart, 16.0, 97.0, 36.8))
    assert found.departures[0] == pytest.approx(sign * 30 / USUAL.spread[0])
    assert found.score == pytest.approx(abs(found.departures[0]), abs=1e-5)


def test_what_cannot_be_said_again_is_strange_too() -> None:
    usual = course(*PEOPLE.mean)
    assert judged(usual, again(usual) + np.float32(1)).residual == pytest.approx(2.0)


def test_a_vital_that_was_measured_too_seldom_says_nothing_and_none_at_all_is_no_calm() -> None:
    off = course(140.0, np.nan, np.nan, np.nan)
    off[: STEPS - LEAST + 1, 0] = np.nan
    assert strangeness(off, again(off), PEOPLE, USUAL) is None
    off[-NEWEST:, 0] = 140.0
    found = judged(off)
    assert found.score > 6
    assert np.isnan(found.departures[1:]).all()


def test_leaving_another_vital_out_calms_nobody() -> None:
    sick, alone = course(75.0, 15.0, 85.0, 36.8), course(np.nan, np.nan, 85.0, np.nan)
    assert judged(sick).score == pytest.approx(judged(alone).score)


def test_a_persons_own_usual_counts_but_nobody_is_so_used_to_being_ill_that_it_goes_unsaid() -> None:
    fast = usual_for(PEOPLE, {HEART_RATE.code: 84.0})
    assert (fast.centre[0], fast.centre[1:]) == (84.0, PEOPLE.mean[1:])
    assert fast.spread[0] < USUAL.spread[0]
    low = usual_for(PEOPLE, {SPO2.code: 80.0})
    assert low.centre[2] == 95.0
    assert judged(course(75.0, 15.0, 80.0, 36.8), usual=low).score > 6


def test_values_beyond_all_measure_are_cut() -> None:
    assert judged(course(1e9, 15.0, 97.0, 36.8), np.zeros(STEPS * 4, dtype=np.float32)).departures[0] == 8.0


def test_numbers_of_a_card_and_back() -> None:
    assert people_of(PEOPLE.as_numbers()) == PEOPLE
    with pytest.raises(KeyError):
        people_of({})
