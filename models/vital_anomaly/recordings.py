"""Recorded people -> minutes with the truth about them: MIT-BIH (cardiologists' annotations) and BIDMC (a monitor's values).

What is called abnormal:
* rhythm (MIT-BIH): at least a tenth of the minute's beats ectopic (S, V or F of AAMI EC57), or at least 15 s of it in an annotated
  rhythm of ABNORMAL_RHYTHMS. Pre-excitation is none of them: it shows in the shape of beats, which no interval tells.
* vitals (both): see `vitals_abnormal`: what brings a whole three points in NEWS2 (two in high fever), or a fall of SpO2 by 4 points.
BIDMC has no rhythm annotation: a minute of it with irregular beats and ordinary vitals is of unknown truth and left out, and so is
one whose detected beats do not agree with the monitor's heart rate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray
from wfdb.processing import gqrs_detect

from models.vital_anomaly.features import SPAN_MS, STEP_MS, Minute, Track, enough

# 201 and 202 are one person: 201 is left out of the standard's first half, so that nobody stands in both.
MITDB_TRAIN = [
    "101",
    "106",
    "108",
    "109",
    "112",
    "114",
    "115",
    "116",
    "118",
    "119",
    "122",
    "124",
    "203",
    "205",
    "207",
    "208",
    "209",
    "215",
    "220",
    "223",
    "230",
]
MITDB_TEST = ["100", "105", "113", "117", "200", "202", "214", "222", "228", "231"]
BIDMC_TEST = ["01", "06", "11", "17", "22", "27", "33", "38", "43", "49"]
"""Every fourth of the 40 people."""

BEATS = frozenset("NLRBAaJSVrFejnE/fQ!")
"""Annotations at which a wearable sees a beat; "!" is a wave of ventricular flutter."""
ECTOPIC = frozenset("AaJSVEF!")
ABNORMAL_RHYTHMS = frozenset(("(AB", "(AFIB", "(AFL", "(B", "(BII", "(IVR", "(NOD", "(SVTA", "(T", "(VFL", "(VT"))
ECTOPIC_SHARE = 0.1
RHYTHM_MS = 15_000.0

_IRREGULAR = 0.06
_TICK_MS = 1000.0 / 1024.0


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One minute of one person. rhythm: abnormal by annotation. abnormal: by that or by vitals; None where nobody knows."""

    minute: Minute
    rhythm: bool
    abnormal: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """All judged minutes of one person, every STEP_MS, in time order. id: "mitdb/200", "bidmc/01"."""

    id: str
    minutes: tuple[Labelled, ...]


def vitals_abnormal(minute: Minute) -> bool:
    """Say whether the vitals that are there are abnormal by rule; what is missing says nothing."""
    rate = 60_000.0 / float(minute.beats[:, 1].mean()) if enough(minute) else float("nan")
    heart, breathing, spo2 = _median(minute.heart_rate), _median(minute.respiratory_rate), _median(minute.spo2)
    temperature = float(minute.temperature[-1, 1]) if len(minute.temperature) else float("nan")
    return bool(
        heart >= 131
        or heart <= 40
        or rate >= 131
        or rate <= 40
        or breathing >= 25
        or breathing <= 8
        or spo2 <= 91
        or _fall(minute.spo2) >= 4
        or temperature >= 39.1
        or temperature <= 35.0
    )


def _median(track: Track) -> float:
    return float(np.median(track[:, 1])) if len(track) else float("nan")


def _fall(spo2: Track) -> float:
    """Return how far SpO2 fell within the minute: median of its first third less median of its last third."""
    third = len(spo2) // 3
    return float(np.median(spo2[:third, 1]) - np.median(spo2[-third:, 1])) if third else float("nan")


def read_mitdb(folder: Path, record: str) -> Recorded:
    """Read one MIT-BIH record from `folder` (holds <record>.atr and .hea)."""
    marks, rate_hz = wfdb.rdann(str(folder / record), "atr"), wfdb.rdheader(str(folder / record)).fs
    symbols = np.array(marks.symbol)
    times = marks.sample / rate_hz * 1000.0
    is_beat = np.isin(symbols, list(BEATS))
    beat_times, ectopic = times[is_beat], np.isin(symbols[is_beat], list(ECTOPIC))
    beats = beats_at(beat_times)
    rhythm_from = times[symbols == "+"]
    rhythm_to = np.append(rhythm_from[1:], times[-1])
    names = [note.rstrip("\x00") for note, symbol in zip(marks.aux_note, symbols, strict=True) if symbol == "+"]
    bad = np.array([name in ABNORMAL_RHYTHMS for name in names])

    def label(end: float) -> Labelled:
        within = (beats[:, 0] > end - SPAN_MS) & (beats[:, 0] <= end)
        minute = Minute(beats=beats[within], heart_rate=_counted_rate(beats, end))
        overlap = np.minimum(rhythm_to, end) - np.maximum(rhythm_from, end - SPAN_MS)
        share = float(ectopic[1:][within].mean()) if within.any() else 0.0
        rhythm = share >= ECTOPIC_SHARE or float(np.maximum(overlap, 0)[bad].sum()) >= RHYTHM_MS
        return Labelled(minute, rhythm, rhythm or vitals_abnormal(minute))

    return Recorded(f"mitdb/{record}", tuple(label(end) for end in _ends(times[-1])))


