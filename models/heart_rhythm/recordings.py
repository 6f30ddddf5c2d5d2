"""Recorded leads with the beats that cardiologists marked in them, as WFDB files; and signals that hold none."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Places
from models.heart_rhythm.lead import RATE, Samples, at_rate

DS1 = (
    *("101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124", "201", "203", "205", "207", "208", "209", "215"),
    *("220", "223", "230"),
)
"""De Chazal's first half of the MIT-BIH Arrhythmia Database (IEEE TBME 51:1196, 2004): all that anything here is fitted to."""
BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""WFDB's annotations that are beats."""


CLASS_OF = {
    **dict.fromkeys("NLRBejn", "N"),
    **dict.fromkeys("AaJS", "S"),
    **dict.fromkeys("VEr", "V"),
    "F": "F",
    **dict.fromkeys("/fQ?", "Q"),
}
"""WFDB's beats -> classes of ANSI/AAMI EC57."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One lead. signal: mV, rate_hz samples a second. beats: samples of the marks. flutter: (first, last) samples in which no beat can be told.

    classes: of the beats, a letter each. rhythms: (first, last, what the marks call it) samples, as "AFIB" or "VT".
    """

    name: str
    signal: Samples
    rate_hz: float
    beats: Places
    flutter: tuple[tuple[int, int], ...]
    classes: str = ""
    rhythms: tuple[tuple[int, int, str], ...] = ()

    def trace(self) -> Samples:
        """Return the signal at RATE."""
        return at_rate(self.signal, self.rate_hz)

    def marks(self) -> Samples:
        """Return the beats in samples of RATE."""
        return self.beats.astype(np.float64) * (RATE / self.rate_hz)


def read(path: Path, channel: int = 0) -> Recording:
    """Read a WFDB record, by its path without a suffix, with its annotations in `.atr`.

    Raises:
        ValueError: not there, or not of that format.
    """
    try:
        samples, about = wfdb.rdsamp(str(path), channels=[channel])
        marks = wfdb.rdann(str(path), "atr")
    except Exception as error:  # the package raises whatever a damaged file leads it to
        raise ValueError(f"{path.name} is no WFDB record with marks that can be read: {type(error).__name__}: {error}") from error
    symbols = np.array(marks.symbol)
    beat = np.isin(symbols, sorted(BEATS))
    flutter = zip(marks.sample[symbols == "["].tolist(), marks.sample[symbols == "]"].tolist(), strict=True)
    classes = "".join(CLASS_OF[symbol] for symbol in symbols[beat].tolist())
    return Recording(
        path.name,
        np.asarray(samples, dtype=np.float64)[:, 0],
        float(about["fs"]),
        marks.sample[beat].astype(np.int64),
        tuple(flutter),
        classes,
        _rhythms(marks.sample.tolist(), marks.aux_note, len(samples)),
    )


def _rhythms(at: list[int], notes: list[str], count: int) -> tuple[tuple[int, int, str], ...]:
    """Return the stretches of one rhythm that the marks tell of, each up to the next."""
    changes = [(sample, note.rstrip("\x00")[1:]) for sample, note in zip(at, notes, strict=True) if note.startswith("(")]
    return tuple((first, last, name) for (first, name), (last, _) in pairwise([*changes, (count, "")]) if last > first)


def records_in(folder: Path) -> list[Path]:
    """Return the records of a folder that have annotations, by name."""
    return sorted(header.with_suffix("") for header in folder.glob("*.hea") if header.with_suffix(".atr").exists())


MIXES = 4
COARSE = 125.0
"""Samples a second of a coarse recorder."""


