"""A small perceptron on its way from torch to ONNX: standardised inputs, layers with ReLU, one logit, a sigmoid. Training only."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import nn

Held = Mapping[str, NDArray[np.generic]]

INPUT, OUTPUT, FIRST = "features", "score", "layer0"
"""Names of what goes in, what comes out, and what the first layer sees."""


def written(name: str, net: nn.Sequential, opening: Sequence[NodeProto], held: Held, features: int) -> bytes:
    """Return a trained network as ONNX: features (n, `features`) -> score (n, 1), float32..

    Args:
        name: of the graph.
        net: its linear layers, with what lies between.
        opening: nodes from INPUT to FIRST, which standardise.
        held: their constants.
        features: how many go in.
    """
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    constants: dict[str, NDArray[np.generic]] = dict(held)
    nodes = list(opening)
    for number, layer in enumerate(linear):
        constants[f"weight{number}"] = layer.weight.detach().numpy()
        constants[f"bias{number}"] = layer.bias.detach().numpy()
        end = number == len(linear) - 1
        summed = "logit" if end else f"sum{number}"
        gemm = [f"layer{number}", f"weight{number}", f"bias{number}"]
        nodes.append(helper.make_node("Gemm", gemm, [summed], name=f"gemm{number}", transB=1))
        nodes.append(
            helper.make_node("Sigmoid", ["logit"], [OUTPUT]) if end else helper.make_node("Relu", [summed], [f"layer{number + 1}"])
        )
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["windows", features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["windows", 1])],
        [numpy_helper.from_array(array, constant) for constant, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def layers(features: int, hidden: Sequence[int], dropout: float) -> nn.Sequential:
    """Return an untrained network of hidden layers of these widths, and one logit."""
    made: list[nn.Module] = []
    width = features
    for each in hidden:
        made += [nn.Linear(width, each), nn.ReLU(), nn.Dropout(dropout)]
        width = each
    return nn.Sequential(*made, nn.Linear(width, 1))
