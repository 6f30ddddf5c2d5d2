"""The simulators' journals: what was first put on the (virtual) air, when, and how many values of which metric it holds."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Produced:
    """One record of a wearable. wearable: UUID in text; record: (session << 32) | sequence; on_air: wall clock, Unix seconds.

    values: number of values a metric. first_sample, samples: the piece of a waveform it holds, counted from the session's start; waveform: its metric's name.
    """

    wearable: str
    record: int
    on_air: float
    values: dict[str, int]
    first_sample: int = 0
    samples: int = 0
    waveform: str = ""

    @property
    def session(self) -> int:
        """Return the session it was made in."""
        return self.record >> 32


def read(*paths: Path) -> list[Produced]:
    """Return the records in journals; one that is not there yet, and a last line that is still being written, do not count."""
    return [record for path in paths if path.exists() for record in parse(path.read_text().split("\n")[:-1])]


def parse(lines: Iterable[str]) -> Iterator[Produced]:
    """Read whole lines of a journal."""
    for line in lines:
        item = json.loads(line)
        yield Produced(
            wearable=str(item["wearable"]),
            record=(int(item["session"]) << 32) | int(item["sequence"]),
            on_air=float(item["on_air"]),
            values={str(name): int(count) for name, count in item["values"].items()},
            first_sample=int(item.get("first_sample") or 0),
            samples=int(item.get("samples") or 0),
            waveform=str(item.get("metric") or ""),
        )
