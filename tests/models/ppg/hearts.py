"""Made pulse waves of known pulse and breath, and real ones where they are at hand."""

from pathlib import Path

import numpy as np
import pytest

BIDMC = Path(__file__).parents[4] / "shared" / "data" / "vitals" / "bidmc"
HAS_BIDMC = BIDMC.is_dir()
needs_bidmc = pytest.mark.skipif(not HAS_BIDMC, reason="shared/data/vitals/bidmc (BIDMC recordings) is not here")


def beating(seconds: float, pulse: float, breaths: float, rate_hz: float = 125.0, noise: float = 0.01, seed: int = 0) -> np.ndarray:
    """Return a pulse wave with a dicrotic wave; breathing moves its baseline, its height, and the time between pulses."""
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    breath = np.sin(2 * np.pi * breaths / 60 * at)
    phase = 2 * np.pi * np.cumsum(pulse / 60 * (1 + 0.03 * breath)) / rate_hz
    turn = np.mod(phase, 2 * np.pi)
    wave = np.exp(-(((turn - 1.2) / 0.5) ** 2)) + 0.35 * np.exp(-(((turn - 2.9) / 0.6) ** 2))
    return (1 + 0.1 * breath) * wave + 0.15 * breath + np.random.default_rng(seed).normal(0, noise, len(at))
