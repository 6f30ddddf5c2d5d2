"""The sample batches of hundreds of messages, read at once into the same columns: the checks of `protocol.batches`, a twentieth of the time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocol.batches import LAST_ABSENCE, LATEST, VALUE_CODES, batch_from
from protocol.cbor import load_map
from protocol.errors import Malformed
from protocol.layouts import Layout, learn
from protocol.metrics import METRICS, Absence
from protocol.typed_arrays import typed_array

MOST_LAYOUTS = 1000
_KINDS = {"wearable": "u1", "metric": "<u2", "at": "<i8", "value": "<f8", "absence": "u1", "record": "<i8"}
COLUMN_TAGS = {name: typed_array(np.zeros(1, kind)).tag for name, kind in _KINDS.items()}
_IS_VALUE = np.zeros(1 << 16, dtype=np.bool_)
_LOW, _HIGH = np.zeros(1 << 16), np.zeros(1 << 16)
for _code in VALUE_CODES.tolist():
    _IS_VALUE[_code], _LOW[_code], _HIGH[_code] = True, METRICS[_code].low, METRICS[_code].high


class Rows(NamedTuple):
    """Where one body's readings are among joined ones. number: its place among the bodies. wearables: ids of 16 bytes that it lists."""

    number: int
    wearables: tuple[bytes, ...]


class ClockRow(NamedTuple):
    """A clock's evidence as `ClockEvidence` has it; number: the place of its body; wearable: 16 bytes."""

    number: int
    wearable: bytes
    at: int
    offset_ms: float
    drift_ppm: float
    uncertainty_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class JoinedBatches:
    """The readings of many bodies as columns of shape (n,), each body's together and in order; those of unfit bodies are not in them.

    number: int32, the place of each reading's body. wearable: uint8, place among that body's wearables. The other columns are those of
    `SampleBatch`. bodies: a body each, None for an unfit one; unfit: number -> why.
    """

    number: NDArray[np.int32]
    wearable: NDArray[np.uint8]
    metric: NDArray[np.uint16]
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    absence: NDArray[np.uint8]
    record: NDArray[np.int64]
    bodies: list[Rows | None]
    clocks: list[ClockRow]
    unfit: dict[int, str]

    def __len__(self) -> int:
        return len(self.at)


@dataclass(slots=True)
class _Gathering:
    """What has been read so far. columns: by name, pieces; number: the body of each reading, in pieces; listed: wearables of that body."""

    bodies: list[Rows | None]
    number: list[NDArray[np.int32]] = field(default_factory=list[NDArray[np.int32]])
    listed: list[NDArray[np.int32]] = field(default_factory=list[NDArray[np.int32]])
    columns: dict[str, list[NDArray[Any]]] = field(default_factory=lambda: {name: [] for name in _KINDS})
    clocks: list[ClockRow] = field(default_factory=list[ClockRow])
    unfit: dict[int, str] = field(default_factory=dict[int, str])


class BatchReader:
    """Reads bodies of class vital. It remembers the layouts that it has met."""

    def __init__(self) -> None:
        self._layouts: dict[int, list[Layout]] = {}
        self._known = 0

    def join(self, bodies: Sequence[bytes]) -> JoinedBatches:
        """Read bodies at once. A body that `batch_from` would refuse is unfit, for the same reason."""
        gathering = _Gathering([None] * len(bodies))
        alike: defaultdict[int, list[int]] = defaultdict(list)
        for number, body in enumerate(bodies):
            alike[len(body)].append(number)
        for length, numbers in alike.items():
            self._read(gathering, bodies, length, np.array(numbers, dtype=np.int32))
        return _checked(gathering, bodies)

    def _read(self, gathering: _Gathering, bodies: Sequence[bytes], length: int, numbers: NDArray[np.int32]) -> None:
        """Read bodies of one length, first by the layouts that are known, then by those that are met."""
        raw = np.frombuffer(b"".join(bodies[int(number)] for number in numbers), dtype=np.uint8).reshape(len(numbers), length)
        known = self._layouts.setdefault(length, [])
        place = 0
        while len(numbers):
            if place == len(known):
                layout = learn(bodies[int(numbers[0])], COLUMN_TAGS)
                if layout is None or self._known == MOST_LAYOUTS or not _fits(layout):
                    _read_alone(gathering, int(numbers[0]), bodies[int(numbers[0])])
                    raw, numbers = raw[1:], numbers[1:]
                    continue
                known.append(layout)
                self._known += 1
            layout = known[place]
            place += 1
            of_it = layout.of(raw)
            if of_it.any():
                _read_alike(gathering, layout, raw[of_it], numbers[of_it])
                raw, numbers = raw[~of_it], numbers[~of_it]


