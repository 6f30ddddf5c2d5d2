"""A network in ONNX form on ONNX Runtime: one thread, CPU, the same answer to the same question."""

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.catalogue import ModelRefused

_ERRORS_ONLY = 3


class OnnxRunner:
    """One opened network. See `models.runner.Runner`."""

    def __init__(self, artefact: bytes) -> None:
        """Open the network held in `artefact`.

        Raises:
            ModelRefused: ONNX Runtime cannot read it, or it has not exactly one input and one output.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = onnxruntime.InferenceSession(artefact, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the binding raises a dozen unrelated classes
            raise ModelRefused(f"ONNX Runtime {onnxruntime.__version__} cannot open the artefact: {error}") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelRefused(f"the network has {len(inputs)} inputs and {len(outputs)} outputs, not one of each")
        self._input, self._output = inputs[0].name, outputs[0].name

    def run(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Evaluate a batch, shape (n, f) -> (n, outputs)."""
        return np.asarray(self._session.run([self._output], {self._input: features})[0], dtype=np.float32)
