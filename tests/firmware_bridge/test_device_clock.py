"""A wearable's clock is mapped to UTC by its earliest arrivals, whatever comes late."""

import random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.firmware_bridge.device_clock import DeviceClock, evidence, observe, read_clock, to_utc, write_clock
from protocol.errors import Malformed

BOOT = 1_800_000_000_000
HOUR = 3_600_000


def lived(seconds: int, drift_ppm: float, dice: random.Random, every: int = 1) -> DeviceClock:
    """A clock after `seconds` of records each `every` s, with delays of 5 to 80 ms."""
    clock = DeviceClock()
    for second in range(0, seconds, every):
        ticks = round(second * 1000 * (1 + drift_ppm * 1e-6))
        clock = observe(clock, ticks, BOOT + second * 1000 + round(5 + dice.expovariate(1 / 15)))
    return clock


def test_a_steady_clock_is_known_to_a_few_milliseconds():
    clock = lived(120, 0, random.Random(1))
    assert abs(to_utc(clock, 60_000) - (BOOT + 60_000)) <= 8


def test_records_sent_again_late_change_nothing():
    clock = lived(120, 20, random.Random(2))
    late = clock
    for second in range(60, 120):
        late = observe(late, second * 1000, BOOT + 900_000 + second * 10)
    assert late == clock


def test_a_hand_over_after_an_outage_does_not_spoil_the_time():
    clock = lived(60, 0, random.Random(3))
    for second in range(60, 660):
        clock = observe(clock, second * 1000, BOOT + 660_000 + second)
    for second in range(660, 700):
        clock = observe(clock, second * 1000, BOOT + second * 1000 + 7)
    assert abs(to_utc(clock, 300_000) - (BOOT + 300_000)) <= 130
    assert abs(to_utc(clock, 690_000) - (BOOT + 690_000)) <= 15


@pytest.mark.parametrize("drift_ppm", [-100.0, -20.0, 35.0, 150.0])
def test_drift_is_found_over_hours_and_the_time_stays_right(drift_ppm):
    seconds = 4 * 3600
    clock = lived(seconds, drift_ppm, random.Random(4), every=5)
    found = evidence(clock, UUID(int=1), BOOT + seconds * 1000)
    assert found.drift_ppm == pytest.approx(drift_ppm, abs=6)
    for second in (600, seconds // 2, seconds - 10):
        ticks = round(second * 1000 * (1 + drift_ppm * 1e-6))
        assert abs(to_utc(clock, ticks) - (BOOT + second * 1000)) <= 40


def test_uncertainty_covers_the_error_and_grows_with_silence():
    clock = lived(300, 50, random.Random(5))
    fresh = evidence(clock, UUID(int=1), BOOT + 300_000)
    stale = evidence(clock, UUID(int=1), BOOT + 300_000 + HOUR)
    assert abs(fresh.offset_ms - BOOT) <= 15 + fresh.uncertainty_ms
    assert stale.uncertainty_ms > fresh.uncertainty_ms + 500


def test_the_memory_of_a_clock_stays_small():
    clock = lived(24 * 3600, 30, random.Random(6), every=20)
    assert len(clock.envelope) <= 48
    assert clock.envelope[-1][0] - clock.envelope[0][0] > 20 * HOUR


def test_a_clock_outlives_its_process():
    clock = lived(100, 10, random.Random(7))
    assert read_clock(write_clock(clock)) == clock
    for text in ("", "{}x", "[1]", '[["a", 2]]', "null"):
        with pytest.raises(Malformed):
            read_clock(text)


def test_a_clock_that_saw_nothing_tells_no_time():
    with pytest.raises(Malformed):
        to_utc(DeviceClock(), 0)
    with pytest.raises(Malformed):
        evidence(DeviceClock(), UUID(int=1), 0)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**41)), min_size=1, max_size=120))
def test_any_evidence_leaves_a_clock_that_tells_a_time(seen):
    clock = DeviceClock()
    for ticks, arrived_at in seen:
        clock = observe(clock, ticks, arrived_at)
    assert 1 <= len(clock.envelope) <= 48
    assert isinstance(to_utc(clock, seen[0][0]), int)
    assert evidence(clock, UUID(int=1), seen[-1][1]).uncertainty_ms >= 0
