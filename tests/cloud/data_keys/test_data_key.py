"""A data key opens what it sealed for the very row, and nothing else."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.data_keys.data_key import OVERHEAD_BYTES, WIPED, DataKey, KeyRing, row
from cloud.errors import Destroyed
from protocol.errors import SealBroken

KEY = DataKey(1, 3, b"d" * 32, os.urandom)


@given(st.binary(max_size=2000))
def test_a_row_grows_by_28_bytes_and_comes_back(plain: bytes) -> None:
    sealed = KEY.seal(plain, row("waveform", 7, 1000, 0))
    assert len(sealed) == len(plain) + OVERHEAD_BYTES == len(plain) + 28
    assert KEY.open(sealed, row("waveform", 7, 1000, 0)) == plain
    assert KEY.seal(plain, row("waveform", 7, 1000, 0)) != sealed


def test_a_row_moved_altered_or_under_another_key_does_not_open() -> None:
    here = row("waveform", 7, 1000, 0)
    sealed = KEY.seal(b"samples", here)
    with pytest.raises(SealBroken):
        KEY.open(sealed, row("waveform", 8, 1000, 0))
    with pytest.raises(SealBroken):
        KEY.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), here)
    with pytest.raises(SealBroken):
        DataKey(2, 3, b"e" * 32, os.urandom).open(sealed, here)
    with pytest.raises(SealBroken):
        KEY.open(b"", here)


@given(st.lists(st.one_of(st.binary(max_size=20), st.integers(-(2**63), 2**63 - 1)), max_size=4), st.sampled_from(["finding", "waveform"]))
def test_two_rows_never_share_an_identity(key: list[bytes | int], table: str) -> None:
    assert row(table, *key) != row(table, *key, 0)
    assert row(table, *key, b"") != row(table, *key)
    assert row("finding", *key) != row("waveform", *key)


def test_a_ring_reads_old_rows_in_the_clear_and_says_what_was_destroyed() -> None:
    ring = KeyRing({3: KEY})
    about = row("finding", b"x" * 16)
    assert ring.open(None, b"in the clear", about) == b"in the clear"
    assert ring.open(3, KEY.seal(b"sealed", about), about) == b"sealed"
    for gone in (2, WIPED):
        assert not ring.has(gone)
        with pytest.raises(Destroyed, match="destroyed"):
            ring.open(gone, KEY.seal(b"sealed", about), about)
