"""The journal says of each record when it was first on the air and what it held."""

import json
from uuid import UUID

from simulators.produced import ProducedJournal
from simulators.record_memory import Remembered
from simulators.sensors import Measured


def test_a_line_a_record(tmp_path):
    path = tmp_path / "produced.jsonl"
    with ProducedJournal(path) as journal:
        journal.on_air(UUID(int=1), 7, Remembered(0, 1000, Measured(0x2A37, b"", {"heart_rate": 1, "rr_interval": 2})), 12.5)
        journal.on_air(UUID(int=1), 7, Remembered(1, 1100, Measured(0x0101, b"", metric="ecg", samples=36, first_sample=72)), 12.6)
        journal.flush()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    head = {"wearable": str(UUID(int=1)), "session": 7}
    assert lines == [
        {**head, "sequence": 0, "on_air": 12.5, "values": {"heart_rate": 1, "rr_interval": 2}, "samples": 0, "first_sample": 0},
        {**head, "sequence": 1, "on_air": 12.6, "values": {}, "samples": 36, "first_sample": 72, "metric": "ecg"},
    ]
