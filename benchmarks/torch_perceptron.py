"""The layers of a quantized network as PyTorch runs them in float32: what a user has who serves what was trained. Needs torch."""

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn


class TorchPerceptron:
    """The matrices of one network with ReLU between them; standardising left out. See `models.runner.Runner`."""

    def __init__(self, artefact: bytes) -> None:
        """Open the network held in `artefact`, its weights as numbers again."""
        held = {each.name: numpy_helper.to_array(each) for each in onnx.load_model_from_string(artefact).graph.initializer}
        names = sorted((name for name in held if name.startswith("weight") and name.endswith("_quantized")), key=len)
        layers: list[nn.Module] = []
        for name in names:
            layers += [_linear(held[name] * held[name.replace("_quantized", "_scale")][:, None]), nn.ReLU()]
        torch.set_num_threads(1)
        self._net = nn.Sequential(*layers, _linear(held["head_weight"])).eval()

    def run(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Evaluate a batch, shape (n, f) -> (n, outputs)."""
        with torch.no_grad():
            return self._net(torch.from_numpy(features)).numpy()


def _linear(weight: NDArray[np.generic]) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.load_state_dict({"weight": torch.from_numpy(weight.astype(np.float32)), "bias": torch.zeros(weight.shape[0])})
    return linear
