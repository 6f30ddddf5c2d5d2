"""What was packed comes back, in the form of today and in the first one, which still lies stored."""

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protocol.errors import Malformed
from protocol.waveform import ENCODING, FIRST_ENCODING, decode_samples, encode_samples

SAMPLES = st.lists(st.integers(-32768, 32767), min_size=1, max_size=300).map(lambda values: np.array(values, dtype=np.int16))


def first_form(samples: NDArray[np.int16]) -> bytes:
    deltas = np.diff(samples, prepend=np.zeros(1, dtype=np.int16)).astype(np.int16)
    zigzag = ((deltas << 1) ^ (deltas >> 15)).astype("<u2")
    return zstandard.ZstdCompressor().compress(np.ascontiguousarray(zigzag.view(np.uint8).reshape(-1, 2).T).tobytes())


@given(SAMPLES)
def test_samples_come_back_from_both_forms(samples: NDArray[np.int16]) -> None:
    assert np.array_equal(decode_samples(ENCODING, encode_samples(samples), len(samples)), samples)
    assert np.array_equal(decode_samples(FIRST_ENCODING, first_form(samples), len(samples)), samples)


def test_another_form_is_refused() -> None:
    with pytest.raises(Malformed, match="is not"):
        decode_samples("raw", b"", 1)
