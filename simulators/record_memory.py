"""What a wearable remembers: a ring of numbered records, until a gateway has said that it keeps them."""

from collections import deque
from dataclasses import dataclass

from simulators.sensors import Measured

MOST_RECORDS = 20_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """One record. ticks_ms: the wearable's clock when the measurement was complete."""

    sequence: int
    ticks_ms: int
    measured: Measured


class RecordMemory:
    """The records from `oldest` to `next` - 1, without gaps; when it is full, the oldest is forgotten."""

    def __init__(self, most: int = MOST_RECORDS) -> None:
        self._records: deque[Remembered] = deque(maxlen=most)
        self.next = 0

    @property
    def oldest(self) -> int:
        """Sequence of the oldest record still remembered; `next` where there is none."""
        return self.next - len(self._records)

    def remember(self, ticks_ms: int, measured: Measured) -> None:
        """Number a measurement and keep it."""
        self._records.append(Remembered(self.next, ticks_ms, measured))
        self.next += 1

    def recall(self, sequence: int) -> Remembered:
        """Return a record.

        Raises:
            IndexError: it is forgotten, or was never made.
        """
        if not self.oldest <= sequence < self.next:
            raise IndexError(f"record {sequence} is not among {self.oldest}..{self.next - 1}")
        return self._records[sequence - self.oldest]

    def forget(self, sequence: int) -> None:
        """Forget everything up to and including `sequence`."""
        while self._records and self._records[0].sequence <= sequence:
            self._records.popleft()
