"""A training of the classes from recordings to a card, on a small scale."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")

from models import tracking
from models.catalogue import open_model
from models.heart_rhythm.classes import train as training
from models.heart_rhythm.classes.assess import accuracy, table
from models.heart_rhythm.classes.card import Trained, written
from models.heart_rhythm.classes.classifier import Classifier, classify
from models.heart_rhythm.finder import shipped
from models.heart_rhythm.recordings import Recording, between
from models.perceptron_runner import PerceptronRunner
from tests.models.heart_rhythm.classes.test_classifier import heart


def recording(seed: int) -> Recording:
    dice = np.random.default_rng(seed)
    picked = dice.choice(np.arange(15, 140, 3), 16, replace=False).tolist()
    times, lead = heart(tuple(picked[:8]), tuple(picked[8:]))
    letters = np.full(len(times), "N")
    letters[picked[:8]], letters[picked[8:]] = "S", "V"
    return Recording(f"made {seed}", lead, 360.0, np.rint(times * 360).astype(np.int64), (), "".join(letters.tolist()))


def test_a_training_from_recordings_to_card(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    hearts = [recording(seed) for seed in range(6)]
    learnt = [training.as_found(each) for each in hearts] + [training.as_marked(between(each, each, dice)) for each in hearts]
    network = training.fit(learnt, 0)
    assert network.artefact == training.fit(learnt, 0).artefact, "the same seed gives the same network"
    assert training.agreement(network) > 0.98
    new = recording(9)
    said = classify(new.signal, 360, shipped(), Classifier(PerceptronRunner(network.artefact), training.FACTORS))
    seen = table(new, said.found.at, said.letters)
    assert accuracy(seen.counts) > 0.9
    assert seen.counts[2].tolist() == [0, 0, 8, 0, 0]
    trained = Trained(network.sha256, 0, training.FACTORS, (replace(seen, name="out of fold"),), (seen,), 1.0)
    tracking.keep(tmp_path, training.ARTEFACT, network.artefact, written(trained), network.layers(), tmp_path / "runs")
    card = open_model(tmp_path).card
    assert card.thresholds == training.FACTORS
    assert card.figure("accuracy", "MIT-BIH DS2 here, unseen").value == pytest.approx(accuracy(seen.counts), abs=1e-4)
