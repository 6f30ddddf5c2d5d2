"""A training from recordings to a card, on a small scale."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")

from models import tracking
from models.catalogue import open_model
from models.evaluation import compare
from models.heart_rhythm import train as training
from models.heart_rhythm.assess import count
from models.heart_rhythm.card import Trained, written
from models.heart_rhythm.finder import find
from models.heart_rhythm.fitting import folds
from models.heart_rhythm.recordings import Recording, beatless, varied
from models.heart_rhythm.train import fit
from models.onnx_runner import OnnxRunner
from models.perceptron_runner import PerceptronRunner
from tests.models.heart_rhythm.hearts import beating, steady


def recording(seed: int) -> Recording:
    times = steady(120, 0.7 + 0.05 * seed)
    return Recording(f"made {seed}", beating(times, 120, 360, 0.02, seed), 360.0, np.rint(times * 360).astype(np.int64), ())


def test_a_training_from_recordings_to_card(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    hearts = [training._learnt(each) for seed in range(4) for each in varied(recording(seed), recording(seed), dice)]
    noise = [training.candidates_of(training.ready(trace)).features for trace in beatless(dice, 7)]
    learnt = [*hearts, *((each, np.zeros(len(each), dtype=np.bool_)) for each in noise)]
    network = fit(learnt, 0)
    assert network.artefact == fit(learnt, 0).artefact, "the same seed gives the same network"
    new = recording(5)
    seen = count(new, find(new.signal, new.rate_hz, PerceptronRunner(network.artefact)).at)
    assert seen.f1 > 0.98
    agreement = compare(OnnxRunner(network.exact), PerceptronRunner(network.artefact), network.calibration, 0.5)
    trained = Trained(network.sha256, 0, (replace(seen, name="out of fold"),), (seen,), agreement)
    tracking.keep(tmp_path, training.ARTEFACT, network.artefact, written(trained), network.layers(), tmp_path / "runs")
    model = open_model(tmp_path)
    assert model.artefact == network.artefact
    assert model.card.figure("F1", "MIT-BIH DS1, out of fold").value == pytest.approx(seen.f1, abs=1e-4)


def test_every_recording_is_in_one_fold() -> None:
    assert sorted(name for fold in folds(0) for name in fold) == sorted(training.DS1)
    assert folds(0) == folds(0) != folds(1)
