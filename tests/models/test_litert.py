"""A quantized perceptron says the same on LiteRT as everywhere else; what LiteRT cannot run is refused."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed: `pip install 'mediassist[litert]'`")

import onnx
from onnx import numpy_helper

from models.catalogue import HERE, ModelRefused, open_model
from models.litert import NotConvertible, from_onnx
from models.litert_runner import LitertRunner
from models.perceptron_runner import PerceptronRunner

MODELS = ["heart_rhythm", "heart_rhythm/classes", "ppg", "glucose", "vital_anomaly", "vital_anomaly/trend"]


def asked(model: str, features: int, count: int = 500) -> NDArray[np.float32]:
    """Return inputs of all sizes that a network's first layer tells apart, from its own mean and spread."""
    dice = np.random.default_rng(0)
    graph = onnx.load_model_from_string(open_model(HERE / model).artefact).graph
    held = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    values = (held["mean"] + held["spread"] * dice.normal(0, 1.5, (count, len(held["mean"])))).astype(np.float32)
    if values.shape[1] == features:
        return values
    present = (dice.random(values.shape) > 0.3).astype(np.float32)
    return np.concatenate([values * present, present], axis=1)


@pytest.mark.parametrize("model", MODELS)
def test_every_small_network_says_the_same_there(model: str) -> None:
    opened = open_model(HERE / model)
    features = opened.card.inputs[0].shape[1]
    rows = asked(model, features)
    runner = LitertRunner(from_onnx(opened.artefact, features))
    expected = PerceptronRunner(opened.artefact).run(rows)
    found = runner.run(rows)
    assert found.shape == expected.shape
    reach = float(expected.max() - expected.min())
    assert len(np.unique(expected)) > 100
    assert float(np.abs(found - expected).mean()) < 0.001 * reach
    assert float((found != expected).mean()) < 0.02
    assert np.array_equal(runner.run(rows[:3]), found[:3])


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ModelRefused, match="cannot open"):
        LitertRunner(b"no network at all, not by any means")


def test_a_network_of_convolutions_is_not_converted() -> None:
    with pytest.raises(NotConvertible, match="no small network has"):
        from_onnx(open_model("retinopathy").artefact, 3)
