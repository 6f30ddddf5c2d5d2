"""The shipped artefact says the same on every processor."""

from hashlib import sha256

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")

import onnx
from onnx import numpy_helper

from models.catalogue import open_model
from models.onnx_runner import OnnxRunner
from models.vital_anomaly.features import FEATURES, VALUES

SCORES = "2153bb87157b95f250836bcfd7b280a7b1a0200b96c8696dd93ccee7cf7b427e"
"""SHA-256 of the scores of `rows()`, the same on an emulated Haswell (AVX2) and with AVX-512 VNNI; train again, and this changes."""


def rows() -> np.ndarray:
    """Return 4,096 vectors about the centre and far from it, without arithmetic that a processor may do its own way."""
    dice = np.random.default_rng(0)
    held = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load_model_from_string(open_model("vital_anomaly").artefact).graph.initializer
    }
    steps = dice.integers(-40, 41, (4096, len(VALUES))).astype(np.float32) / np.float32(8)
    present = dice.integers(0, 4, steps.shape).astype(bool).astype(np.float32)
    values = (held["mean"] + steps * held["spread"]) * present
    return np.concatenate([values, present], axis=1)


def test_no_pair_of_products_saturates_sixteen_bits() -> None:
    graph = onnx.load_model_from_string(open_model("vital_anomaly").artefact).graph
    weights = [
        numpy_helper.to_array(each) for each in graph.initializer if each.name.startswith("weight") and each.name.endswith("_quantized")
    ]
    assert len(weights) == 2
    for weight in weights:
        assert 255 * 2 * int(np.abs(weight.astype(np.int32)).max()) <= np.iinfo(np.int16).max


def test_the_scores_are_those_of_every_other_processor() -> None:
    vectors = rows()
    assert vectors.shape == (4096, FEATURES)
    scores = OnnxRunner(open_model("vital_anomaly").artefact).run(vectors)
    assert len(np.unique(scores)) > 300
    assert sha256(scores.astype("<f4").tobytes()).hexdigest() == SCORES


def test_a_row_scores_alone_as_among_others() -> None:
    vectors, runner = rows()[:256], OnnxRunner(open_model("vital_anomaly").artefact)
    assert runner.run(vectors).tobytes() == b"".join(runner.run(row[None]).tobytes() for row in vectors)
