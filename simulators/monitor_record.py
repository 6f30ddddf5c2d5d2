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


def kinds_of(path: Path) -> tuple[str, ...]:
    """Return the kinds of wearable that a file has signals for.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
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
    beats = _beats(arrays["ecg_ii"], rate_hz) if "ecg_ii" in arrays else np.empty(0)
    return Replay(seconds, beats[beats < seconds], traces, monitor)


def _open(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except BadZipFile as error:
        raise ValueError(str(error)) from error


def _beats(ecg: NDArray[np.generic], rate_hz: float) -> NDArray[np.float64]:
    peaks = gqrs_detect(sig=ecg.astype(np.float64), fs=rate_hz)
    return np.asarray(peaks, dtype=np.float64) / rate_hz
