"""Columns of numbers and fixed-length bytes as PostgreSQL's binary arrays, packed by numpy: a parameter a column, whatever its length.

The form is that of `array_send` (PostgreSQL's source, src/backend/utils/adt/arrayfuncs.c): dimensions, flags, element type, length, lower
bound, then each element behind its length. Nothing here is null.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct(">iiIii")
_EMPTY = struct.Struct(">iiI")
_POSTGRES_EPOCH_MS = 946_684_800_000  # 2000-01-01 UTC


@dataclass(frozen=True, slots=True)
class PackedArray:
    """A binary array, as a query's parameter. oid: of the array's type."""

    oid: int
    data: bytes


class _PackedArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> bytes:
        return obj.data

    def get_key(self, obj: PackedArray, format: Any) -> Any:  # noqa: A002, ARG002
        return (self.cls, obj.oid)

    def upgrade(self, obj: PackedArray, format: Any) -> Dumper:  # noqa: A002, ARG002
        dumper = _PackedArrayDumper(self.cls)
        dumper.oid = obj.oid
        return dumper


adapters.register_dumper(PackedArray, _PackedArrayDumper)


def _packed(array: int, element: int, values: NDArray[Any]) -> PackedArray:
    if not len(values):
        return PackedArray(array, _EMPTY.pack(0, 0, element))
    items = np.empty(len(values), dtype=[("length", ">i4"), ("value", values.dtype.newbyteorder(">"))])
    items["length"] = values.dtype.itemsize
    items["value"] = values
    return PackedArray(array, _HEAD.pack(1, 0, element, len(values), 1) + items.tobytes())


Fixed = Sequence[bytes] | NDArray[np.void]
"""Values of one width, as bytes or as numpy's void."""


def _fixed(values: Fixed, width: int) -> NDArray[np.void]:
    return values if isinstance(values, np.ndarray) else np.frombuffer(b"".join(values), dtype=f"V{width}")


def uuids(values: Fixed) -> PackedArray:
    """Pack ids of 16 bytes as uuid[]."""
    return _packed(2951, 2950, _fixed(values, 16))


def byteas(values: Fixed, width: int) -> PackedArray:
    """Pack values of one width > 0 as bytea[]."""
    return _packed(1001, 17, _fixed(values, width))


def bigints(values: NDArray[np.int64] | Sequence[int]) -> PackedArray:
    """Pack as int8[]."""
    return _packed(1016, 20, np.asarray(values, dtype=np.int64))


def ints(values: NDArray[np.int32] | Sequence[int]) -> PackedArray:
    """Pack as int4[]."""
    return _packed(1007, 23, np.asarray(values, dtype=np.int32))


def smallints(values: NDArray[np.int16] | Sequence[int]) -> PackedArray:
    """Pack as int2[]."""
    return _packed(1005, 21, np.asarray(values, dtype=np.int16))


def floats(values: NDArray[np.float64] | Sequence[float]) -> PackedArray:
    """Pack as float8[]."""
    return _packed(1022, 701, np.asarray(values, dtype=np.float64))


def postgres_microseconds(ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ms UTC since 1970 as PostgreSQL's own count: microseconds since 2000-01-01 UTC."""
    return (ms - _POSTGRES_EPOCH_MS) * 1000


def moments(ms: NDArray[np.int64] | Sequence[int]) -> PackedArray:
    """Pack ms UTC since 1970 as timestamptz[]."""
    return _packed(1185, 1184, postgres_microseconds(np.asarray(ms, dtype=np.int64)))
