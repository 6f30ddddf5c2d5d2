"""Every rate is described by how breathing shows in the wave; a distribution is answered by its median."""

import numpy as np
import pytest

from models.ppg.breath import GRID, NAMES, WAYS, answer, described, modulations
from models.ppg.wave import ready
from tests.models.ppg.hearts import beating


@pytest.mark.parametrize("breaths", [9.0, 15.0, 22.0, 30.0])
def test_each_way_repeats_at_the_rate_of_the_breath(breaths: float) -> None:
    features = described(ready(beating(32, 84, breaths), 125.0))
    assert features.shape == (len(GRID), len(NAMES))
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    for way in ("baseline", "height", "interval") if breaths < 25 else ("baseline",):
        greatest = GRID[features[:, NAMES.index(f"power of {way}")].argmax()]
        assert greatest == pytest.approx(breaths, abs=1.0)


def test_a_wave_without_pulses_has_its_baseline_alone() -> None:
    wave = ready(np.random.default_rng(0).normal(0, 1, 4000), 125.0)
    ways = modulations(wave)
    assert len(ways) == len(WAYS)
    assert np.isfinite(described(wave)).all()


def test_the_answer_is_the_median() -> None:
    likely = np.where(GRID == 12, 0.8, 0.2 / (len(GRID) - 1))
    found = answer(likely)
    assert found.rate == pytest.approx(12, abs=0.3)
    assert found.low <= found.rate <= found.high
    assert 0.8 <= found.sure <= 0.9
    even = answer(np.full(len(GRID), 1 / len(GRID)))
    assert even.rate == pytest.approx(23, abs=0.5)
    assert even.high - even.low == pytest.approx(19.25, abs=0.6)
    two = np.where(np.isin(GRID, [10, 30]), 0.5, 0.0)
    assert answer(two).low < 12
    assert answer(two).high > 28