def _fits(layout: Layout) -> bool:
    """Say whether all columns have as many readings."""
    counts = {(end - start) / np.dtype(_KINDS[name]).itemsize for name, (start, end) in layout.columns.items()}
    return len(counts) == 1


def _read_alike(gathering: _Gathering, layout: Layout, raw: NDArray[np.uint8], numbers: NDArray[np.int32]) -> None:
    start, end = layout.columns["absence"]
    gathering.number.append(np.repeat(numbers, end - start))
    gathering.listed.append(np.full(len(numbers) * (end - start), len(layout.wearables), dtype=np.int32))
    for name, (start, end) in layout.columns.items():
        gathering.columns[name].append(_column(raw, start, end - start, _KINDS[name]).ravel())
    ids = [raw[:, start : start + 16].tobytes() for start in layout.wearables]
    for place, number in enumerate(numbers.tolist()):
        gathering.bodies[number] = Rows(number, tuple([each[16 * place : 16 * place + 16] for each in ids]))
    for clock in layout.clocks:
        wearables = raw[:, clock["wearable"] : clock["wearable"] + 16].tobytes()
        at = _column(raw, clock["at"], 8, ">u8").ravel()
        floats = [_column(raw, clock[name], 8, ">f8").ravel() for name in ("offset_ms", "drift_ppm", "uncertainty_ms")]
        good = (at < LATEST) & np.isfinite(floats).all(axis=0) & (floats[2] >= 0)
        for number in numbers[~good].tolist():
            gathering.unfit[number] = ""
        gathering.clocks += [
            ClockRow(number, wearables[16 * place : 16 * place + 16], *evidence)
            for place, (number, *evidence) in enumerate(
                zip(numbers.tolist(), at.tolist(), *(each.tolist() for each in floats), strict=True)
            )
        ]


def _column(raw: NDArray[np.uint8], start: int, width: int, kind: str) -> NDArray[Any]:
    """Return what stands at one place of each body, shape (bodies, width / item size)."""
    return np.ascontiguousarray(raw[:, start : start + width]).view(kind)


def _read_alone(gathering: _Gathering, number: int, body: bytes) -> None:
    try:
        batch = batch_from(load_map(body))
    except Malformed as error:
        gathering.unfit[number] = str(error)
        return
    gathering.bodies[number] = Rows(number, tuple(wearable.bytes for wearable in batch.wearables))
    gathering.number.append(np.full(len(batch), number, dtype=np.int32))
    gathering.listed.append(np.full(len(batch), len(batch.wearables), dtype=np.int32))
    for name, pieces in gathering.columns.items():
        pieces.append(getattr(batch, name))
    gathering.clocks += [
        ClockRow(number, clock.wearable.bytes, clock.at, clock.offset_ms, clock.drift_ppm, clock.uncertainty_ms) for clock in batch.clocks
    ]


def _checked(gathering: _Gathering, bodies: Sequence[bytes]) -> JoinedBatches:
    """Join the pieces, without the bodies that `batch_from` refuses."""
    columns = {name: _joined(pieces, _KINDS[name]) for name, pieces in gathering.columns.items()}
    numbers = _joined(gathering.number, "i4")
    wrong = _wrong(_joined(gathering.listed, "i4"), columns)
    refused = set(gathering.unfit)
    if wrong.any():
        refused |= set(np.unique(numbers[wrong]).tolist())
    if refused:
        for number in refused:
            gathering.bodies[number] = None
            gathering.unfit[number] = gathering.unfit.get(number) or _why(bodies[number])
        keep = ~np.isin(numbers, list(refused))
        numbers, columns = numbers[keep], {name: column[keep] for name, column in columns.items()}
        gathering.clocks = [clock for clock in gathering.clocks if clock.number not in refused]
    return JoinedBatches(numbers, **columns, bodies=gathering.bodies, clocks=gathering.clocks, unfit=gathering.unfit)


def _joined(pieces: Iterable[NDArray[Any]], kind: str) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *pieces])


def _wrong(listed: NDArray[np.int32], columns: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Say which readings `batch_from` would refuse. listed: how many wearables each reading's body lists."""
    metric, at, value, absence = columns["metric"], columns["at"], columns["value"], columns["absence"]
    in_range = (value >= _LOW[metric]) & (value <= _HIGH[metric])
    right: NDArray[np.bool_] = (columns["wearable"] < listed) & _IS_VALUE[metric] & (at >= 0) & (at < LATEST) & (absence <= LAST_ABSENCE)
    return ~(right & np.where(absence == Absence.PRESENT, in_range, np.isnan(value)))


def _why(body: bytes) -> str:
    try:
        batch_from(load_map(body))
    except Malformed as error:
        return str(error)
    raise AssertionError("a body is refused among others and accepted alone")


NOTHING_JOINED = BatchReader().join(())
