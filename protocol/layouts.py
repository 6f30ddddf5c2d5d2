"""Where the columns stand in bodies of sample batches that look alike.

A gateway writes bodies of one shape again and again: the same keys, as many wearables, readings and clocks. Such bodies differ only in
what the columns hold. A layout, learned from one body, says where that is; whatever has the same length and the same bytes everywhere
else is then read without decoding any CBOR.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
_FLOAT64 = 0xFB
_UINT64 = 0x1B
CLOCK_FIELDS = ("wearable", "at", "offset_ms", "drift_ppm", "uncertainty_ms")


class _Unlike(Exception):
    """A body is not of the form that `batch_map` writes."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One shape. columns: name -> (start, end). wearables: where each id of 16 bytes starts. clocks: where each field of each clock does.

    places, fixed: shape (m,): the bytes outside of these, and what stands there.
    """

    length: int
    columns: Mapping[str, tuple[int, int]]
    wearables: tuple[int, ...]
    clocks: tuple[Mapping[str, int], ...]
    places: NDArray[np.intp]
    fixed: NDArray[np.uint8]

    def of(self, bodies: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Say which bodies, shape (n, length), are of this shape."""
        return (bodies[:, self.places] == self.fixed).all(axis=1)


def learn(body: bytes, tags: Mapping[str, int]) -> Layout | None:
    """Return the layout of a body whose columns are the typed arrays of `tags`; None when it is of another form, or none at all."""
    walk = _Walk(body, tags)
    try:
        walk.batch()
    except (_Unlike, IndexError):
        return None
    outside = np.ones(len(body), dtype=np.bool_)
    for start, end in walk.spans:
        outside[start:end] = False
    places = np.flatnonzero(outside)
    fixed = np.frombuffer(body, dtype=np.uint8)[places]
    return Layout(len(body), walk.columns, tuple(walk.wearables), tuple(walk.clocks), places, fixed)


@dataclass(slots=True)
class _Walk:
    """Walks a body once, from its first byte to its last."""

    body: bytes
    tags: Mapping[str, int]
    place: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    columns: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    wearables: list[int] = field(default_factory=list[int])
    clocks: list[dict[str, int]] = field(default_factory=list[dict[str, int]])

    def batch(self) -> None:
        seen: set[str] = set()
        for _ in range(self._head(_MAP)):
            name = self._text()
            seen.add(name)
            if name in self.tags:
                if self._head(_TAG) != self.tags[name]:
                    raise _Unlike
                self.columns[name] = self._span(self._head(_BYTES))
            elif name == "wearables":
                self.wearables = [self._id() for _ in range(self._head(_ARRAY))]
            elif name == "clocks":
                self.clocks = [self._clock() for _ in range(self._head(_ARRAY))]
            else:
                raise _Unlike
        if self.place != len(self.body) or len(seen) != len(self.tags) + 2:
            raise _Unlike

    def _clock(self) -> dict[str, int]:
        clock: dict[str, int] = {}
        for _ in range(self._head(_MAP)):
            name = self._text()
            if name == "wearable":
                clock[name] = self._id()
            else:
                clock[name] = self._number(_UINT64 if name == "at" else _FLOAT64)
        if set(clock) != set(CLOCK_FIELDS):
            raise _Unlike
        return clock

    def _id(self) -> int:
        if self._head(_BYTES) != 16:
            raise _Unlike
        return self._span(16)[0]

    def _number(self, initial: int) -> int:
        if self.body[self.place] != initial:
            raise _Unlike
        self.place += 1
        return self._span(8)[0]

    def _text(self) -> str:
        end = self._head(_TEXT) + self.place
        name, self.place = self.body[self.place : end].decode("utf-8", "replace"), end
        return name

    def _span(self, length: int) -> tuple[int, int]:
        span = (self.place, self.place + length)
        self.spans.append(span)
        self.place += length
        if self.place > len(self.body):
            raise _Unlike
        return span

    def _head(self, major: int) -> int:
        """Read an item's head; return its argument."""
        initial = self.body[self.place]
        self.place += 1
        short = initial & 0x1F
        if initial >> 5 != major or short > 27:
            raise _Unlike
        if short < 24:
            return short
        size = 1 << (short - 24)
        argument = int.from_bytes(self.body[self.place : self.place + size])
        self.place += size
        return argument
