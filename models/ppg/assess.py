"""How well are breath and pulse measured? Mean absolute errors of people, each person counting alike, with intervals that draw people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from models.evaluation import Estimate, auroc, estimate
from models.ppg import quality
from models.ppg.breath import answer, described
from models.ppg.monitor import likely
from models.ppg.recordings import Recording, windows
from models.ppg.wave import Samples, UnusableWave, pulse_rate, ready
from models.runner import Runner

USUAL = 17.0
"""Breaths a minute: what is compared with, since it beats most methods."""
FAR = 5.0
"""A pulse rate that is farther off than this is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One person's windows, shape (n,) each. breath, pulse: what was told (an unusable wave: USUAL, NaN). annotated, monitored, true_pulse: what is so."""

    name: str
    breath: Samples
    pulse: Samples
    quality: Samples
    annotated: Samples
    monitored: Samples
    true_pulse: Samples


def told(recording: Recording, runner: Runner) -> Told:
    """Measure every window of a recording."""
    rows: list[tuple[float, ...]] = []
    for window in windows(recording):
        try:
            wave = ready(window.ppg, recording.rate_hz)
        except UnusableWave:
            said = (USUAL, float("nan"), 0.0)
        else:
            said = (answer(likely(described(wave), runner)).rate, pulse_rate(wave), quality.index(wave))
        rows.append((*said, window.annotated, window.monitored, window.pulse))
    columns = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    return Told(recording.name, *columns)


def mean_error(said: Callable[[Told], Samples], so: Callable[[Told], Samples]) -> Callable[[Sequence[Told]], float]:
    """Return a figure: the mean over people of each one's mean absolute error; what is not known is left out."""

    def figure(people: Sequence[Told]) -> float:
        errors = [np.abs(said(each) - so(each)) for each in people]
        means = [float(error[np.isfinite(error)].mean()) for error in errors if np.isfinite(error).any()]
        return float(np.mean(means)) if means else float("nan")

    return figure


def within(reach: float, said: Callable[[Told], Samples], so: Callable[[Told], Samples]) -> Callable[[Sequence[Told]], float]:
    """Return a figure: the share of windows that are no farther off."""

    def figure(people: Sequence[Told]) -> float:
        errors = np.concatenate([np.abs(said(each) - so(each)) for each in people])
        known = errors[np.isfinite(errors)]
        return float((known <= reach).mean()) if len(known) else float("nan")

    return figure


def quality_auroc(people: Sequence[Told]) -> float:
    """Return how well a low quality foretells a pulse rate that is wrong by more than FAR."""
    errors = np.concatenate([np.abs(each.pulse - each.true_pulse) for each in people])
    so = np.isfinite(np.concatenate([each.true_pulse for each in people]))
    wrong = ~(errors <= FAR)
    return auroc(-np.concatenate([each.quality for each in people])[so], wrong[so])


def _usual(each: Told) -> Samples:
    return np.full(len(each.breath), USUAL)


FIGURES: dict[str, Callable[[Sequence[Told]], float]] = {
    "breaths, mean error against annotators": mean_error(lambda each: each.breath, lambda each: each.annotated),
    "breaths, mean error against the monitor": mean_error(lambda each: each.breath, lambda each: each.monitored),
    "breaths, within 2 of annotators": within(2.0, lambda each: each.breath, lambda each: each.annotated),
    "always 17 breaths, mean error against annotators": mean_error(_usual, lambda each: each.annotated),
    "always 17 breaths, mean error against the monitor": mean_error(_usual, lambda each: each.monitored),
    "pulse, mean error": mean_error(lambda each: each.pulse, lambda each: each.true_pulse),
    "pulse, within 5": within(FAR, lambda each: each.pulse, lambda each: each.true_pulse),
    "quality AUROC for a wrong pulse": quality_auroc,
}


def estimates(people: Sequence[Told]) -> dict[str, Estimate]:
    """Return each figure that is defined here, with its 95 % interval by people."""
    found = {name: estimate(figure, people, 0) for name, figure in FIGURES.items()}
    return {name: each for name, each in found.items() if not isnan(each.value)}
