"""The fitted network as ONNX; its int8 form, which ships, is made by `models.quantization`."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.retinopathy.network import RetinaNetwork
from models.retinopathy.photograph import SIDE

INPUT, OUTPUT = "photograph", "answer"
EXACT = 3
"""Convolutions from the first on that stay float: seven bits for their few weights cost three times the error of all others together, and no time is won."""


@dataclass(frozen=True, slots=True)
class Exported:
    """exact: float. artefact: int8. calibration: photographs that its ranges were measured on."""

    exact: bytes
    artefact: bytes
    calibration: NDArray[np.float32]


class _Joined(nn.Module):
    """The network with one output: the logits, and the map behind them, flat."""

    def __init__(self, network: RetinaNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        steps, lesions = self.network.forward(x)
        return torch.cat([steps, lesions.flatten(1)], dim=1)


def exported(network: RetinaNetwork) -> bytes:
    """Return a network as ONNX, float, for one photograph at a time."""
    held = BytesIO()
    example = torch.zeros(1, 3, SIDE, SIDE)
    torch.onnx.export(_Joined(network).eval(), (example,), held, dynamo=False, opset_version=17, input_names=[INPUT], output_names=[OUTPUT])
    model = onnx.load_model_from_string(held.getvalue())
    _pad_in_convolutions(model)
    return model.SerializeToString()


def _pad_in_convolutions(model: onnx.ModelProto) -> None:
    """Have convolutions pad by themselves: a padding of its own would cost a pass over memory."""
    graph = model.graph
    values = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    values |= {node.output[0]: onnx.numpy_helper.to_array(node.attribute[0].t) for node in graph.node if node.op_type == "Constant"}
    pads = {node.output[0]: node for node in graph.node if node.op_type == "Pad" and node.input[1] in values}
    gone: list[str] = []
    for node in graph.node:
        if node.op_type == "Conv" and node.input[0] in pads:
            pad = pads[node.input[0]]
            _, _, top, left, _, _, bottom, right = values[pad.input[1]].tolist()
            attribute = next(each for each in node.attribute if each.name == "pads")
            del attribute.ints[:]
            attribute.ints.extend([top, left, bottom, right])
            node.input[0] = pad.input[0]
            gone.append(pad.name)
    kept = [node for node in graph.node if node.name not in gone]
    del graph.node[:]
    graph.node.extend(kept)
