"""A made heart: beats of a plain shape at times that are known, and recordings of real ones where they are at hand."""

from pathlib import Path

import numpy as np
import pytest

MITDB = Path(__file__).parents[4] / "shared" / "data" / "ecg" / "mitdb"
HAS_MITDB = MITDB.is_dir()
needs_mitdb = pytest.mark.skipif(not HAS_MITDB, reason="shared/data/ecg/mitdb (MIT-BIH records) is not here")


def beating(times: np.ndarray, seconds: float, rate_hz: float, noise: float = 0.01, seed: int = 0) -> np.ndarray:
    """Return a lead in mV: P, QRS and T at each of `times` (s), a wandering baseline, and hiss of `noise` mV."""
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    lead = 0.1 * np.sin(2 * np.pi * 0.2 * at) + np.random.default_rng(seed).normal(0, noise, len(at))
    for size, offset, width in ((0.12, -0.17, 0.025), (-0.12, -0.025, 0.010), (1.0, 0.0, 0.012), (-0.25, 0.03, 0.012), (0.3, 0.27, 0.06)):
        for beat in times:
            near = slice(*np.searchsorted(at, [beat + offset - 5 * width, beat + offset + 5 * width]))
            lead[near] += size * np.exp(-(((at[near] - beat - offset) / width) ** 2) / 2)
    return lead


def steady(seconds: float, interval: float = 0.8) -> np.ndarray:
    """Return the times of a heart that sways a little with the breath."""
    count = int(seconds / interval)
    times = np.cumsum(interval * (1 + 0.03 * np.sin(np.arange(count) / 4))) - interval / 2
    return times[times < seconds - 0.5]
