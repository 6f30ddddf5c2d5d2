"""Recorded minutes -> training windows in which every vital may be missing and any abnormality may stand beside any rhythm.

MIT-BIH has no vitals but beats and BIDMC has no annotated rhythm: taken as they are, a network would learn that a missing SpO2
means arrhythmia. So ordinary vitals of other people are grafted on, all are left out at random, and abnormal ones are planted
(no shared recording has a temperature: every temperature is planted).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from models.vital_anomaly.features import SPAN_MS, Minute, Track
from models.vital_anomaly.recordings import Labelled, vitals_abnormal, without

Dice = np.random.Generator
MISSING = 0.35
"""Chance of each vital to be left out."""
PLANTED = 0.12
"""Chance of a minute to get an abnormal vital."""


def varied(labelled: Labelled, donors: Sequence[Minute], dice: Dice) -> tuple[Minute, bool]:
    """Return a variation of a minute of known truth, and its own truth.

    donors: ordinary minutes with SpO2 and respiratory rate. The truth is that of the rhythm, and of the vitals that are left.
    """
    minute = labelled.minute
    if not len(minute.spo2):
        donor = donors[int(dice.integers(len(donors)))]
        minute = replace(minute, spo2=donor.spo2, respiratory_rate=donor.respiratory_rate)
    minute = replace(minute, temperature=np.array([[0.0, dice.normal(36.8, 0.4)]]))
    if dice.random() < PLANTED:
        minute = PLANTS[int(dice.integers(len(PLANTS)))](minute, dice)
    gone = [name for name in ("heart_rate", "spo2", "respiratory_rate", "temperature") if dice.random() < MISSING]
    minute = without(minute, *gone)
    return minute, labelled.rhythm or vitals_abnormal(minute)


def low_oxygen(minute: Minute, dice: Dice) -> Minute:
    """Plant a steady low SpO2, 78..91 %."""
    return replace(minute, spo2=_moved(minute.spo2, dice.uniform(78.0, 91.0)))


def falling_oxygen(minute: Minute, dice: Dice) -> Minute:
    """Plant an SpO2 that falls 6 to 15 points within the minute."""
    fall = np.linspace(0.0, dice.uniform(6.0, 15.0), len(minute.spo2))
    return replace(minute, spo2=np.column_stack([minute.spo2[:, 0], np.round(minute.spo2[:, 1] - fall)]))


def fast_breathing(minute: Minute, dice: Dice) -> Minute:
    """Plant a respiratory rate of 25..40 /min."""
    return replace(minute, respiratory_rate=_moved(minute.respiratory_rate, dice.uniform(25.0, 40.0)))


def slow_breathing(minute: Minute, dice: Dice) -> Minute:
    """Plant a respiratory rate of 3..8 /min."""
    return replace(minute, respiratory_rate=_moved(minute.respiratory_rate, dice.uniform(3.0, 8.0)))


def fever(minute: Minute, dice: Dice) -> Minute:
    """Plant a temperature of 39.1..41 Cel."""
    return replace(minute, temperature=np.array([[0.0, dice.uniform(39.1, 41.0)]]))


def cold(minute: Minute, dice: Dice) -> Minute:
    """Plant a temperature of 32..35 Cel."""
    return replace(minute, temperature=np.array([[0.0, dice.uniform(32.0, 35.0)]]))


def fast_heart(minute: Minute, dice: Dice) -> Minute:
    """Plant a heart rate of 131..190 /min with the person's own rhythm, run faster."""
    return _paced(minute, dice.uniform(131.0, 190.0))


def slow_heart(minute: Minute, dice: Dice) -> Minute:
    """Plant a heart rate of 25..40 /min with the person's own rhythm, run slower."""
    return _paced(minute, dice.uniform(25.0, 40.0))


PLANTS: tuple[Callable[[Minute, Dice], Minute], ...] = (
    low_oxygen,
    falling_oxygen,
    fast_breathing,
    slow_breathing,
    fever,
    cold,
    fast_heart,
    slow_heart,
)


def _moved(track: Track, median: float) -> Track:
    """Return the track moved to another median, in whole numbers as monitors say them."""
    if not len(track):
        return track
    return np.column_stack([track[:, 0], np.round(track[:, 1] - np.median(track[:, 1]) + median)])


def _paced(minute: Minute, rate: float) -> Minute:
    """Return the minute with its beats at another mean rate (/min), cut or repeated to the same length."""
    rr = minute.beats[:, 1] * (60_000.0 / rate) / minute.beats[:, 1].mean()
    rr = np.tile(rr, int(np.ceil(SPAN_MS / rr.sum())))
    at = np.cumsum(rr)
    fits = at <= SPAN_MS
    return replace(minute, beats=np.column_stack([at, rr])[fits], heart_rate=_moved(minute.heart_rate, rate))
