"""A float network -> the int8 one that ships. How far the two differ: `models.evaluation.compare`."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization.calibrate import CalibrationDataReader
from onnxruntime.quantization.quant_utils import QuantFormat, QuantType
from onnxruntime.quantization.quantize import quantize_static


class _Calibration(CalibrationDataReader):
    def __init__(self, name: str, features: NDArray[np.float32]) -> None:
        self._batches = iter({name: features[i : i + 256]} for i in range(0, len(features), 256))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._batches, None)


def quantize(network: bytes, name: str, calibration: NDArray[np.float32], keep_float: Sequence[str] = ()) -> bytes:
    """Return the statically quantized network: int8 weights per channel and int8 activations of its Gemm and Relu nodes.

    Args:
        network: ONNX, float32.
        name: of its one input.
        calibration: shape (n, f), training windows that the ranges of the activations are measured on.
        keep_float: names of nodes that stay as they are.
    """
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        before.write_bytes(network)
        quantize_static(
            before,
            after,
            _Calibration(name, calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Gemm", "Relu"],
            nodes_to_exclude=list(keep_float),
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QInt8,
        )
        return after.read_bytes()
