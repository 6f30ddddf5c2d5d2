"""Recorded pulse waves with the breaths that people marked and what a monitor said: BIDMC as `.npz` files (`bidmc_NN.npz`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Unreadable
from models.ppg.breath import SECONDS
from models.ppg.wave import Samples

STEP_S = 16.0
AGREED = 2.0
"""Breaths a minute that two annotators may differ by for their mean to count."""
_MOST_OF = 16


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One person. ppg: any unit, rate_hz samples a second. breaths: of each annotator, s. monitor_rr, monitor_hr: each second, NaN: none was given."""

    name: str
    ppg: Samples
    rate_hz: float
    breaths: tuple[Samples, Samples]
    monitor_rr: Samples
    monitor_hr: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """SECONDS of a recording. annotated, monitored: breaths a minute; pulse: beats a minute; NaN: not known."""

    ppg: Samples
    annotated: float
    monitored: float
    pulse: float


def read(folder: Path) -> list[Recording]:
    """Read all recordings of a folder.

    Raises:
        Unreadable: there is none, or one is damaged.
    """
    paths = sorted(folder.glob("bidmc_*.npz"))
    if not paths:
        raise Unreadable(f"{folder} holds no bidmc_NN.npz (ppg, gain_ppg, fs, breaths_1, breaths_2, rr, hr)")
    return [_recording(path) for path in paths]


def _recording(path: Path) -> Recording:
    try:
        with np.load(path) as held:
            rate_hz = float(held["fs"])
            return Recording(
                path.stem,
                held["ppg"].astype(np.float64) / float(held["gain_ppg"]),
                rate_hz,
                (_seconds(held["breaths_1"], rate_hz), _seconds(held["breaths_2"], rate_hz)),
                held["rr"].astype(np.float64),
                held["hr"].astype(np.float64),
            )
    except (KeyError, ValueError, OSError, BadZipFile) as error:
        raise Unreadable(f"{path.name} is no recording that can be read: {error}") from error


def _seconds(samples: NDArray[np.generic], rate_hz: float) -> Samples:
    return np.sort(samples.astype(np.float64)) / rate_hz


def windows(recording: Recording) -> Iterator[Window]:
    """Cut a recording into windows of SECONDS every STEP_S."""
    length = len(recording.ppg) / recording.rate_hz
    for start in np.arange(0, length - SECONDS + 0.01, STEP_S).tolist():
        seconds = slice(int(start), int(start + SECONDS) + 1)
        yield Window(
            cut(recording, start, SECONDS),
            annotated(recording, start, SECONDS),
            _middle(recording.monitor_rr[seconds]),
            _middle(recording.monitor_hr[seconds]),
        )


def cut(recording: Recording, start: float, seconds: float) -> Samples:
    """Return a part of the wave, s."""
    return recording.ppg[int(start * recording.rate_hz) : int((start + seconds) * recording.rate_hz)]


def annotated(recording: Recording, start: float, seconds: float) -> float:
    """Return the mean of both annotators' breaths a minute; NaN where they do not agree."""
    rates = [_rate(marks[(marks >= start) & (marks < start + seconds)]) for marks in recording.breaths]
    return float(np.mean(rates)) if abs(rates[0] - rates[1]) <= AGREED else float("nan")


def _rate(marks: Samples) -> float:
    return float(60 * (len(marks) - 1) / (marks[-1] - marks[0])) if len(marks) > 2 else float("nan")


def _middle(values: Samples) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) > _MOST_OF else float("nan")
