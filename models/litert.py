"""A small quantized network in ONNX form -> the same one as LiteRT takes it, parameters and all. Needs ai-edge-litert.

It knows the operators that `models.quantization` leaves in a perceptron (`models.perceptron_runner` runs the same ones), and no others.
Weights, biases, scales and zero points are carried over, not measured again; LiteRT rounds sums its own way, so answers may differ by
a step of eight bits.
"""

from collections.abc import Callable, Mapping

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from onnx import NodeProto, numpy_helper

Array = NDArray[np.generic]

_TYPES = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "int32": schema.TensorType.INT32}
_VERSION = 3


class NotConvertible(Exception):
    """There is an operator here that small networks do not have: the message says which."""


def from_onnx(network: bytes, features: int) -> bytes:
    """Return a network as LiteRT takes it: (any number, `features`) -> the same outputs.

    Raises:
        NotConvertible: it is no quantized perceptron.
    """
    return _Writer(onnx.load_model_from_string(network)).written(features)


class _Writer:
    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = model.graph
        self._constants = {each.name: numpy_helper.to_array(each) for each in self._graph.initializer}
        self._model = schema.ModelT()
        self._model.version, self._model.description = _VERSION, self._graph.name
        self._model.buffers, self._model.operatorCodes = [schema.BufferT()], []
        self._tensors: list[schema.TensorT] = []
        self._operators: list[schema.OperatorT] = []
        self._codes: dict[int, int] = {}
        self._known: dict[str, int] = {}  # a name of ONNX -> a tensor here
        self._quantized: dict[str, tuple[str, str, str]] = {}  # a dequantized name -> whole numbers, scale, zero point
        self._consumers = {name: node for node in self._graph.node for name in node.input}

    def written(self, features: int) -> bytes:
        [given], [answer] = self._graph.input, self._graph.output
        self._known[given.name] = self._tensor(given.name, "float32", features)
        for node in self._graph.node:
            if node.op_type not in _WRITERS:
                raise NotConvertible(f"the network has the operator {node.op_type}, which no small network has")
            _WRITERS[node.op_type](self, node)
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = [self._known[given.name]], [self._known[answer.name]]
        self._model.subgraphs = [graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _tensor(self, name: str, kind: str, width: int, scale: float | None = None, zero: int = 0) -> int:
        """Add what is computed: (any number, width)."""
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape, tensor.shapeSignature, tensor.buffer = name, _TYPES[kind], [1, width], [-1, width], 0
        if scale is not None:
            tensor.quantization = _scales(np.array([scale]), np.array([zero]))
        return self._add(tensor)

    def _constant(self, name: str, values: Array, scale: Array | None = None) -> int:
        """Add what is held, with one scale a row where it is quantized."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), dtype=np.uint8)
        self._model.buffers.append(buffer)
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, _TYPES[str(values.dtype)], list(values.shape)
        tensor.buffer = len(self._model.buffers) - 1
        if scale is not None:
            tensor.quantization = _scales(scale, np.zeros(len(scale), dtype=np.int64))
        return self._add(tensor)

    def _add(self, tensor: schema.TensorT) -> int:
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def _place(self, name: str) -> int:
        """Return the tensor of a name: computed, held, or a quantized one as a number."""
        if name in self._quantized:
            return self._as_number(name)
        if name not in self._known:
            values = self._constants[name]
            self._known[name] = self._constant(name, values.astype(np.float32) if values.ndim == 0 else values)
        return self._known[name]

    def _as_number(self, name: str) -> int:
        """Return whole numbers less their zero point times their scale."""
        whole, scale, zero = self._quantized[name]
        width = self._width(self._known[whole])
        cast = self._emit(schema.BuiltinOperator.CAST, [self._known[whole]], f"{name}_cast", width)
        off = self._constant(f"{name}_zero", np.array(self._constants[zero], dtype=np.float32))
        about = self._emit(schema.BuiltinOperator.SUB, [cast, off], f"{name}_about", width)
        by = self._constant(f"{name}_scale", np.array(self._constants[scale], dtype=np.float32))
        return self._emit(schema.BuiltinOperator.MUL, [about, by], name, width)

    def _width(self, place: int) -> int:
        return int(self._tensors[place].shape[-1])

    def _emit(self, code: int, inputs: list[int], name: str, width: int, kind: str = "float32") -> int:
        output = self._tensor(name, kind, width)
        self._operate(code, inputs, [output])
        return output

    def _operate(self, code: int, inputs: list[int], outputs: list[int]) -> None:
        if code not in self._codes:
            held = schema.OperatorCodeT()
            held.builtinCode, held.deprecatedBuiltinCode, held.version = code, min(code, 127), _OPERATOR_VERSIONS.get(code, 1)
            self._model.operatorCodes.append(held)
            self._codes[code] = len(self._model.operatorCodes) - 1
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = self._codes[code], inputs, outputs
        if code in _OPTIONS:
            operator.builtinOptionsType, operator.builtinOptions = _OPTIONS[code]()
        self._operators.append(operator)

    def dequantize(self, node: NodeProto) -> None:
        self._quantized[node.output[0]] = (node.input[0], node.input[1], node.input[2])

    def quantize(self, node: NodeProto) -> None:
        if node.output[0] in self._known:
            return  # the layer before it gives whole numbers already
        before = self._place(node.input[0])
        scale, zero = (self._constants[name] for name in node.input[1:3])
        output = self._tensor(node.output[0], "int8", self._width(before), float(scale), int(zero))
        self._operate(schema.BuiltinOperator.QUANTIZE, [before], [output])
        self._known[node.output[0]] = output

    def gemm(self, node: NodeProto) -> None:
        given, weight, bias = node.input
        if weight not in self._quantized:
            inputs = [self._place(given), self._place(weight), self._place(bias)]
            width = len(self._constants[bias])
            self._known[node.output[0]] = self._emit(schema.BuiltinOperator.FULLY_CONNECTED, inputs, node.output[0], width)
            return
        whole, scale, _ = self._quantized[weight]
        held, bias_scale, _ = self._quantized[bias]
        weights = self._constant(weight, self._constants[whole], self._constants[scale])
        biases = self._constant(bias, self._constants[held], self._constants[bias_scale])
        after = self._consumers[node.output[0]]
        step, zero = (self._constants[name] for name in after.input[1:3])
        output = self._tensor(after.output[0], "int8", len(self._constants[held]), float(step), int(zero))
        self._operate(schema.BuiltinOperator.FULLY_CONNECTED, [self._known[self._quantized[given][0]], weights, biases], [output])
        self._known[after.output[0]] = output

    def split(self, node: NodeProto) -> None:
        sizes = self._constants[node.input[1]].astype(np.int32)
        axis = self._constant(f"{node.output[0]}_axis", np.array(1, dtype=np.int32))
        outputs = [self._tensor(name, "float32", size) for name, size in zip(node.output, sizes.tolist(), strict=True)]
        self._operate(schema.BuiltinOperator.SPLIT_V, [self._place(node.input[0]), self._constant(node.input[1], sizes), axis], outputs)
        self._known.update(zip(node.output, outputs, strict=True))

    def concat(self, node: NodeProto) -> None:
        places = [self._place(name) for name in node.input]
        width = sum(self._width(place) for place in places)
        self._known[node.output[0]] = self._emit(schema.BuiltinOperator.CONCATENATION, places, node.output[0], width)

    def clip(self, node: NodeProto) -> None:
        given, low, high = (self._place(name) for name in node.input)
        width = self._width(given)
        above = self._emit(schema.BuiltinOperator.MAXIMUM, [given, low], f"{node.output[0]}_above", width)
        self._known[node.output[0]] = self._emit(schema.BuiltinOperator.MINIMUM, [above, high], node.output[0], width)

    def cast(self, node: NodeProto) -> None:
        given = self._place(node.input[0])
        self._known[node.output[0]] = self._emit(schema.BuiltinOperator.CAST, [given], node.output[0], self._width(given), "int32")

    def gather(self, node: NodeProto) -> None:
        places = [self._place(name) for name in node.input]
        self._known[node.output[0]] = self._emit(schema.BuiltinOperator.GATHER, places, node.output[0], self._width(places[1]))

    def plain(self, node: NodeProto) -> None:
        places = [self._place(name) for name in node.input]
        self._known[node.output[0]] = self._emit(_PLAIN[node.op_type], places, node.output[0], self._width(places[0]))


def _scales(scale: Array, zero: Array) -> schema.QuantizationParametersT:
    held = schema.QuantizationParametersT()
    held.scale, held.zeroPoint, held.quantizedDimension = scale.astype(np.float32), zero.astype(np.int64), 0
    return held


def _fully_connected() -> tuple[int, object]:
    options = schema.FullyConnectedOptionsT()
    options.keepNumDims = True
    return schema.BuiltinOptions.FullyConnectedOptions, options


def _split_v() -> tuple[int, object]:
    options = schema.SplitVOptionsT()
    options.numSplits = 2
    return schema.BuiltinOptions.SplitVOptions, options


def _concatenation() -> tuple[int, object]:
    options = schema.ConcatenationOptionsT()
    options.axis = 1
    return schema.BuiltinOptions.ConcatenationOptions, options


def _with(number: int, make: Callable[[], object]) -> Callable[[], tuple[int, object]]:
    return lambda: (number, make())


_PLAIN = {
    "Sub": schema.BuiltinOperator.SUB,
    "Div": schema.BuiltinOperator.DIV,
    "Mul": schema.BuiltinOperator.MUL,
    "Add": schema.BuiltinOperator.ADD,
    "Round": schema.BuiltinOperator.ROUND,
}
_OPTIONS: Mapping[int, Callable[[], tuple[int, object]]] = {
    schema.BuiltinOperator.FULLY_CONNECTED: _fully_connected,
    schema.BuiltinOperator.SPLIT_V: _split_v,
    schema.BuiltinOperator.CONCATENATION: _concatenation,
    schema.BuiltinOperator.SUB: _with(schema.BuiltinOptions.SubOptions, schema.SubOptionsT),
    schema.BuiltinOperator.DIV: _with(schema.BuiltinOptions.DivOptions, schema.DivOptionsT),
    schema.BuiltinOperator.MUL: _with(schema.BuiltinOptions.MulOptions, schema.MulOptionsT),
    schema.BuiltinOperator.ADD: _with(schema.BuiltinOptions.AddOptions, schema.AddOptionsT),
    schema.BuiltinOperator.MAXIMUM: _with(schema.BuiltinOptions.MaximumMinimumOptions, schema.MaximumMinimumOptionsT),
    schema.BuiltinOperator.MINIMUM: _with(schema.BuiltinOptions.MaximumMinimumOptions, schema.MaximumMinimumOptionsT),
    schema.BuiltinOperator.GATHER: _with(schema.BuiltinOptions.GatherOptions, schema.GatherOptionsT),
}
_OPERATOR_VERSIONS = {schema.BuiltinOperator.FULLY_CONNECTED: 5}
_WRITERS: Mapping[str, Callable[[_Writer, NodeProto], None]] = {
    "DequantizeLinear": _Writer.dequantize,
    "QuantizeLinear": _Writer.quantize,
    "Gemm": _Writer.gemm,
    "Split": _Writer.split,
    "Concat": _Writer.concat,
    "Clip": _Writer.clip,
    "Cast": _Writer.cast,
    "Gather": _Writer.gather,
    **dict.fromkeys(_PLAIN, _Writer.plain),
}
