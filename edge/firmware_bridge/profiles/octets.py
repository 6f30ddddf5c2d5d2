"""The bytes of one characteristic value: a cursor whose every read is checked, and unsigned numbers that fit their fields."""

from protocol.errors import Malformed


def written(number: int, octets: int, field: str, most: int | None = None) -> bytes:
    """Return an unsigned number as `octets` bytes, little-endian.

    Raises:
        Malformed: the field has no room for it, or it is above `most`.
    """
    greatest = (1 << 8 * octets) - 1 if most is None else most
    if not 0 <= number <= greatest:
        raise Malformed(f"{field} {number} is not between 0 and {greatest}")
    return number.to_bytes(octets, "little")


class Octets:
    """Take fields off the front of `data`, little-endian; `what` names the value in error messages."""

    def __init__(self, what: str, data: bytes) -> None:
        self._what = what
        self._data = data
        self._at = 0

    def take(self, count: int, field: str) -> bytes:
        """Return the next `count` bytes.

        Raises:
            Malformed: fewer are left.
        """
        piece = self._data[self._at : self._at + count]
        if len(piece) != count:
            raise Malformed(f"{self._what} ends within {field}: {count} bytes wanted at {self._at}, {len(piece)} there")
        self._at += count
        return piece

    def unsigned(self, count: int, field: str) -> int:
        """Return the next `count` bytes as an unsigned integer.

        Raises:
            Malformed: fewer are left.
        """
        return int.from_bytes(self.take(count, field), "little")

    def rest(self) -> bytes:
        """Return everything that is left."""
        piece = self._data[self._at :]
        self._at = len(self._data)
        return piece

    def end(self) -> None:
        """Require that nothing is left.

        Raises:
            Malformed: something is.
        """
        if left := len(self._data) - self._at:
            raise Malformed(f"{self._what} has {left} bytes more than its flags say")
