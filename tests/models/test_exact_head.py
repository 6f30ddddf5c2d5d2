"""The end of a quantized network adds without rounding: no order of adding and no processor changes the score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")

from onnx import TensorProto, helper, numpy_helper

from models.exact_head import REACH, STEPS, NotSo, integers, table, with_exact_head
from models.onnx_runner import OnnxRunner

WEIGHTS = arrays(np.float32, st.integers(1, 64), elements=st.floats(-50, 50, width=32))


@given(WEIGHTS, st.floats(-20, 20, width=32))
def test_every_partial_sum_is_exact_in_float32(weights: np.ndarray, bias: float) -> None:
    rows, biases = np.stack([weights, weights[::-1] / 2]), np.array([bias, -bias], dtype=np.float32)
    whole, added, unit = integers(rows, biases)
    assert (whole == np.rint(whole)).all()
    assert (np.abs(whole).sum(axis=1, dtype=np.float64) * 255 + np.abs(added) <= 2**24).all()
    assert np.abs(whole / unit - rows).max() <= 0.5 / unit
    assert np.log2(unit) == np.rint(np.log2(unit))


def head(last: str = "Sigmoid") -> bytes:
    dice = np.random.default_rng(0)
    held = {
        "scale": np.array(0.037, dtype=np.float32),
        "zero": np.array(-128, dtype=np.int8),
        "weight": dice.normal(0, 0.7, (1, 16)).astype(np.float32),
        "bias": np.array([-0.4], dtype=np.float32),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["small"]),
        helper.make_node("DequantizeLinear", ["small", "scale", "zero"], ["back"]),
        helper.make_node("Gemm", ["back", "weight", "bias"], ["logit"], transB=1),
        helper.make_node(last, ["logit"], ["score"]),
    ]
    inputs, outputs = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", k]) for name, k in (("x", 16), ("score", 1)))
    graph = helper.make_graph(nodes, "head", [inputs], [outputs], [numpy_helper.from_array(each, name) for name, each in held.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


def test_it_says_what_the_float_one_says_to_the_step_of_its_table() -> None:
    rows = np.random.default_rng(1).uniform(0, 9.4, (4000, 16)).astype(np.float32)
    before, after = OnnxRunner(head()).run(rows), OnnxRunner(with_exact_head(head())).run(rows)
    assert np.abs(before - after).max() <= 0.25 / STEPS
    assert set(after.ravel().tolist()) <= set(table().tolist())
    assert len(set(after.ravel().tolist())) > 100


def test_the_ends_of_the_table_are_certain_and_nothing_falls_off_it() -> None:
    assert len(table()) == 2 * REACH * STEPS + 1
    ends = OnnxRunner(with_exact_head(head())).run(np.array([[1e9] * 16, [-1e9] * 16], dtype=np.float32))
    assert np.isfinite(ends).all()
    assert table()[0] < 2e-7 < 1 - 2e-7 < table()[-1]


def test_another_end_is_refused() -> None:
    with pytest.raises(NotSo, match="score does not come from a Gemm, but from \\['Tanh'\\]"):
        with_exact_head(head("Tanh"))
