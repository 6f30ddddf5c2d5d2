"""Training: what is tested is not learnt from, and a small network learns a course that repeats itself."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")

from models.glucose import train
from models.glucose.assess import AHEAD, estimates, told
from models.glucose.card import Trained, text_of
from models.glucose.readings import Person
from models.perceptron_runner import PerceptronRunner
from tests.models.glucose.courses import course


def person(seed: int) -> Person:
    values = course(6, seed)
    return Person("t", str(seed), values, int(0.8 * len(values)))


def test_no_target_of_the_later_part_is_learnt_from() -> None:
    one = person(0)
    before, _ = train.learn_from([one])
    one.grid[one.later :] = np.random.default_rng(0).uniform(40, 400, len(one.grid) - one.later)
    after, changes = train.learn_from([one])
    assert np.array_equal(before, after)
    assert len(changes) == one.later - 23 - AHEAD[-1]


def test_a_small_network_learns_and_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "EPOCHS", 40)
    people = [person(seed) for seed in range(4)]
    artefact = train.fit(people, 0).artefact
    assert train.fit(people, 0).artefact == artefact
    answers = tuple(told(each, PerceptronRunner(artefact)) for each in people)
    found = estimates(answers)
    assert found["60 min, mean absolute error"].value < 0.7 * found["60 min, as now, mean absolute error"].value
    assert "30 min, mean absolute error" in text_of(Trained("0" * 64, 0, {"t": answers}, answers, answers))
