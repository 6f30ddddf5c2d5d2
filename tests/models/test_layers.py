"""What int8 costs, layer by layer."""

import tomllib

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")

from onnx import load_model_from_string, numpy_helper

from models.layers import OUTPUT, compared, lines
from models.quantization import quantize
from tests.models.test_quantization import network, rows


def test_every_layer_that_became_int8_is_compared_and_the_output() -> None:
    exact = network()
    found = compared(exact, quantize(exact, "x", rows(1), "last"), "x", rows(2))
    kinds = [("b0", "weights"), ("w0", "weights"), ("x", "values"), ("hidden", "values"), (OUTPUT, "values")]
    assert sorted((each.name, each.kind) for each in found if each.kind == "weights") == kinds[:2]
    assert [(each.name, each.kind) for each in found if each.kind == "values"] == kinds[2:]
    assert all(20 < each.decibels < 80 for each in found), "seven bits of weights, eight of values"
    assert tomllib.loads("\n".join(lines(found)))["layer"][0] == {
        "name": found[0].name,
        "kind": "weights",
        "decibels": round(found[0].decibels, 1),
    }


def test_a_layer_that_was_spoilt_stands_out() -> None:
    """One weight a hundred times the others takes the range from its row: per channel, that row alone."""
    model = load_model_from_string(network())
    [weights] = [each for each in model.graph.initializer if each.name == "w0"]
    spoilt = numpy_helper.to_array(weights).copy()
    spoilt[:, 0] *= 100
    weights.CopyFrom(numpy_helper.from_array(spoilt, "w0"))
    exact = model.SerializeToString()
    asked = rows(2) * np.array([0, 1, 1, 1], dtype=np.float32)
    by_name = {each.name: each.decibels for each in compared(exact, quantize(exact, "x", rows(1), "last"), "x", asked)}
    well = {each.name: each.decibels for each in compared(network(), quantize(network(), "x", rows(1), "last"), "x", asked)}
    assert by_name["hidden"] < well["hidden"] - 10
