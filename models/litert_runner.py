"""A network in LiteRT's form (.tflite) on LiteRT: one thread, CPU. Needs ai-edge-litert, the successor of tflite-runtime."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from models.catalogue import ModelRefused


class LitertRunner:
    """One opened network. See `models.runner.Runner`."""

    def __init__(self, artefact: bytes) -> None:
        """Open the network held in `artefact`.

        Raises:
            ModelRefused: LiteRT cannot read it, or it has not exactly one input and one output, both of float32.
        """
        try:
            self._interpreter = Interpreter(model_content=artefact, num_threads=1)
            inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ModelRefused(f"LiteRT cannot open the artefact: {error}") from error
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelRefused(f"the network has {len(inputs)} inputs and {len(outputs)} outputs, not one of each")
        if inputs[0]["dtype"] is not np.float32 or outputs[0]["dtype"] is not np.float32:
            raise ModelRefused("the network takes or gives other numbers than float32")
        self._input, self._output = int(inputs[0]["index"]), int(outputs[0]["index"])
        self._ready: tuple[int, ...] = ()

    def run(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Evaluate a batch, shape (n, f) -> (n, outputs)."""
        if features.shape != self._ready:
            self._interpreter.resize_tensor_input(self._input, list(features.shape))
            self._interpreter.allocate_tensors()
            self._ready = features.shape
        self._interpreter.set_tensor(self._input, features)
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output), dtype=np.float32)
