"""What a screen draws."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.traces import Point, Strip, from_ms, latest_value, series_of, to_ms, waveform_of
from protocol.waveform import ENCODING, encode_samples

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def strip(count: int, rate_hz: float, at: datetime = NOON) -> Strip:
    return Strip(20, at, rate_hz, 0.5, count, ENCODING, encode_samples(np.arange(count, dtype=np.int16)))


@given(st.integers(0, 1 << 42))
def test_milliseconds_go_there_and_back(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_points_of_any_order_become_one_series_a_metric() -> None:
    second = timedelta(seconds=1)
    points = [Point(3, NOON, 97.0), Point(1, NOON + second, 61.0), Point(1, NOON, None)]
    heart_rate, spo2 = series_of(points)
    assert (heart_rate.metric, heart_rate.value) == ("heart_rate", [None, 61.0])
    assert (spo2.metric, spo2.value, spo2.unit) == ("spo2", [97.0], "%")


@given(count=st.integers(1, 60), rate=st.sampled_from([1.0, 7.0, 125.0, 250.0]), since=st.integers(-500, 700), length=st.integers(1, 900))
def test_a_strip_is_cut_exactly_to_the_window(count: int, rate: float, since: int, length: int) -> None:
    start, end = NOON + timedelta(milliseconds=since), NOON + timedelta(milliseconds=since + length)
    step = timedelta(seconds=1) / rate
    inside = [n for n in range(count) if start <= NOON + n * step < end]
    cut = waveform_of(strip(count, rate), start, end)
    if not inside:
        assert cut is None
    else:
        assert cut is not None
        assert cut.values == [n * 0.5 for n in inside]
        assert cut.at == to_ms(NOON + inside[0] * step)


def test_a_strip_that_cannot_be_unpacked_is_left_out() -> None:
    assert waveform_of(Strip(20, NOON, 125, 1, 10, ENCODING, b"garbage")) is None
    assert waveform_of(Strip(20, NOON, 125, 1, 10, "unknown", b"")) is None


def test_the_latest_value_says_why_there_is_none() -> None:
    assert latest_value(5, NOON, None, 6).absence == "off_body"
    said = latest_value(5, NOON, 36.6, None)
    assert (said.value, said.decimals, said.absence) == (pytest.approx(36.6), 1, None)
