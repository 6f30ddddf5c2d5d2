"""Public recordings by name: their official addresses, and the SHA-256 that each file must have.

They are downloaded by pooch, or taken from a folder where somebody already has them; either way no byte is believed
before its hash is. BIDMC is published as tables; it is turned into the npz form that `monitor_record` reads.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pooch
from numpy.typing import NDArray

_BIDMC_RATE_HZ = 125
_BIDMC_GAIN = 8000
_BIDMC_WAVEFORMS = {"ecg_ii": "II", "ppg": "PLETH", "resp": "RESP"}
_BIDMC_NUMBERS = {"hr": "HR", "pulse": "PULSE", "rr": "RESP", "spo2": "SpO2"}


class DatasetError(Exception):
    """A data set cannot be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One published set. registry: a file of `simulators/registries`, a name and a SHA-256 a line. address: where the files lie."""

    name: str
    address: str
    registry: str
    licence: str
    about: str


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "mitdb",
            "https://physionet.org/files/mitdb/1.0.0/",
            "mitdb.txt",
            "ODC-BY 1.0",
            "MIT-BIH Arrhythmia Database: two-channel ECG with beat annotations, 30 minutes a record",
        ),
        Dataset(
            "bidmc",
            "https://physionet.org/files/bidmc/1.0.0/bidmc_csv/",
            "bidmc.txt",
            "ODC-BY 1.0",
            "BIDMC PPG and Respiration: ECG, PPG and respiration at 125 Hz and a monitor's numbers each second, 8 minutes a record",
        ),
    )
}


def records_of(dataset: Dataset) -> list[str]:
    """Return the names of a set's records."""
    return sorted({_record_of(name) for name in _registry(dataset.registry)})


def fetch(dataset: Dataset, into: Path, records: Sequence[str] = (), source: Path | None = None) -> list[Path]:
    """Bring records (default: all) into the folder `into`, ready to be replayed; return their files.

    source: a folder that holds them, instead of the download.

    Raises:
        DatasetError: no such record, a file that is missing or altered, or no connection.
    """
    unknown = sorted(set(records) - set(records_of(dataset)))
    if unknown:
        raise DatasetError(f"{dataset.name} has no record {', '.join(unknown)}: see `mediassist datasets list`")
    wanted = set(records or records_of(dataset))
    into.mkdir(parents=True, exist_ok=True)
    if source is not None and dataset.name == "bidmc" and any(source.glob("*.npz")):
        return _copied(_of_records(_registry("bidmc_npz.txt"), wanted), source, into)
    registry = _of_records(_registry(dataset.registry), wanted)
    if dataset.name != "bidmc":
        return _copied(registry, source, into) if source is not None else _downloaded(dataset, registry, into)
    tables = into / "tables"
    tables.mkdir(exist_ok=True)
    _ = _copied(registry, source, tables) if source is not None else _downloaded(dataset, registry, tables)
    return [bidmc_to_npz(tables, record, into) for record in sorted(wanted)]


def bidmc_to_npz(tables: Path, record: str, into: Path) -> Path:
    """Turn one BIDMC record's two tables into the npz form; return its file.

    Raises:
        DatasetError: a column is missing.
    """
    signals, numbers = _table(tables / f"{record}_Signals.csv"), _table(tables / f"{record}_Numerics.csv")
    arrays: dict[str, NDArray[np.generic]] = {"fs": np.array(_BIDMC_RATE_HZ, dtype=np.int32)}
    try:
        for name, column in _BIDMC_WAVEFORMS.items():
            arrays[name] = np.round(signals[column] * _BIDMC_GAIN).astype(np.int16)
            arrays[f"gain_{name}"] = np.array(_BIDMC_GAIN, dtype=np.int32)
        for name, column in _BIDMC_NUMBERS.items():
            arrays[name] = numbers[column].astype(np.float32)
    except KeyError as error:
        raise DatasetError(f"{record}: no column {error} in its tables") from error
    path = into / f"{record}.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return path


def _table(path: Path) -> dict[str, NDArray[np.float64]]:
    with path.open(encoding="ascii") as lines:
        columns = [column.strip() for column in next(lines).split(",")]
        numbers = np.loadtxt(lines, delimiter=",", ndmin=2)
    return dict(zip(columns, numbers.T, strict=True))


def _registry(name: str) -> dict[str, str]:
    lines = files("simulators.registries").joinpath(name).read_text(encoding="ascii").splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}


def _record_of(file: str) -> str:
    return file.partition(".")[0].removesuffix("_Signals").removesuffix("_Numerics")


def _of_records(registry: dict[str, str], wanted: set[str]) -> dict[str, str]:
    return {file: digest for file, digest in registry.items() if _record_of(file) in wanted}


def _downloaded(dataset: Dataset, registry: dict[str, str], into: Path) -> list[Path]:
    store = pooch.create(into, dataset.address, registry=registry, retry_if_failed=2)
    try:
        return [Path(store.fetch(file)) for file in registry]
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{dataset.name} cannot be downloaded from {dataset.address} ({error}): try again, or name a folder by --from"
        ) from error


def _copied(registry: dict[str, str], source: Path, into: Path) -> list[Path]:
    copied: list[Path] = []
    for file, digest in registry.items():
        original = source / file
        if not original.is_file():
            raise DatasetError(f"{original} is missing")
        if pooch.file_hash(original) != digest:
            raise DatasetError(f"{original} is altered: its SHA-256 is not the published one")
        target = into / file
        if original.resolve() != target.resolve():
            shutil.copyfile(original, target)
        copied.append(target)
    return copied
