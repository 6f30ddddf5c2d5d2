"""A list keeps every finished line, whoever wrote it and whatever a crash left behind."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioning.durable_list import DurableList, ListBroken, alone


def test_each_reader_goes_on_where_it_stopped(tmp_path: Path) -> None:
    writer, reader = DurableList(tmp_path / "list"), DurableList(tmp_path / "list")
    assert reader.new() == []
    writer.append({"a": "1"})
    assert reader.new() == [{"a": "1"}]
    writer.append({"a": "2"})
    assert (reader.new(), writer.new()) == ([{"a": "2"}], [{"a": "1"}, {"a": "2"}])


def test_a_line_that_a_crash_left_unfinished_is_cut_off(tmp_path: Path) -> None:
    DurableList(tmp_path / "list").append({"a": "1"})
    with (tmp_path / "list").open("ab") as file:
        file.write(b'{"a": "never finis')
    reader = DurableList(tmp_path / "list")
    assert reader.new() == [{"a": "1"}]
    DurableList(tmp_path / "list").append({"a": "2"})
    assert reader.new() == [{"a": "2"}]


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n", b"\xff\n"])
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes) -> None:
    DurableList(tmp_path / "list").append({"a": "1"})
    with (tmp_path / "list").open("ab") as file:
        file.write(line)
    with pytest.raises(ListBroken, match="line 2"):
        DurableList(tmp_path / "list").new()


def test_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: DurableList(tmp_path / "list").append({"a": str(number) * 100}), range(64)))
    assert sorted(line["a"] for line in DurableList(tmp_path / "list").new()) == sorted(str(number) * 100 for number in range(64))


def test_it_is_its_owner_s_alone(tmp_path: Path) -> None:
    DurableList(tmp_path / "list").append({"a": "1"})
    assert (tmp_path / "list").stat().st_mode & 0o777 == 0o600


def test_one_holds_the_lock_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []

    def enter(number: int) -> bool:
        with alone(tmp_path / "lock"):
            inside.append(number)
            alone_here = inside == [number]
            inside.remove(number)
            return alone_here

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(enter, range(200)))
