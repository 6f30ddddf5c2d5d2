"""Columns of numbers in CBOR: numpy arrays as the little-endian typed arrays of RFC 8746."""

from typing import Any, TypeVar

import cbor2
import numpy as np
from numpy.typing import NDArray

from protocol.errors import Malformed

Number = TypeVar("Number", bound=np.generic)

_TAG_OF = {"|u1": 64, "<u2": 69, "<u4": 70, "<u8": 71, "|i1": 72, "<i2": 77, "<i4": 78, "<i8": 79, "<f4": 85, "<f8": 86}


def typed_array(column: NDArray[Any]) -> cbor2.CBORTag:
    """Return a one-dimensional array as its RFC 8746 tag and bytes; the dtype must be one of the ten of the table."""
    little = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
    return cbor2.CBORTag(_TAG_OF[little.dtype.str], little.tobytes())


def column_of(value: object, dtype: type[Number], length: int | None = None) -> NDArray[Number]:
    """Read a typed array back as `dtype`, read-only, of `length` if that is given.

    Raises:
        Malformed: not a typed array of this type and length.
    """
    wanted = np.dtype(dtype).newbyteorder("<")
    if not isinstance(value, cbor2.CBORTag) or value.tag != _TAG_OF[wanted.str] or not isinstance(value.value, bytes):
        raise Malformed(f"a column is not a typed array of {wanted.name}")
    if len(value.value) % wanted.itemsize:
        raise Malformed(f"a column of {wanted.name} ends in the middle of a number")
    column: NDArray[Number] = np.frombuffer(value.value, dtype=wanted)
    if length is not None and len(column) != length:
        raise Malformed(f"a column has {len(column)} numbers where {length} were said")
    return column
