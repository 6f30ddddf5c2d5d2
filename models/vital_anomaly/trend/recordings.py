"""Recorded people as courses of vitals, a value every ten seconds: BIDMC (a monitor in intensive care) and wristbands (healthy people, 55 minutes).

Nobody's body temperature was recorded: six in ten people are given one that wanders as temperatures do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Unreadable
from models.vital_anomaly.trend.course import STEP_MS, STEPS, VITALS

STEP_S = STEP_MS // 1000
LIMITS = ((40.0, 131.0), (8.0, 25.0), (91.0, np.inf), (35.0, 39.1))
"""Of each vital what is no longer in order: three points of NEWS2 (two in high fever)."""
WITH_TEMPERATURE = 0.6

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """One person. values: shape (n, len(VITALS)), every STEP_S, NaN where not measured."""

    id: str
    values: Values

    def ordinary(self) -> Values:
        """Return the steps in which nothing is out of order, shape (m, len(VITALS))."""
        return self.values[~out_of_order(self.values)]


def out_of_order(values: Values) -> NDArray[np.bool_]:
    """Say at which steps some vital is outside LIMITS; (n, len(VITALS)) -> (n,)."""
    low, high = np.array(LIMITS).T
    return np.asarray(((values <= low) | (values >= high)).any(axis=1))


def streams_in(folder: Path) -> list[Stream]:
    """Read the streams of a folder: monitors (bidmc_NN.npz) and wristbands (SNN.npz: hr, hr_t0, and perhaps label_time, resp_rate).

    Raises:
        Unreadable: a damaged file.
    """
    found: list[Stream] = []
    for pattern, read in (("bidmc_*.npz", _monitor), ("S*.npz", _wristband)):
        for path in sorted(folder.glob(pattern)):
            try:
                with np.load(path) as held:
                    values = read({name: np.asarray(held[name]) for name in held.files})
            except (ValueError, KeyError, OSError, BadZipFile) as error:
                raise Unreadable(f"{path.name} is no recording of vitals: {error}") from error
            found.append(_warmed(Stream(path.stem, values)))
    return found


def _monitor(held: dict[str, NDArray[np.generic]]) -> Values:
    breathing = held["rr"].astype(np.float64)
    return _columns([held["hr"].astype(np.float64), np.where(breathing > 0, breathing, np.nan), held["spo2"].astype(np.float64)])


def _wristband(held: dict[str, NDArray[np.generic]]) -> Values:
    heart = held["hr"].astype(np.float64) / 100
    breathing = np.full(len(heart), np.nan)
    if "resp_rate" in held and len(held["resp_rate"]):
        said = held["resp_rate"].astype(np.float64)
        offset = round(float(held["hr_t0"]) - float(held["label_time"][0]))
        place = np.arange(len(heart)) + offset
        inside = (place >= 0) & (place < len(said))
        breathing[inside] = said[place[inside]]
    return _columns([heart, breathing, np.full(len(heart), np.nan)])


def _columns(each_second: Sequence[Values]) -> Values:
    """Return medians of STEP_S, one column more for a temperature."""
    steps = min(len(each) for each in each_second) // STEP_S
    values = np.full((steps, len(VITALS)), np.nan)
    for column, each in enumerate(each_second):
        blocks = each[: steps * STEP_S].reshape(steps, STEP_S)
        known = np.isfinite(blocks).any(axis=1)
        values[known, column] = np.nanmedian(blocks[known], axis=1)
    return values


def _warmed(stream: Stream) -> Stream:
    """Give a temperature to WITH_TEMPERATURE of people, always the same ones and the same."""
    dice = np.random.default_rng(list(stream.id.encode()))
    if dice.random() < WITH_TEMPERATURE:
        wandering = np.cumsum(dice.normal(0, 0.02, len(stream.values)))
        stream.values[:, 3] = dice.normal(36.8, 0.3) + np.clip(wandering - wandering.mean(), -0.3, 0.3)
    return stream


def courses(values: Values) -> Values:
    """Return all courses of a stream, (n, vitals) -> (n - STEPS + 1, STEPS, vitals), none of one that is too short."""
    if len(values) < STEPS:
        return np.zeros((0, STEPS, len(VITALS)))
    return np.lib.stride_tricks.sliding_window_view(values, STEPS, axis=0).transpose(0, 2, 1)
