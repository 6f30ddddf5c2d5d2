"""How well are rhythms told? In seconds against a recording's marks, as ANSI/AAMI EC57 has durations; and windows of half a minute for fibrillation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Judged
from models.heart_rhythm.recordings import Recording
from models.heart_rhythm.rhythm import RUN, WINDOW_S, Beats, Episode, Rhythm, irregularity
from models.heart_rhythm.verdict import SETTLING_S, SPAN_S, STEP_S, Kind, Networks, judge

MARKS = {
    Rhythm.ATRIAL_FIBRILLATION: "AFIB",
    Rhythm.VENTRICULAR_TACHYCARDIA: "VT",
    Rhythm.IDIOVENTRICULAR: "IVR",
    Rhythm.SUPRAVENTRICULAR_TACHYCARDIA: "SVTA",
    Rhythm.BIGEMINY: "B",
    Rhythm.TRIGEMINY: "T",
}
"""What WFDB's marks call the rhythms that they tell of."""
UNTELLABLE = frozenset({"AFL", "VFL"})
"""Flutter of the atria, which may be regular, and of the ventricles, which has no beats: left out on both sides."""
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Duration:
    """Of one recording and one rhythm, s. marked, told: how long by the marks and by us. both: of it by both."""

    name: str
    marked: float
    told: float
    both: float


def durations(recording: Recording, found: Sequence[Episode]) -> dict[Rhythm, Duration]:
    """Compare episodes with a recording's marks, to a tenth of a second."""
    count = int(len(recording.signal) / recording.rate_hz * _TENTHS) + 1
    clear = ~_covered(count, [stretch[:2] for stretch in _marked(recording, UNTELLABLE)])
    answers: dict[Rhythm, Duration] = {}
    for rhythm, name in MARKS.items():
        marked = clear & _covered(count, [stretch[:2] for stretch in _marked(recording, frozenset({name}))])
        told = clear & _covered(count, [(each.first, each.last) for each in found if each.rhythm == rhythm])
        seconds = (float(part.sum()) / _TENTHS for part in (marked, told, marked & told))
        answers[rhythm] = Duration(recording.name, *seconds)
    return answers


def windows(recording: Recording, beats: Beats) -> Judged:
    """Judge half minutes side by side, each all fibrillation or free of it, none with flutter of the atria; one that cannot be judged scores lowest."""
    scores, truth = list[float](), list[bool]()
    for first in np.arange(0, len(recording.signal) / recording.rate_hz - WINDOW_S + 1e-9, WINDOW_S).tolist():
        inside = {name for start, last, name in _marked(recording, None) if start < first + WINDOW_S and last > first}
        if not inside or "AFL" in inside or ("AFIB" in inside and len(inside) > 1):
            continue
        low, high = np.searchsorted(beats.at, [first, first + WINDOW_S]).tolist()
        score = irregularity(beats.at[low:high], beats.letters[low:high])
        scores.append(-10.0 if np.isnan(score) else score)
        truth.append(inside == {"AFIB"})
    return Judged(np.array(scores), np.array(truth, dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class Alarms:
    """Of one recording and one kind of finding. ill: it has what is looked for; told: it was found there. false: findings where there is none."""

    name: str
    hours: float
    ill: bool
    told: bool
    false: int


QUIET_S = 600.0
"""As long as something goes on it is one alarm; and so long after it."""


def alarms(recording: Recording, networks: Networks) -> dict[Kind, Alarms]:
    """Judge a recording as a gateway does, strip by strip, and say what would have been told, and whether it is so."""
    count, rate_hz = len(recording.signal), recording.rate_hz
    runs = [(*stretch, "run") for stretch in _runs(recording)]
    truths: dict[Kind, list[tuple[float, float, str]]] = {
        "atrial_fibrillation": [*_marked(recording, frozenset({"AFIB", "AFL"}))],
        "ventricular_tachycardia": [*runs, *_marked(recording, frozenset({"VT", "VFL", "IVR"}))],
    }
    last = dict.fromkeys(truths, -QUIET_S)
    told: dict[Kind, list[bool]] = {kind: [] for kind in truths}
    for end in np.arange(STEP_S * 3, count / rate_hz, STEP_S).tolist():
        start = max(0.0, end - SPAN_S)
        for each in judge(recording.signal[round(start * rate_hz) : round(end * rate_hz)], rate_hz, networks):
            if each.kind not in truths:
                continue
            if end - last[each.kind] >= QUIET_S:
                true = any(a - SETTLING_S < start + each.last and b + SETTLING_S > start + each.first for a, b, _ in truths[each.kind])
                told[each.kind].append(true)
            last[each.kind] = end
    hours = count / rate_hz / 3600
    return {kind: Alarms(recording.name, hours, bool(truth), any(told[kind]), told[kind].count(False)) for kind, truth in truths.items()}


def false_a_day(each: Sequence[Alarms]) -> float:
    """Return how many findings a patient-day are of nothing."""
    return 24 * sum(one.false for one in each) / sum(one.hours for one in each)


def share_told(each: Sequence[Alarms]) -> float:
    """Return the share of recordings that have it in which it was told; NaN without any."""
    ill = [one for one in each if one.ill]
    return sum(one.told for one in ill) / len(ill) if ill else float("nan")


def _runs(recording: Recording) -> Iterator[tuple[float, float]]:
    """Yield stretches of RUN and more marks of class V."""
    at, place = recording.beats / recording.rate_hz, 0
    for letter, group in groupby(recording.classes):
        count = len(list(group))
        if letter == "V" and count >= RUN:
            yield float(at[place]), float(at[place + count - 1])
        place += count


def duration_sensitivity(each: Sequence[Duration]) -> float:
    """Return the share of the marked time that was told; NaN without any."""
    return _share(each, sum(one.marked for one in each))


def duration_predictive_value(each: Sequence[Duration]) -> float:
    """Return the share of the told time that was marked; NaN without any."""
    return _share(each, sum(one.told for one in each))


def _share(each: Sequence[Duration], of: float) -> float:
    return sum(one.both for one in each) / of if of else float("nan")


def _marked(recording: Recording, names: frozenset[str] | None) -> Iterator[tuple[float, float, str]]:
    for first, last, name in recording.rhythms:
        if names is None or name in names:
            yield first / recording.rate_hz, last / recording.rate_hz, name


def _covered(count: int, stretches: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    where = np.zeros(count, dtype=np.bool_)
    for first, last in stretches:
        where[int(first * _TENTHS) : int(last * _TENTHS)] = True
    return where