def varied(recording: Recording, other: Recording, dice: np.random.Generator) -> Iterator[Recording]:
    """Yield both leads as they are, leads that lie between them, slower and faster, one under noise, and one of a coarse recorder.

    Two leads of one heart are two views of one turning dipole: any sum of them is a view from elsewhere.
    """
    yield recording
    yield other
    for _ in range(MIXES):
        yield between(recording, other, dice)
    view = _view(recording, other, dice)
    size = float(np.std(np.diff(view))) * 3
    noise = dice.normal(0, size * dice.uniform(0.3, 1.5), len(view))
    wave = size * dice.uniform(0, 2) * np.sin(2 * np.pi * dice.choice([50, 60]) / recording.rate_hz * np.arange(len(view)))
    yield _with(recording, view + noise + wave, recording.rate_hz)
    view = _view(recording, other, dice)
    count, step = int(len(view) * COARSE / recording.rate_hz), recording.rate_hz / COARSE
    yield _thinned(recording, np.interp(np.arange(count) * step, np.arange(len(view)), view), COARSE)


def between(recording: Recording, other: Recording, dice: np.random.Generator) -> Recording:
    """Return a lead between two, of a heart that is slower or faster by up to a fifth."""
    return _with(recording, _view(recording, other, dice), recording.rate_hz * dice.uniform(0.8, 1.25))


def _view(recording: Recording, other: Recording, dice: np.random.Generator) -> Samples:
    angle = dice.uniform(0, np.pi)
    return np.cos(angle) * recording.signal + np.sin(angle) * other.signal


def _with(of: Recording, signal: Samples, rate_hz: float) -> Recording:
    """Return another signal with the same marks, as if it had been recorded at another rate: the heart is faster or slower."""
    return Recording(of.name, signal, rate_hz, of.beats, of.flutter, of.classes)


def _thinned(of: Recording, signal: Samples, rate_hz: float) -> Recording:
    factor = rate_hz / of.rate_hz
    flutter = tuple((int(first * factor), int(last * factor)) for first, last in of.flutter)
    return Recording(of.name, signal, rate_hz, np.rint(of.beats * factor).astype(np.int64), flutter)


_RATES = (125.0, 200.0, 250.0, 360.0, 500.0)


def beatless(dice: np.random.Generator, minutes: int) -> Iterator[Samples]:
    """Yield minutes at RATE that hold no beat, from recorders of several rates: hiss, hum, wandering, muscle, bursts."""
    for minute in range(minutes):
        rate_hz = _RATES[int(dice.integers(len(_RATES)))]
        count = int(60 * rate_hz)
        hiss = dice.normal(0, 1, count)
        hum = np.sin(2 * np.pi * dice.uniform(45, 62) / rate_hz * np.arange(count))
        kinds = (
            hiss,
            hum,
            hum + dice.uniform(0, 0.5) * hiss,
            np.cumsum(hiss),
            np.cumsum(hiss) * 0.1 + dice.uniform(0, 1) * hiss,
            np.convolve(hiss, np.hanning(int(dice.integers(3, int(0.07 * rate_hz)))), "same"),
            hiss * (1 + 4 * np.abs(np.convolve(dice.normal(0, 1, count), np.hanning(int(rate_hz)), "same")) / 10),
        )
        yield at_rate(kinds[minute % len(kinds)] * 10 ** dice.uniform(-2, 0.5), rate_hz)


def truth(recording: Recording, at: Places, size: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which candidates are the marked beats (of those near a mark the highest and nearest), and which may be learnt from.

    Args:
        recording: whose marks count.
        at: samples of RATE, ascending, shape (n,).
        size: how high each stands, in the logarithm, shape (n,).
    """
    beat = np.zeros(len(at), dtype=np.bool_)
    reach = 0.12 * RATE
    for mark in recording.marks().tolist():
        first, last = np.searchsorted(at, [mark - reach, mark + reach])
        if last > first:
            beat[first + int(np.argmax(size[first:last] - np.abs(at[first:last] - mark) / (0.2 * RATE)))] = True
    clear = np.ones(len(at), dtype=np.bool_)
    for start, end in recording.flutter:
        first, last = (sample * RATE / recording.rate_hz for sample in (start, end))
        clear &= (at < first - reach) | (at > last + reach)
    return beat, clear
