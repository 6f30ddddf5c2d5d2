"""The journal of what went on the air, one JSON line a record: what a demonstration compares with the stored rows."""

import json
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from simulators.record_memory import Remembered


class ProducedJournal:
    """Lines {"wearable", "session", "sequence", "on_air", "values": {metric: count}} and, for a waveform piece, "metric", "samples", "first_sample".

    on_air: wall clock, Unix seconds, when the record was first sent; a record sent again has no second line.
    """

    def __init__(self, path: Path) -> None:
        self._file: TextIOWrapper = path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def on_air(self, wearable: UUID, session: int, remembered: Remembered, at_s: float) -> None:
        """Note a record's first sending; it is on disk after the next `flush`."""
        measured = remembered.measured
        line: dict[str, object] = {
            "wearable": str(wearable),
            "session": session,
            "sequence": remembered.sequence,
            "on_air": round(at_s, 6),
            "values": measured.values,
            "samples": measured.samples,
            "first_sample": measured.first_sample,
        }
        if measured.metric is not None:
            line["metric"] = measured.metric
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def flush(self) -> None:
        """Hand everything noted to the operating system."""
        self._file.flush()
