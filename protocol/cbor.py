"""Reading CBOR maps that a stranger may have written: every look-up says what was missing or of the wrong type."""

from collections.abc import Mapping
from typing import TypeVar, cast
from uuid import UUID

import cbor2

from protocol.errors import Malformed

Kind = TypeVar("Kind")


def load_map(data: bytes) -> Mapping[str, object]:
    """Decode one CBOR map with nothing behind it.

    Raises:
        Malformed: not CBOR, not a map, or bytes left over.
    """
    try:
        value: object = cbor2.loads(data)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed(f"not CBOR: {error}") from error
    if not isinstance(value, dict):
        raise Malformed(f"a body is a {type(value).__name__}, not a map")
    return cast("Mapping[str, object]", value)


def field(of: Mapping[str, object], name: str, kind: type[Kind]) -> Kind:
    """Return a field of this very type (a bool is no int).

    Raises:
        Malformed: absent or of another type.
    """
    value = of.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Malformed(f"field {name!r} is {type(value).__name__}, not {kind.__name__}")
    return value


def uuid_of(value: object, name: str) -> UUID:
    """Read 16 bytes as an id.

    Raises:
        Malformed: not 16 bytes.
    """
    if not isinstance(value, bytes) or len(value) != 16:
        raise Malformed(f"field {name!r} is not an id of 16 bytes")
    return UUID(bytes=value)


def maps(of: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """Return a field that is a list of maps.

    Raises:
        Malformed: it is not.
    """
    items = cast("list[object]", field(of, name, list))
    if not all(isinstance(item, dict) for item in items):
        raise Malformed(f"field {name!r} is not a list of maps")
    return cast("list[Mapping[str, object]]", items)
