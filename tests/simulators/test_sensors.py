"""Each kind of wearable measures what its body has, and nothing else."""

import math

import numpy as np
import pytest

from edge.firmware_bridge.profiles import biosignal, heart_rate
from protocol.metrics import HEART_RATE, SPO2
from simulators import wire
from simulators.physiology import STORIES, Physiology
from simulators.replay import Replay
from simulators.sensors import KINDS, sensors_of, service_of

BODY = Physiology(STORIES["calm_day"], np.random.default_rng(1))
SILENT = Replay(10.0, np.empty(0), (), {HEART_RATE.code: np.full(10, math.nan)})


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_body_gives_every_wearable_something_to_measure(kind):
    sensors = sensors_of(kind, BODY)
    assert sensors
    assert all(sensor.measure(BODY, 10.0, 3) is not None for sensor in sensors)


def test_nothing_is_invented_beside_a_recording():
    assert [kind for kind in KINDS if sensors_of(kind, SILENT)] == ["heart_rate_belt"]


def test_a_belt_says_every_beat_once():
    [belt] = sensors_of("heart_rate_belt", BODY)
    said = [belt.measure(BODY, 100.0, turn) for turn in range(30)]
    intervals = [rr for measured in said if measured is not None for rr in heart_rate.parse(measured.value).rr]
    assert len(intervals) == len(BODY.beats(100.0, 130.0))
    assert sum(measured.values.get("rr_interval", 0) for measured in said if measured is not None) == len(intervals)


def test_a_silent_monitor_is_a_belt_without_contact():
    [belt] = sensors_of("heart_rate_belt", SILENT)
    measured = belt.measure(SILENT, 0.0, 0)
    assert measured is not None
    assert heart_rate.parse(measured.value).contact is False
    assert measured.values == {"heart_rate": 1}


def test_a_belt_that_measures_ten_times_as_often_says_every_beat_once_too():
    [seldom], [often] = sensors_of("heart_rate_belt", BODY), sensors_of("heart_rate_belt", BODY, 10.0)
    assert (seldom.period_s, often.period_s) == (1.0, 0.1)
    said = [often.measure(BODY, 100.0, turn) for turn in range(300)]
    assert sum(measured.values.get("rr_interval", 0) for measured in said if measured is not None) == len(BODY.beats(100.0, 130.0))


def test_pieces_of_a_waveform_follow_each_other():
    stream = sensors_of("ecg_patch", BODY)[0]
    pieces = [stream.measure(BODY, 200.0, turn) for turn in range(3)]
    values = [biosignal.parse_waveform(piece.value) for piece in pieces if piece is not None]
    assert [value.first_sample for value in values] == [0, 36, 72]
    assert np.array_equal(np.concatenate([value.samples for value in values]), BODY.samples(20, 200 * 125, 108))


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no wearable is of kind"):
        sensors_of("toaster", BODY)


def test_kinds_are_known_by_their_services():
    assert service_of("ecg_patch") == wire.BIOSIGNAL_SERVICE
    assert SPO2.code in BODY.metrics
