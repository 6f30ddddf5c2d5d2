from flatbuffers import Builder

import numpy as np
from numpy.typing import NDArray

class TensorType:
    FLOAT32: int
    INT8: int
    INT32: int

class BuiltinOperator:
    ADD: int
    CAST: int
    CONCATENATION: int
    DIV: int
    FULLY_CONNECTED: int
    GATHER: int
    MAXIMUM: int
    MINIMUM: int
    MUL: int
    QUANTIZE: int
    ROUND: int
    SPLIT_V: int
    SUB: int

class BuiltinOptions:
    AddOptions: int
    ConcatenationOptions: int
    DivOptions: int
    FullyConnectedOptions: int
    GatherOptions: int
    MaximumMinimumOptions: int
    MulOptions: int
    SplitVOptions: int
    SubOptions: int

class AddOptionsT: ...

class ConcatenationOptionsT:
    axis: int

class DivOptionsT: ...

class FullyConnectedOptionsT:
    keepNumDims: bool

class GatherOptionsT: ...
class MaximumMinimumOptionsT: ...
class MulOptionsT: ...

class SplitVOptionsT:
    numSplits: int

class SubOptionsT: ...

class BufferT:
    data: NDArray[np.uint8]

class QuantizationParametersT:
    scale: NDArray[np.float32]
    zeroPoint: NDArray[np.int64]
    quantizedDimension: int

class TensorT:
    name: str
    type: int
    shape: list[int]
    shapeSignature: list[int]
    buffer: int
    quantization: QuantizationParametersT

class OperatorCodeT:
    builtinCode: int
    deprecatedBuiltinCode: int
    version: int

class OperatorT:
    opcodeIndex: int
    inputs: list[int]
    outputs: list[int]
    builtinOptionsType: int
    builtinOptions: object

class SubGraphT:
    tensors: list[TensorT]
    operators: list[OperatorT]
    inputs: list[int]
    outputs: list[int]

class ModelT:
    version: int
    description: str
    buffers: list[BufferT]
    operatorCodes: list[OperatorCodeT]
    subgraphs: list[SubGraphT]
    def Pack(self, builder: Builder) -> int: ...
