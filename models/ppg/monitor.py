"""The pulse and the breath in half a minute of a pulse wave, by the network that ships."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.catalogue import open_model
from models.perceptron_runner import PerceptronRunner
from models.ppg.breath import SECONDS, Breath, answer, described
from models.ppg.quality import index
from models.ppg.wave import RATE, UnusableWave, Wave, pulse_rate, ready
from models.runner import Runner

LEAST_QUALITY = 0.45
"""Below this index nothing is said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """pulse: a minute. quality: 0..1. breath: None where the wave is shorter than SECONDS."""

    pulse: float
    quality: float
    breath: Breath | None


def measure(signal: NDArray[np.generic], rate_hz: float, runner: Runner) -> Measured:
    """Measure a pulse wave: shape (n,), any unit, rate_hz samples a second (25 to 1,000), NaN where nothing was measured.

    Of a wave longer than SECONDS the breath is that of its end.

    Raises:
        UnusableWave: nothing can be told from it; the message says why.
    """
    wave = ready(signal, rate_hz)
    quality, pulse = index(wave), pulse_rate(wave)
    if quality < LEAST_QUALITY or not isfinite(pulse):
        raise UnusableWave(f"no steady pulse is seen in it: quality {quality:.2f}")
    return Measured(pulse, quality, breath_of(wave, runner))


def breath_of(wave: Wave, runner: Runner) -> Breath | None:
    """Return the breath at the end of a wave; None of one that is too short."""
    count = round(SECONDS * RATE)
    if len(wave.trace) < count:
        return None
    last = wave if len(wave.trace) == count else ready(wave.trace[-count:], RATE)
    return answer(likely(described(last), runner))


def likely(features: NDArray[np.float32], runner: Runner) -> NDArray[np.float64]:
    """Return how likely each rate of the grid is, adding up to 1: in proportion to the odds that the network gives each."""
    score = np.clip(runner.run(features)[:, 0].astype(np.float64), 1e-7, 1 - 1e-7)
    odds = score / (1 - score)
    return odds / odds.sum()


def shipped() -> Runner:
    """Open the network that ships.

    Raises:
        ModelRefused: it is not the one that its card describes.
    """
    return PerceptronRunner(open_model(Path(__file__).parent).artefact)
