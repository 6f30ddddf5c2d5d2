"""One npz file of a bedside monitor, in the form of the BIDMC set: waveforms, and the monitor's own numbers each second.

`ecg_ii`, `ppg`, `resp`: int16 at `fs` Hz, value = integer / `gain_…` (mV; device units). `hr`, `pulse`, `rr`, `spo2`:
float32 at 1 Hz, NaN where the monitor gave none.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from wfdb.processing import gqrs_detect

from protocol.metrics import ECG, HEART_RATE, PLETHYSMOGRAM, PULSE_RATE, RESPIRATION, RESPIRATORY_RATE, SPO2
from simulators.body import Channel
from simulators.replay import Replay, Trace

_WAVEFORMS = {"ecg_ii": ECG, "ppg": PLETHYSMOGRAM, "resp": RESPIRATION}
_NUMBERS = {"hr": HEART_RATE, "pulse": PULSE_RATE, "rr": RESPIRATORY_RATE, "spo2": SPO2}


_THRESHOLDS = (1.0, 0.5, 0.35)
"""Sensitivities of the beat detector, in turn: a small QRS needs a low one."""

_NEAR, _FAR = 0.02, 0.15
"""How far off the monitor's mean rate the found beats' may be: taken at once, and at most."""


def kinds_of(path: Path) -> tuple[str, ...]:
    """Return the kinds of wearable that a file has signals for.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = set(archive.files)
    except BadZipFile as error:
        raise ValueError(str(error)) from error
    kinds = {
        "heart_rate_belt": bool(names & {"hr", "ecg_ii"}),
        "pulse_oximeter": names >= {"spo2", "pulse"},
        "ecg_patch": bool(names & {*_WAVEFORMS, "rr"}),
    }
    return tuple(kind for kind, there in kinds.items() if there)


def read(path: Path) -> Replay:
    """Read a file; beats are found in its ECG.

    Raises:
        OSError, ValueError, KeyError: it cannot be read.
    """
    arrays = _open(path)
    rate_hz = float(arrays["fs"])
    traces = tuple(
        Trace(Channel(metric.code, rate_hz, 1.0 / float(arrays[f"gain_{name}"])), arrays[name].astype(np.int16))
        for name, metric in _WAVEFORMS.items()
        if name in arrays
    )
    monitor = {metric.code: arrays[name].astype(np.float64) for name, metric in _NUMBERS.items() if name in arrays}
    seconds = min(
        (len(trace.samples) / rate_hz for trace in traces), default=float(max((len(said) for said in monitor.values()), default=0))
    )
    if seconds <= 0:
        raise ValueError("neither a waveform nor a monitor's number is in it")
    beats: NDArray[np.float64] = np.empty(0)
    if "ecg_ii" in arrays:
        ecg_mv = arrays["ecg_ii"].astype(np.float64) / float(arrays["gain_ecg_ii"])
        beats = _beats(ecg_mv, rate_hz, _mean_rate(monitor))
    return Replay(seconds, beats[beats < seconds], traces, monitor)


def _open(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except BadZipFile as error:
        raise ValueError(str(error)) from error


def _beats(ecg_mv: NDArray[np.float64], rate_hz: float, said: float | None) -> NDArray[np.float64]:
    """Find the beats' times in s; none where the detector, at no sensitivity, comes near the rate that the monitor said.

    ecg_mv: mV, as the detector's thresholds are. said: the monitor's mean rate in /min, None where it said none.
    """
    best: NDArray[np.float64] = np.empty(0)
    least = _FAR
    for threshold in _THRESHOLDS:
        peaks_s = np.asarray(gqrs_detect(sig=ecg_mv, fs=rate_hz, threshold=threshold), dtype=np.float64) / rate_hz
        if said is None:
            return peaks_s
        off = abs(60.0 * (len(peaks_s) - 1) / (peaks_s[-1] - peaks_s[0]) / said - 1.0) if len(peaks_s) > 1 else 1.0
        if off < least:
            best, least = peaks_s, off
        if off < _NEAR:
            break
    return best


def _mean_rate(monitor: dict[int, NDArray[np.float64]]) -> float | None:
    said = monitor.get(HEART_RATE.code, np.empty(0))
    heard = said[np.isfinite(said) & (said > 0)]
    return float(heard.mean()) if len(heard) else None
