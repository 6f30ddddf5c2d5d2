"""The written network computes what was trained, and training repeats itself."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")
pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")

import torch

from models.onnx_runner import OnnxRunner
from models.vital_anomaly.features import FEATURES, VALUES
from models.vital_anomaly.network import standard_of, standardise, train, write

DICE = np.random.default_rng(0)
PRESENT = (DICE.random((400, len(VALUES))) > 0.3).astype(np.float32)
ROWS = np.concatenate([DICE.normal(40, 20, PRESENT.shape).astype(np.float32) * PRESENT, PRESENT], axis=1)
TRUTH = (ROWS[:, 0] > 50) | (ROWS[:, 3] > 60)


def test_missing_values_are_no_part_of_the_standard_and_nought_after_it() -> None:
    standard = standard_of(ROWS)
    assert np.abs(standard.mean - 40).max() < 6
    seen = standardise(ROWS, standard)
    assert (seen[:, : len(VALUES)][PRESENT == 0] == 0).all()
    assert np.abs(seen[:, : len(VALUES)]).max() <= 4.0


def test_the_written_network_says_what_the_trained_one_says() -> None:
    standard = standard_of(ROWS)
    net = train(ROWS, TRUTH, standard, seed=1)
    with torch.no_grad():
        expected = torch.sigmoid(net(torch.from_numpy(standardise(ROWS, standard)))).numpy()
    assert np.abs(OnnxRunner(write(net, standard)).run(ROWS) - expected).max() < 1e-5
    assert ((expected[:, 0] > 0.5) == TRUTH).mean() > 0.9


def test_the_same_seed_gives_the_same_network() -> None:
    standard = standard_of(ROWS)
    once, again, other = (write(train(ROWS, TRUTH, standard, seed), standard) for seed in (1, 1, 2))
    assert once == again != other
    assert ROWS.shape[1] == FEATURES
