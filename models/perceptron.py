"""A small perceptron on its way from torch to ONNX: standardised inputs, layers with ReLU, logits. Training only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import nn

Held = Mapping[str, NDArray[np.generic]]
Matrix = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights, (outputs, inputs), and bias, (outputs,)."""

INPUT, OUTPUT, FIRST = "features", "score", "layer0"
"""Names of what goes in, what comes out, and what the first layer sees."""
CLIP = 4.0
"""Standardised inputs are cut to this."""


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Mean and spread of each feature, shape (features,) each."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    def of(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the first layer sees: as the written network does it."""
        return np.clip((features - self.mean) / self.spread, -CLIP, CLIP).astype(np.float32)

    def opening(self) -> tuple[list[NodeProto], dict[str, NDArray[np.generic]]]:
        """Return the nodes that do it, and their constants."""
        bounds = {"low": np.array(-CLIP, dtype=np.float32), "high": np.array(CLIP, dtype=np.float32)}
        nodes = [
            helper.make_node("Sub", [INPUT, "mean"], ["centred"]),
            helper.make_node("Div", ["centred", "spread"], ["scaled"]),
            helper.make_node("Clip", ["scaled", "low", "high"], [FIRST]),
        ]
        return nodes, {"mean": self.mean, "spread": self.spread, **bounds}


def standard_of(features: NDArray[np.float32]) -> Standard:
    """Measure the standard, shape (n, features)."""
    exact = features.astype(np.float64)
    return Standard(exact.mean(axis=0).astype(np.float32), np.maximum(exact.std(axis=0), 1e-3).astype(np.float32))


def masked_opening() -> list[NodeProto]:
    """Return the nodes that standardise values and mask those that are not present: INPUT holds values, then a presence for each.

    Their constants: mean, spread, low, high, and cut (how many values, how many presences).
    """
    return [
        helper.make_node("Split", [INPUT, "cut"], ["values", "present"], axis=1),
        helper.make_node("Sub", ["values", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "spread"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["clipped"]),
        helper.make_node("Mul", ["clipped", "present"], ["masked"]),
        helper.make_node("Concat", ["masked", "present"], [FIRST], axis=1),
    ]


def written(name: str, net: nn.Sequential, opening: Sequence[NodeProto], held: Held, features: int) -> bytes:
    """Return a trained network as ONNX, as `written_matrices` does of its linear layers."""
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    return written_matrices(
        name, [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in linear], opening, held, features
    )


def written_matrices(name: str, matrices: Sequence[Matrix], opening: Sequence[NodeProto], held: Held, features: int) -> bytes:
    """Return a trained network as ONNX, float32: features (n, `features`) -> score (n, 1) by a sigmoid, or logits (n, outputs) where it has several.

    Args:
        name: of the graph.
        matrices: its layers' weights, (outputs, inputs), and biases, (outputs,); a ReLU between each two.
        opening: nodes from INPUT to FIRST, which standardise.
        held: their constants.
        features: how many go in.
    """
    outputs = len(matrices[-1][1])
    constants: dict[str, NDArray[np.generic]] = dict(held)
    nodes = list(opening)
    for number, (weight, bias) in enumerate(matrices):
        constants[f"weight{number}"] = weight
        constants[f"bias{number}"] = bias
        end = number == len(matrices) - 1
        summed = f"sum{number}" if not end else "logit" if outputs == 1 else OUTPUT
        gemm = [f"layer{number}", f"weight{number}", f"bias{number}"]
        nodes.append(helper.make_node("Gemm", gemm, [summed], name=f"gemm{number}", transB=1))
        if not end:
            nodes.append(helper.make_node("Relu", [summed], [f"layer{number + 1}"]))
        elif outputs == 1:
            nodes.append(helper.make_node("Sigmoid", [summed], [OUTPUT]))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["windows", features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["windows", outputs])],
        [numpy_helper.from_array(array, constant) for constant, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def layers(features: int, hidden: Sequence[int], dropout: float, outputs: int = 1) -> nn.Sequential:
    """Return an untrained network of hidden layers of these widths, and so many logits."""
    made: list[nn.Module] = []
    width = features
    for each in hidden:
        made += [nn.Linear(width, each), nn.ReLU(), nn.Dropout(dropout)]
        width = each
    return nn.Sequential(*made, nn.Linear(width, outputs))
