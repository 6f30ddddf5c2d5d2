"""A training from recordings to a card, on a small scale."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")

from models.catalogue import open_model
from models.evaluation import compare
from models.heart_rhythm import train as training
from models.heart_rhythm.assess import count
from models.heart_rhythm.card import Trained, written
from models.heart_rhythm.finder import find
from models.heart_rhythm.recordings import Recording, beatless, varied
from models.heart_rhythm.train import fit, shipping
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
    network, calibration = fit(learnt, 0)
    again, _ = fit(learnt, 0)
    assert network == again, "the same seed gives the same network"
    artefact = shipping(network, calibration)
    new = recording(5)
    seen = count(new, find(new.signal, new.rate_hz, PerceptronRunner(artefact)).at)
    assert seen.f1 > 0.98
    agreement = compare(OnnxRunner(network), PerceptronRunner(artefact), calibration, 0.5)
    trained = Trained(training.sha256(artefact).hexdigest(), 0, (replace(seen, name="out of fold"),), (seen,), agreement)
    (tmp_path / "artefacts").mkdir()
    (tmp_path / training.ARTEFACT).write_bytes(artefact)
    (tmp_path / "card.toml").write_text(written(trained), "utf-8")
    model = open_model(tmp_path)
    assert model.artefact == artefact
    assert model.card.figure("F1", "MIT-BIH DS1, out of fold").value == pytest.approx(seen.f1, abs=1e-4)
