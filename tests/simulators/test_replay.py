"""A recording is lived again, round and round, and time goes on."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.metrics import ECG, HEART_RATE, RR_INTERVAL, SPO2
from simulators.body import Channel
from simulators.replay import Replay, Trace

LENGTH_S = 10.0
BEATS = np.array([0.5, 1.5, 2.4, 3.6, 4.5, 5.5, 6.4, 7.5, 8.5, 9.3])
TRACE = Trace(Channel(ECG.code, 10.0, 0.005), np.arange(100, dtype=np.int16))


def replay(monitor: dict[int, np.ndarray] | None = None) -> Replay:
    return Replay(LENGTH_S, BEATS, (TRACE,), monitor or {})


def test_intervals_go_on_over_the_end_of_the_recording():
    beats = replay().beats(0, 25)
    assert beats[0].at_s == 1.5
    assert sum(beat.rr_s for beat in beats) == pytest.approx(beats[-1].at_s - 0.5)
    over_the_end = next(beat for beat in beats if beat.at_s > LENGTH_S)
    assert over_the_end.at_s == pytest.approx(10.5)
    assert over_the_end.rr_s == pytest.approx(1.2)


@given(st.lists(st.floats(0, 40), min_size=2, max_size=6))
def test_no_beat_is_told_twice_or_left_out_whatever_the_steps(cuts):
    edges = sorted({0.0, 41.0, *cuts})
    told = [beat for since, until in pairwise(edges) for beat in replay().beats(since, until)]
    assert told == replay().beats(0, 41.0)


def test_samples_go_on_at_the_start_after_the_end():
    assert list(replay().samples(ECG.code, 95, 10)) == [95, 96, 97, 98, 99, 0, 1, 2, 3, 4]


def test_the_monitors_own_rate_is_believed_and_its_silence_is_nan():
    body = replay({HEART_RATE.code: np.array([60.0, math.nan] * 5)})
    assert body.value(HEART_RATE.code, 0.5) == 60
    assert math.isnan(body.value(HEART_RATE.code, 1.5) or 0)
    assert body.value(HEART_RATE.code, 12.0) == 60


def test_without_a_monitor_the_rate_is_that_of_the_last_eight_beats():
    assert replay().value(HEART_RATE.code, 0.2) is None
    assert replay().value(HEART_RATE.code, 9.5) == pytest.approx(60 * 8 / (9.3 - 1.5), rel=0.01)


def test_only_what_was_recorded_can_be_felt():
    assert replay().metrics == {HEART_RATE.code, RR_INTERVAL.code, ECG.code}
    assert Replay(LENGTH_S, np.empty(0), (), {SPO2.code: np.ones(10)}).metrics == {SPO2.code}
    assert Replay(LENGTH_S, np.empty(0), (), {}).beats(0, 100) == []
