"""What making and reading networks calls of onnx."""

from collections.abc import MutableSequence

from onnx import checker as checker
from onnx import helper as helper
from onnx import numpy_helper as numpy_helper

class TensorProto:
    FLOAT: int
    INT64: int
    name: str

class AttributeProto:
    name: str
    t: TensorProto
    ints: MutableSequence[int]

class NodeProto:
    name: str
    op_type: str
    attribute: MutableSequence[AttributeProto]
    input: MutableSequence[str]
    output: MutableSequence[str]

class ValueInfoProto:
    name: str

class GraphProto:
    name: str
    input: MutableSequence[ValueInfoProto]
    node: MutableSequence[NodeProto]
    initializer: MutableSequence[TensorProto]
    output: MutableSequence[ValueInfoProto]

class OperatorSetIdProto: ...

class ModelProto:
    graph: GraphProto
    def SerializeToString(self) -> bytes: ...

def load_model_from_string(s: bytes) -> ModelProto: ...