def read_bidmc(folder: Path, person: str) -> Recorded:
    """Read one BIDMC person from `folder` (holds bidmc_<person>.npz); beats by wfdb's gqrs on ECG II."""
    with np.load(folder / f"bidmc_{person}.npz") as held:
        fs = float(held["fs"])
        ecg = _even(held["ecg_ii"].astype(np.float64))
        tracks = {name: _per_second(held[name]) for name in ("hr", "rr", "spo2")}
    # A patch says the respiratory rate every five seconds.
    tracks["rr"] = tracks["rr"][tracks["rr"][:, 0] % STEP_MS == 0]
    beats = beats_at(gqrs_detect(sig=ecg, fs=fs) / fs * 1000.0)

    def label(end: float) -> Labelled:
        minute = Minute(
            beats=_within(beats, end),
            heart_rate=_within(tracks["hr"], end),
            spo2=_within(tracks["spo2"], end),
            respiratory_rate=_within(tracks["rr"], end),
        )
        if not agreed(minute):
            return Labelled(minute, rhythm=False, abnormal=None)
        if vitals_abnormal(minute):
            return Labelled(minute, rhythm=False, abnormal=True)
        return Labelled(minute, rhythm=False, abnormal=None if irregular(minute.beats) else False)

    return Recorded(f"bidmc/{person}", tuple(label(end) for end in _ends(len(ecg) / fs * 1000.0)))


def agreed(minute: Minute) -> bool:
    """Say whether the beats' mean rate lies within a tenth of the monitor's median heart rate."""
    if not enough(minute) or not len(minute.heart_rate):
        return False
    rate, heart = 60_000.0 / float(minute.beats[:, 1].mean()), _median(minute.heart_rate)
    return abs(rate - heart) <= 0.1 * heart


def irregular(beats: Track) -> bool:
    """Say whether more than a few intervals lie 15 % from the median: ectopy, fibrillation or a lost beat."""
    rr = beats[:, 1]
    return not len(rr) or float((np.abs(rr / np.median(rr) - 1.0) > 0.15).mean()) > _IRREGULAR


def beats_at(times_ms: NDArray[np.float64]) -> Track:
    """Return intervals, ms in steps of 1/1024 s as Bluetooth carries them, each at the beat that ended it."""
    return np.column_stack([times_ms[1:], np.round(np.diff(times_ms) / _TICK_MS) * _TICK_MS]).astype(np.float64)


def _counted_rate(beats: Track, end: float) -> Track:
    """Return the heart rate that a belt would say each second of the minute: over its last eight intervals."""
    seconds = np.arange(end - SPAN_MS + 1000.0, end + 1.0, 1000.0)
    upto = np.searchsorted(beats[:, 0], seconds, side="right")
    said = [(s, round(60_000.0 / float(beats[max(0, n - 8) : n, 1].mean()))) for s, n in zip(seconds, upto, strict=True) if n]
    return np.array(said, dtype=np.float64).reshape(-1, 2)


def _even(ecg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ECG around 0 and as high as a chest lead in mV: gqrs has thresholds in mV and loses or doubles beats otherwise."""
    centred = ecg - np.median(ecg)
    return centred * (0.5 / np.percentile(np.abs(centred), 99))


def _per_second(values: NDArray[np.float32]) -> Track:
    track = np.column_stack([np.arange(len(values)) * 1000.0, values]).astype(np.float64)
    return track[np.isfinite(track[:, 1])]


def _within(track: Track, end: float) -> Track:
    return track[(track[:, 0] > end - SPAN_MS) & (track[:, 0] <= end)]


def _ends(length_ms: float) -> Iterator[float]:
    """Return the judged moments: every STEP_MS once a whole minute has passed."""
    return iter(np.arange(float(SPAN_MS), length_ms + 1.0, STEP_MS).tolist())


def without(minute: Minute, *tracks: str) -> Minute:
    """Return the minute with some vitals missing ("heart_rate", "spo2", "respiratory_rate", "temperature")."""
    return replace(minute, **{name: np.empty((0, 2)) for name in tracks})


def people_in(data: Path) -> tuple[list[Recorded], list[Recorded]]:
    """Read (training people, test people) from a folder laid out as `ecg/mitdb/` and `vitals/bidmc/`."""
    mitdb, bidmc = data / "ecg" / "mitdb", data / "vitals" / "bidmc"
    others = sorted(path.stem.removeprefix("bidmc_") for path in bidmc.glob("bidmc_*.npz"))
    train = [read_mitdb(mitdb, record) for record in MITDB_TRAIN]
    train += [read_bidmc(bidmc, person) for person in others if person not in BIDMC_TEST]
    return train, test_people_in(data)


def test_people_in(data: Path) -> list[Recorded]:
    """Read the test people alone."""
    mitdb, bidmc = data / "ecg" / "mitdb", data / "vitals" / "bidmc"
    return [read_mitdb(mitdb, record) for record in MITDB_TEST] + [read_bidmc(bidmc, person) for person in BIDMC_TEST]
