"""Whether this machine's clock is synchronised is what the kernel says, and nothing else."""

import ctypes

import pytest

from edge.gateway import own_clock


class Kernel:
    def __init__(self, state: int) -> None:
        self.state = state
        self.asked: list[bytes] = []

    def adjtimex(self, buffer: ctypes.Array[ctypes.c_char]) -> int:
        self.asked.append(buffer.raw)
        return self.state


@pytest.mark.parametrize(("state", "synchronised"), [(0, True), (1, True), (4, True), (5, False), (-1, False)])
def test_a_clock_in_error_or_of_a_silent_kernel_is_not_synchronised(
    monkeypatch: pytest.MonkeyPatch,
    state: int,
    synchronised: bool,  # noqa: FBT001
) -> None:
    kernel = Kernel(state)
    monkeypatch.setattr(own_clock, "_LIBC", kernel)
    assert own_clock.synchronised() is synchronised
    assert set(kernel.asked[0]) == {0}, "asked without modes: nothing is changed"


def test_the_kernel_of_this_machine_answers_the_same_twice() -> None:
    assert own_clock.synchronised() is own_clock.synchronised()
