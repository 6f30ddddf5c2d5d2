"""Our biosignal service: waveforms and respiratory rates come back, any bytes are one or malformed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles.biosignal import (
    RespiratoryRate,
    WaveformValue,
    parse_respiratory_rate,
    parse_waveform,
    serialise_respiratory_rate,
    serialise_waveform,
)
from protocol.errors import Malformed

SAMPLES = st.lists(st.integers(-32768, 32767), min_size=1, max_size=100).map(lambda values: np.array(values, dtype=np.int16))


@given(
    st.sampled_from([20, 21, 22]), st.sampled_from([125.0, 360.0, 0.5]), st.sampled_from([0.005, 1.0]), st.integers(0, 2**32 - 1), SAMPLES
)
def test_a_waveform_comes_back(metric, rate_hz, gain, first_sample, samples):
    value = parse_waveform(serialise_waveform(WaveformValue(metric, rate_hz, gain, first_sample, samples)))
    assert (value.metric, value.rate_hz, value.first_sample) == (metric, rate_hz, first_sample)
    assert value.gain == pytest.approx(gain, rel=1e-6)
    assert np.array_equal(value.samples, samples)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_waveform_or_malformed(data):
    try:
        assert len(parse_waveform(data).samples) > 0
    except Malformed:
        return


def test_what_is_no_waveform_is_malformed():
    good = WaveformValue(20, 125.0, 0.005, 0, np.array([1], dtype=np.int16))
    for wrong in (
        WaveformValue(1, 125.0, 0.005, 0, good.samples),
        WaveformValue(20, 0.0, 0.005, 0, good.samples),
        WaveformValue(20, 125.0, -1.0, 0, good.samples),
        WaveformValue(20, 125.0, 0.005, 1 << 32, good.samples),
        WaveformValue(20, 125.0, 0.005, 0, good.samples[:0]),
    ):
        with pytest.raises(Malformed):
            serialise_waveform(wrong)
    written = serialise_waveform(good)
    for cut in (written[:-1], written[:-2], written + b"\x00"):
        with pytest.raises(Malformed):
            parse_waveform(cut)


@given(st.none() | st.integers(0, 255))
def test_a_respiratory_rate_comes_back(breaths):
    assert parse_respiratory_rate(serialise_respiratory_rate(RespiratoryRate(breaths))) == RespiratoryRate(breaths)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x0f\x00"])
def test_a_respiratory_rate_has_two_bytes(data):
    with pytest.raises(Malformed):
        parse_respiratory_rate(data)


def test_more_breaths_than_a_byte_holds_are_not_written():
    with pytest.raises(Malformed):
        serialise_respiratory_rate(RespiratoryRate(256))
