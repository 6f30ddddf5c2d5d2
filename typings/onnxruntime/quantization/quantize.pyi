from collections.abc import Sequence
from pathlib import Path

from onnxruntime.quantization.calibrate import CalibrationDataReader
from onnxruntime.quantization.quant_utils import QuantFormat, QuantType

def quantize_static(
    model_input: Path,
    model_output: Path,
    calibration_data_reader: CalibrationDataReader,
    quant_format: QuantFormat = ...,
    op_types_to_quantize: Sequence[str] | None = ...,
    per_channel: bool = ...,
    reduce_range: bool = ...,
    activation_type: QuantType = ...,
    weight_type: QuantType = ...,
    nodes_to_exclude: Sequence[str] | None = ...,
) -> None: ...
