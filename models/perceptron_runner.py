"""A small quantized perceptron in ONNX form, evaluated by numpy: the answers of ONNX Runtime to the last bit, without its 50 MB.

It knows the operators that `models.quantization` leaves in such a network, and no others. Sums of integers are exact, and a sum becomes
the next layer's integer as ONNX Runtime makes it: times one float32 factor, rounded to even, cut to 8 bits.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.catalogue import ModelRefused

Array = NDArray[Any]

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_DTYPES = {1: np.dtype("<f4"), 3: np.dtype("i1"), 6: np.dtype("<i4"), 7: np.dtype("<i8")}
"""TensorProto.DataType: float, int8, int32, int64."""


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Scaled:
    """What DequantizeLinear makes, and sums of it, as integers: value = scale * whole. scale: one, or one a column."""

    whole: Array
    scale: Array


class PerceptronRunner:
    """One opened network. See `models.runner.Runner`."""

    def __init__(self, artefact: bytes) -> None:
        """Open the network held in `artefact`.

        Raises:
            ModelRefused: not ONNX, or it has other operators, or not one input and one output.
        """
        try:
            graph = next(_held(artefact, 7))
            self._nodes = [_node(each) for each in _held(graph, 1)]
            self._tensors = dict(_tensor(each) for each in _held(graph, 5))
            names = [[bytes(next(_held(each, 1))).decode() for each in _held(graph, field)] for field in (11, 12)]
        except (StopIteration, ValueError, KeyError, IndexError, OverflowError) as error:
            raise ModelRefused(f"the artefact is not a network in ONNX form: {type(error).__name__}") from error
        unknown = sorted({node.kind for node in self._nodes} - _OPERATORS.keys())
        if unknown:
            raise ModelRefused(f"the network has operators that only a runtime knows: {', '.join(unknown)}")
        if [len(each) for each in names] != [1, 1]:
            raise ModelRefused(f"the network has {len(names[0])} inputs and {len(names[1])} outputs, not one of each")
        self._input, self._output = names[0][0], names[1][0]

    def run(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Evaluate a batch, shape (n, f) -> (n, outputs)."""
        known: dict[str, Any] = {**self._tensors, self._input: features}
        for node in self._nodes:
            known.update(zip(node.outputs, _OPERATORS[node.kind](*(known[name] for name in node.inputs)), strict=True))
        return np.asarray(known[self._output], dtype=np.float32)


def _dequantize(whole: Array, scale: Array, zero: Array) -> _Scaled:
    """As integers about zero. A weight's scale is one a row of (outputs, inputs), which Gemm makes one a column."""
    off = zero if whole.ndim < 2 or zero.ndim == 0 else zero[:, None]
    return _Scaled(whole.astype(np.float64) - off, scale)


def _gemm(a: _Scaled | Array, b: _Scaled | Array, bias: _Scaled | Array) -> _Scaled | Array:
    """A @ b.T + bias: exact, since all of it is integers, or float32 numbers that are."""
    if isinstance(a, _Scaled) and isinstance(b, _Scaled) and isinstance(bias, _Scaled):
        return _Scaled(a.whole @ b.whole.T + bias.whole, a.scale * b.scale)
    left, right, added = (each.whole * each.scale if isinstance(each, _Scaled) else each.astype(np.float64) for each in (a, b, bias))
    return (left @ right.T + added).astype(np.float32)


def _quantize(value: _Scaled | Array, scale: Array, zero: Array) -> Array:
    steps = value.whole.astype(np.float32) * (value.scale / scale) if isinstance(value, _Scaled) else value / scale
    return np.clip(np.rint(steps) + zero, -128, 127).astype(np.int8)


def _split(x: Array, sizes: Array) -> tuple[Array, ...]:
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis=1))


def _concat(*parts: Array) -> Array:
    return np.concatenate(parts, axis=1)


def _sub(a: Array, b: Array) -> Array:
    return np.asarray(a - b)


def _div(a: Array, b: Array) -> Array:
    return np.asarray(a / b)


def _mul(a: Array, b: Array) -> Array:
    return np.asarray(a * b)


def _add(a: Array, b: Array) -> Array:
    return np.asarray(a + b)


def _relu(x: Array) -> Array:
    return np.maximum(x, np.float32(0))


def _round(x: Array) -> Array:
    return np.rint(x)


def _clip(x: Array, low: Array, high: Array) -> Array:
    return np.clip(x, low, high)


def _cast(x: Array) -> Array:
    return x.astype(np.int64)


def _gather(table: Array, places: Array) -> Array:
    return np.asarray(table[places])


def _one(operator: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """Return an operator of one output as one of a tuple."""
    return lambda *inputs: (operator(*inputs),)


_OPERATORS: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "Split": _split,
    "DequantizeLinear": _one(_dequantize),
    "QuantizeLinear": _one(_quantize),
    "Gemm": _one(_gemm),
    "Concat": _one(_concat),
    "Sub": _one(_sub),
    "Div": _one(_div),
    "Mul": _one(_mul),
    "Add": _one(_add),
    "Clip": _one(_clip),
    "Relu": _one(_relu),
    "Round": _one(_round),
    "Cast": _one(_cast),
    "Gather": _one(_gather),
}


def _node(data: memoryview) -> _Node:
    texts = [tuple(bytes(each).decode() for each in _held(data, field)) for field in (4, 1, 2)]
    return _Node(texts[0][0], texts[1], texts[2])


def _tensor(data: memoryview) -> tuple[str, Array]:
    """Read a TensorProto: its numbers lie raw, or one by one in the field of their type."""
    shape, kind, floats, whole, name, raw = list[int](), 0, b"", list[int](), "", b""
    for field, wire, value in _fields(data):
        match field, wire:
            case 1, _:
                shape += _numbers(wire, value)
            case 2, _:
                [kind] = _numbers(wire, value)
            case 4, _:
                floats += bytes(value)
            case ((5 | 7), _):
                whole += _numbers(wire, value)
            case 8, _:
                name = bytes(value).decode()
            case 9, _:
                raw = bytes(value)
            case _:
                pass
    dtype = _DTYPES[kind]
    flat = np.frombuffer(raw or floats, dtype) if raw or floats else np.array(whole, dtype)
    return name, flat.reshape(shape)


def _held(data: bytes | memoryview, wanted: int) -> Iterator[memoryview]:
    """Yield the messages (or texts) of a field."""
    for field, wire, value in _fields(data):
        if field == wanted and wire == _LENGTH:
            yield value


def _numbers(wire: int, value: memoryview) -> list[int]:
    """Return a field's whole numbers, one of them or packed; negative ones are of 64 bits."""
    if wire != _LENGTH:
        return [int.from_bytes(value, "little", signed=True)]
    found, at = list[int](), 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(number)
    return found


def _fields(data: bytes | memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Yield (field, wire type, value) of a message of Protocol Buffers.

    Raises:
        ValueError, IndexError: it is none.
    """
    view, at = memoryview(data), 0
    while at < len(view):
        key, at = _varint(view, at)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            number, at = _varint(view, at)
            yield field, wire, memoryview(number.to_bytes(8, "little", signed=True))
            continue
        if wire == _LENGTH:
            size, at = _varint(view, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if size < 0 or at + size > len(view):
            raise ValueError("a field that ends after its message")
        yield field, wire, view[at : at + size]
        at += size


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            break
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value, at
