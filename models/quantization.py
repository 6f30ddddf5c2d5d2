"""A float network -> the int8 one that ships. How far the two differ: `models.evaluation.compare`.

What it says is the same on every processor: weights keep to 7 bits, since AVX2 without VNNI adds two products in 16 bits and would saturate
(255 x 127 x 2 > 32,767 >= 255 x 64 x 2), and the end that stays float is made exact (`models.exact_head`).
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization.calibrate import CalibrationDataReader
from onnxruntime.quantization.quant_utils import QuantFormat, QuantType
from onnxruntime.quantization.quantize import quantize_static

from models.exact_head import with_exact_head


class Rows(CalibrationDataReader):
    """Rows that a network is asked, some at once; an iterator, as ONNX Runtime's tools want it."""

    def __init__(self, name: str, features: NDArray[np.float32], at_once: int = 256) -> None:
        self._batches = iter({name: features[i : i + at_once]} for i in range(0, len(features), at_once))

    def __iter__(self) -> Iterator[dict[str, NDArray[np.float32]]]:
        return self._batches

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next rows by the input's name, None after the last."""
        return next(self._batches, None)


def quantize(network: bytes, name: str, calibration: NDArray[np.float32], head: str) -> bytes:
    """Return the statically quantized network: 7-bit weights per channel and int8 activations of its Gemm and Relu nodes.

    Args:
        network: ONNX, float32.
        name: of its one input.
        calibration: shape (n, f), training windows that the ranges of the activations are measured on.
        head: name of the last Gemm: it is not quantized, its sum would be coarse, but made exact.

    Raises:
        NotSo: it does not end in that Gemm, or in that and a Sigmoid.
    """
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        before.write_bytes(network)
        quantize_static(
            before,
            after,
            Rows(name, calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Gemm", "Relu"],
            nodes_to_exclude=[head],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QInt8,
        )
        return with_exact_head(after.read_bytes())


def quantize_convolutions(network: bytes, name: str, pictures: NDArray[np.float32], exact: int) -> bytes:
    """Return the statically quantized network: 7-bit weights per channel and 8-bit activations of its convolutions and what lies between them.

    Args:
        network: ONNX, float32, of one picture at a time, normalisation folded into its convolutions.
        name: of its one input.
        pictures: shape (n, channels, height, width), that the ranges of the activations are measured on.
        exact: convolutions, from the first on, that stay float.
    """
    first = [node.name for node in onnx.load_model_from_string(network).graph.node if node.op_type == "Conv"][:exact]
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        before.write_bytes(network)
        quantize_static(
            before,
            after,
            Rows(name, pictures, 1),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "GlobalAveragePool", "ReduceMean", "Clip"],
            nodes_to_exclude=first,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
        )
        return after.read_bytes()
