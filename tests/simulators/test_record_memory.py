"""A wearable's memory numbers without gaps, forgets what is kept, and loses the oldest when it is full."""

import pytest

from simulators.record_memory import RecordMemory
from simulators.sensors import Measured

MEASURED = Measured(0x2A37, b"\x00\x48")


def filled(count: int, most: int = 100) -> RecordMemory:
    memory = RecordMemory(most)
    for i in range(count):
        memory.remember(i * 1000, MEASURED)
    return memory


def test_records_are_numbered_from_nought():
    memory = filled(5)
    assert [memory.recall(i).ticks_ms for i in range(5)] == [0, 1000, 2000, 3000, 4000]
    assert (memory.oldest, memory.next) == (0, 5)


def test_what_is_kept_is_forgotten_and_numbering_goes_on():
    memory = filled(5)
    memory.forget(3)
    assert (memory.oldest, memory.next) == (4, 5)
    memory.forget(100)
    assert (memory.oldest, memory.next) == (5, 5)
    memory.remember(1, MEASURED)
    assert memory.recall(5).sequence == 5


def test_a_full_memory_loses_its_oldest():
    memory = filled(12, most=10)
    assert (memory.oldest, memory.next) == (2, 12)


@pytest.mark.parametrize("sequence", [-1, 1, 12])
def test_what_is_not_remembered_cannot_be_recalled(sequence):
    with pytest.raises(IndexError):
        filled(12, most=10).recall(sequence)
