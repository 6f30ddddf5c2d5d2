"""Figures of grading are what the literature defines; what was not graded counts as wrong."""

from dataclasses import replace

import numpy as np
import pytest

from models.retinopathy import figures
from models.retinopathy.figures import Answer


def answer(grade: int, told: int, risk: int | None = 0, told_risk: int = 0, referable: float | None = None) -> Answer:
    return Answer("", grade, risk, told, told_risk, float(told >= 2) if referable is None else referable)


ALL = [answer(0, 0), answer(1, 0), answer(2, 3, 2, 2), answer(3, 3, 2, 1), answer(4, 2, 2, 2)]


def test_shares() -> None:
    assert figures.accuracy(ALL) == 2 / 5
    assert figures.risk_accuracy(ALL) == 4 / 5
    assert figures.joint_accuracy(ALL) == 1 / 5
    assert figures.at_half(ALL, referred=True) == 1.0
    assert figures.at_half(ALL, referred=False) == 1.0
    assert np.isnan(figures.joint_accuracy([answer(1, 1, None)]))


def test_weighted_kappa_is_one_less_what_is_off_by_what_chance_would_be_off() -> None:
    dice = np.random.default_rng(0)
    truth = dice.integers(0, 5, 200)
    told = np.clip(truth + dice.integers(-1, 3, 200), 0, 4)
    off = np.mean([(a - b) ** 2 for a, b in zip(truth, told, strict=True)])
    by_chance = np.mean([(a - b) ** 2 for a in truth for b in told])
    found = figures.weighted_kappa([answer(int(a), int(b)) for a, b in zip(truth, told, strict=True)])
    assert found == pytest.approx(1 - off / by_chance)


def test_kappa_by_hand() -> None:
    assert figures.weighted_kappa([answer(grade, grade) for grade in range(5)]) == 1.0
    assert figures.weighted_kappa([answer(0, 4), answer(4, 0)]) == -1.0
    assert np.isnan(figures.weighted_kappa([answer(2, 2)] * 3))


def test_an_ungraded_photograph_is_a_referral_and_a_wrong_grade() -> None:
    ill, well = replace(answer(3, 3), unusable="out of focus"), replace(answer(0, 0), unusable="too dark")
    assert figures.accuracy([ill, well]) == 0.0
    assert figures.at_half([ill], referred=True) == 1.0
    assert figures.at_half([well], referred=False) == 0.0
    assert figures.weighted_kappa([ill, well]) < -0.9


def test_calibration() -> None:
    sure = [answer(2, 2, referable=0.9)] * 9 + [answer(0, 2, referable=0.9)]
    assert figures.calibration_error(sure) == pytest.approx(0)
    assert figures.calibration_error([answer(0, 2, referable=1.0)] * 4) == 1.0
    assert figures.reliability(sure) == [(pytest.approx(0.9), 0.9, 10)]
    assert [row[2] for row in figures.reliability([answer(0, 0, referable=value) for value in (0.0, 0.1, 0.5, 1.0)])] == [2, 1, 1]


def test_each_defined_figure_has_an_interval() -> None:
    found = figures.estimates(ALL * 10)
    assert all(each.low <= each.value <= each.high for each in found.values())
    assert "joint accuracy" in found
    assert "joint accuracy" not in figures.estimates([answer(1, 1, None), answer(3, 3, None)])
