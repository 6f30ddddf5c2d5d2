"""The end of a quantized network in arithmetic that has no rounding: the same score on every processor.

Sums of float products depend on the order that a processor's kernel adds them in, and a sigmoid on how it is approximated. Here the last
layer's weights become integers so small that every partial sum is exact in float32, and the sigmoid becomes a table.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

STEPS = 64
"""Entries of the table to each unit of the logit: scores are at most 1 / (4 x 64) apart."""
REACH = 16
"""The table ends at this logit, either side: 1e-7 from 0 and from 1."""
_EXACT = 2.0**24
"""Integers up to this are exact in float32."""


class NotSo(Exception):
    """The network does not end in DequantizeLinear, Gemm and, with one logit, Sigmoid."""


def with_exact_head(network: bytes) -> bytes:
    """Return the quantized network with its last layer exact.

    Args:
        network: ONNX, ends in DequantizeLinear (one scale) and Gemm (transB, bias, float): to one logit and a Sigmoid, or to the logits of several
            classes, which go out as they are.

    Raises:
        NotSo: it ends otherwise.
    """
    model = onnx.load_model_from_string(network)
    graph = model.graph
    [last] = [node for node in graph.node if graph.output[0].name in node.output]
    if last.op_type == "Sigmoid":
        _exact_score(graph, last)
    else:
        _exact_logits(graph)
    _drop_unused(graph)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _exact_score(graph: GraphProto, sigmoid: NodeProto) -> None:
    gemm = _maker(graph, sigmoid.input[0], "Gemm")
    unit = _exact_sum(graph, gemm)
    _hold(graph, "head_step", np.array(STEPS / unit, dtype=np.float32))
    _hold(graph, "head_reach", np.array(REACH * STEPS, dtype=np.float32))
    _hold(graph, "head_least", np.array(-REACH * STEPS, dtype=np.float32))
    _hold(graph, "head_table", table())
    graph.node.remove(sigmoid)
    graph.node.extend(
        [
            helper.make_node("Mul", [gemm.output[0], "head_step"], ["head_steps"]),
            helper.make_node("Round", ["head_steps"], ["head_nearest"]),
            helper.make_node("Clip", ["head_nearest", "head_least", "head_reach"], ["head_within"]),
            helper.make_node("Add", ["head_within", "head_reach"], ["head_place"]),
            helper.make_node("Cast", ["head_place"], ["head_entry"], to=TensorProto.INT64),
            helper.make_node("Gather", ["head_table", "head_entry"], [sigmoid.output[0]]),
        ]
    )


def _exact_logits(graph: GraphProto) -> None:
    """Leave whole numbers and one multiplication by a power of two: exact, too."""
    gemm = _maker(graph, graph.output[0].name, "Gemm")
    unit = _exact_sum(graph, gemm)
    _hold(graph, "head_part", np.array(1 / unit, dtype=np.float32))
    gemm.output[0] = "head_whole"
    graph.node.append(helper.make_node("Mul", ["head_whole", "head_part"], [graph.output[0].name]))


def _exact_sum(graph: GraphProto, gemm: NodeProto) -> float:
    """Make a layer's weights and bias whole numbers; return their unit."""
    dequantize = _maker(graph, gemm.input[0], "DequantizeLinear")
    scale = float(_held(graph, dequantize.input[1]))
    weights, bias, unit = integers(_held(graph, gemm.input[1]) * scale, _held(graph, gemm.input[2]))
    _hold(graph, "head_scale", np.array(1, dtype=np.float32))
    _hold(graph, "head_weight", weights)
    _hold(graph, "head_bias", bias)
    dequantize.input[1], gemm.input[1], gemm.input[2] = "head_scale", "head_weight", "head_bias"
    return unit


def integers(weights: NDArray[np.float32], bias: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Return weights, shape (outputs, n), and bias, shape (outputs,), in units of 1 / unit, whole numbers; and unit, a power of two.

    With 8-bit inputs (0 to 255 from their zero point, either sign) every partial sum of the layer is then below 2**24.
    """
    exact, added = weights.astype(np.float64), bias.astype(np.float64)
    greatest = float((np.abs(exact).sum(axis=1) * 255 + np.abs(added)).max())
    room = _EXACT - 255 * (exact.shape[1] + 1)  # what rounding may add
    unit = float(2.0 ** np.floor(np.log2(room / max(greatest, 1.0))))
    return np.rint(exact * unit).astype(np.float32), np.rint(added * unit).astype(np.float32), unit


def table() -> NDArray[np.float32]:
    """Return the sigmoid of logits -REACH to REACH in steps of 1 / STEPS, shape (2 x REACH x STEPS + 1,)."""
    logits = np.arange(-REACH * STEPS, REACH * STEPS + 1) / STEPS
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def _maker(graph: GraphProto, output: str, kind: str) -> NodeProto:
    found = [node for node in graph.node if output in node.output]
    if len(found) != 1 or found[0].op_type != kind:
        raise NotSo(f"{output} does not come from a {kind}, but from {[node.op_type for node in found]}")
    return found[0]


def _held(graph: GraphProto, name: str) -> NDArray[np.float32]:
    return next(numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer if tensor.name == name)


def _hold(graph: GraphProto, name: str, array: NDArray[np.float32]) -> None:
    graph.initializer.append(numpy_helper.from_array(array, name))


def _drop_unused(graph: GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
