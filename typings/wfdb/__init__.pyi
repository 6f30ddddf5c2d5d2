from typing import Any

from numpy import float64, int64
from numpy.typing import NDArray

class Record:
    record_name: str
    fs: float
    sig_len: int
    units: list[str]
    adc_gain: list[float]
    baseline: list[int]
    sig_name: list[str]
    d_signal: NDArray[int64] | None

class Annotation:
    sample: NDArray[int64]
    symbol: list[str]
    aux_note: list[str]

def rdheader(record_name: str) -> Record: ...
def rdrecord(record_name: str, *, channels: list[int] | None = None, physical: bool = True) -> Record: ...
def rdsamp(record_name: str, *, channels: list[int] | None = None) -> tuple[NDArray[float64], dict[str, Any]]: ...
def rdann(record_name: str, extension: str) -> Annotation: ...
