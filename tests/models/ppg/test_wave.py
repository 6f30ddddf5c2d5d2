"""Pulses are found at every usual rate, whatever the sampling and the size, and what holds none is refused."""

import numpy as np
import pytest

from models.ppg.wave import RATE, UnusableWave, pulse_rate, ready
from tests.models.ppg.hearts import beating


@pytest.mark.parametrize("pulse", [40, 60, 75, 110, 150, 190])
@pytest.mark.parametrize("rate_hz", [64.0, 125.0, 250.0])
def test_the_pulse_is_counted(pulse: float, rate_hz: float) -> None:
    assert pulse_rate(ready(beating(32, pulse, 15, rate_hz), rate_hz)) == pytest.approx(pulse, abs=1.5)


@pytest.mark.parametrize("change", [lambda wave: 1000 * wave + 7, lambda wave: 0.001 * wave - 3])
def test_size_and_level_do_not_matter(change: object) -> None:
    assert callable(change)
    wave = beating(32, 72, 15)
    assert ready(change(wave), 125.0).pulses.tolist() == ready(wave, 125.0).pulses.tolist()


def test_a_gap_and_a_missed_pulse_are_bridged() -> None:
    wave = beating(32, 72, 15)
    wave[1000:1200] = np.nan
    assert pulse_rate(ready(wave, 125.0)) == pytest.approx(72, abs=3)


def test_summits_follow_the_rise_and_feet_go_before_it() -> None:
    found = ready(beating(32, 60, 12), 125.0)
    assert (found.summits >= found.pulses).all()
    assert (found.feet <= found.pulses).all()
    assert (np.diff(found.pulses) > 0.27 * RATE * 0.5).all()
    assert 0.5 < found.regular <= 1


@pytest.mark.parametrize(
    ("wave", "rate_hz", "said"),
    [
        (np.zeros(4000), 125.0, "does not move"),
        (np.full(4000, 3.0), 125.0, "does not move"),
        (np.full(4000, np.nan), 125.0, "not measured"),
        (np.where(np.arange(4000) < 1500, np.nan, 1.0), 125.0, "not measured"),
        (beating(5, 70, 15), 125.0, "fewer than 8"),
        (beating(32, 70, 15), 10.0, "10 samples a second"),
        (np.zeros((2, 4000)), 125.0, "one dimension"),
        (np.clip(beating(32, 70, 15), -9, -8), 125.0, "does not move"),
    ],
)
def test_what_cannot_be_told_from_is_refused(wave: np.ndarray, rate_hz: float, said: str) -> None:
    with pytest.raises(UnusableWave, match=said):
        ready(wave, rate_hz)


def test_few_pulses_have_no_rate() -> None:
    found = ready(np.random.default_rng(0).normal(0, 1, 4000).cumsum(), 125.0)
    assert np.isnan(pulse_rate(found)) or pulse_rate(found) > 0
