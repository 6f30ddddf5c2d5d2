"""The simulators' journal is read while it is being written."""

from pathlib import Path

from deploy.local import journal

LINE = '{"wearable": "w", "session": 3, "sequence": 7, "on_air": 12.5, "values": {"heart_rate": 1}, "samples": 0, "first_sample": 0}\n'


def test_a_half_written_line_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "produced.jsonl"
    assert journal.read(path) == []
    path.write_text(LINE + LINE[:20])
    assert journal.read(path) == [journal.Produced("w", (3 << 32) | 7, 12.5, {"heart_rate": 1})]
    assert journal.read(path)[0].session == 3
