"""Waveform pieces join where they continue each other, and nowhere else."""

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from protocol.samples import WaveformPiece, joined

PATCH = UUID(int=1)


def piece(first: int, n: int, rate_hz: float = 125.0) -> WaveformPiece:
    return WaveformPiece(PATCH, 20, first * 8, rate_hz, 0.005, first, np.arange(first, first + n, dtype=np.int16))


@given(st.permutations(range(6)))
def test_pieces_join_in_any_order_of_arrival(order: list[int]) -> None:
    (whole,) = joined([piece(25 * k, 25) for k in order])
    assert whole.first_sample == 0
    assert whole.samples.tolist() == list(range(150))


def test_a_missing_piece_or_another_rate_is_not_bridged() -> None:
    assert [len(p.samples) for p in joined([piece(0, 25), piece(50, 25), piece(75, 25, 250.0)])] == [25, 25, 25]
