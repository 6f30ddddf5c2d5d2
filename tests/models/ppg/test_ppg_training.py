"""Training: windows are stretched with their labels, and a small network learns which rate is breathing."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")

from models.onnx_runner import OnnxRunner
from models.perceptron import INPUT
from models.perceptron_runner import PerceptronRunner
from models.ppg import train
from models.ppg.assess import told
from models.ppg.card import Trained, text_of
from models.quantization import quantize
from tests.models.ppg.test_ppg_recordings import recording


def test_stretched_windows_have_stretched_labels() -> None:
    learnt = train.learn_from(recording(15), np.random.default_rng(0))
    plain = np.isclose(learnt.rate, 15, atol=0.2)
    assert plain.sum() >= 10
    assert (~plain).sum() >= 5
    assert (np.abs(np.log(learnt.rate / 15)) < 0.32).all()


def test_a_small_network_learns_and_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "EPOCHS", 30)
    learnt = [train.learn_from(recording(rate, rate), np.random.default_rng(int(rate))) for rate in (12, 15, 18, 22)]
    network, rows = train.fit(learnt, 0)
    assert train.fit(learnt, 0)[0] == network
    exact, small = OnnxRunner(network), PerceptronRunner(quantize(network, INPUT, rows, train.LAST))
    people = [told(recording(rate, rate), runner) for rate in (13, 20) for runner in (exact, small)]
    for person in people:
        assert np.abs(person.breath - person.annotated).mean() < 2.5
    assert "breaths, mean error against annotators" in text_of(Trained("0" * 64, 0, tuple(people), tuple(people)))
