"""A cursor over the bytes of one characteristic value: every read is checked, and what is left over is seen."""

from protocol.errors import Malformed


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
