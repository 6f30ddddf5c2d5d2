"""The int8 network says nearly what the float network says."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")

from onnx import TensorProto, helper, numpy_helper

from models.evaluation import compare
from models.onnx_runner import OnnxRunner
from models.quantization import quantize


def network() -> bytes:
    dice = np.random.default_rng(0)
    shapes = {"w0": (8, 4), "b0": (8,), "w1": (1, 8), "b1": (1,)}
    held = [numpy_helper.from_array(dice.normal(0, 1, shape).astype(np.float32), name) for name, shape in shapes.items()]
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["sum"], name="first", transB=1),
        helper.make_node("Relu", ["sum"], ["hidden"], name="relu"),
        helper.make_node("Gemm", ["hidden", "w1", "b1"], ["logit"], name="last", transB=1),
        helper.make_node("Sigmoid", ["logit"], ["score"]),
    ]
    inputs, outputs = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", k]) for name, k in (("x", 4), ("score", 1)))
    graph = helper.make_graph(nodes, "tiny", [inputs], [outputs], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


def rows(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 1, (500, 4)).astype(np.float32)


def test_int8_agrees_with_float() -> None:
    exact = network()
    agreement = compare(OnnxRunner(exact), OnnxRunner(quantize(exact, "x", rows(1), "last")), rows(2), 0.5)
    assert 0.0 < agreement.mean_difference < 0.01
    assert agreement.greatest_difference < 0.1
    assert agreement.same_side > 0.97
