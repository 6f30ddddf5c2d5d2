"""One record in PhysioNet's WFDB form: its ECG and, where there are annotations, its beats."""

from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from protocol.metrics import ECG
from simulators.body import Channel
from simulators.replay import Replay, Trace

_MILLIVOLTS = {"mV": 1.0, "uV": 0.001, "V": 1000.0}
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
_LARGEST = 32767


def kinds_of(record: Path) -> tuple[str, ...]:
    """Return the kinds of wearable that a record has signals for.

    Raises:
        OSError, ValueError: its header cannot be read.
    """
    header = wfdb.rdheader(str(record))
    beats = ("heart_rate_belt",) if Path(f"{record}.atr").is_file() else ()
    ecg = ("ecg_patch",) if _ecg_of(header.units) is not None else ()
    return (*beats, *ecg)


def read(record: Path) -> Replay:
    """Read a record: its first channel in volts is the ECG, its beats come from the annotations.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    header = wfdb.rdheader(str(record))
    channel = _ecg_of(header.units)
    traces: tuple[Trace, ...] = ()
    if channel is not None:
        traces = (_ecg(record, channel),)
    return Replay(header.sig_len / header.fs, _beats(record, header.fs), traces, {})


def _ecg_of(units: list[str] | None) -> int | None:
    """Return the number of the first channel measured in volts."""
    return next((i for i, unit in enumerate(units or []) if unit in _MILLIVOLTS), None)


def _ecg(record: Path, channel: int) -> Trace:
    """Read one channel as the converter gave it, zero taken off; wider converters are brought down to 16 bits."""
    signal = wfdb.rdrecord(str(record), channels=[channel], physical=False)
    if signal.d_signal is None:
        raise ValueError(f"record {record.name} has no signal")
    steps = signal.d_signal[:, 0].astype(np.int64) - signal.baseline[0]
    coarser = max(1, -(-int(np.abs(steps).max()) // _LARGEST))
    gain = coarser * _MILLIVOLTS[signal.units[0]] / signal.adc_gain[0]
    return Trace(Channel(ECG.code, float(signal.fs), gain), (steps // coarser).astype(np.int16))


def _beats(record: Path, rate_hz: float) -> NDArray[np.float64]:
    if not Path(f"{record}.atr").is_file():
        return np.empty(0)
    annotations = wfdb.rdann(str(record), "atr")
    is_beat = np.array([symbol in _BEATS for symbol in annotations.symbol], dtype=bool)
    return annotations.sample[is_beat] / rate_hz
