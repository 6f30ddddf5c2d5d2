"""Recordings of real people: which there are in a folder, what can be worn with one, and how it becomes a body.

Two forms are read: WFDB records (header, signal file, perhaps beat annotations in .atr), and npz files of a bedside
monitor as the BIDMC set has them (ppg, resp, ecg_ii at `fs`, hr, pulse, rr, spo2 each second). The readers are imported
when a recording is opened: wfdb brings pandas, two seconds and 100 MB that a story does not need.
"""

from pathlib import Path

from simulators.replay import Replay


class RecordingError(Exception):
    """A recording cannot be read; the message says which and why."""


def records_in(path: Path) -> list[Path]:
    """Return the recordings at `path`: it is one (with or without its extension), or a folder of them, then sorted.

    Raises:
        RecordingError: there is none.
    """
    if path.is_dir():
        found = sorted({*path.glob("*.npz"), *(header.with_suffix("") for header in path.glob("*.hea"))})
        if not found:
            raise RecordingError(f"{path} holds no recording: neither *.hea of WFDB nor *.npz")
        return found
    if path.suffix == ".npz" and path.is_file():
        return [path]
    record = path.with_suffix("") if path.suffix in (".hea", ".dat", ".atr") else path
    if Path(f"{record}.hea").is_file():
        return [record]
    raise RecordingError(f"{path} is no recording: give a WFDB record, an npz file, or a folder of them")


def kinds_of(path: Path) -> tuple[str, ...]:
    """Return the kinds of wearable for which the recording at `path` has signals, reading as little as possible.

    Raises:
        RecordingError: it cannot be read.
    """
    from simulators import monitor_record, wfdb_record  # noqa: PLC0415

    record = _one(path)
    try:
        return monitor_record.kinds_of(record) if record.suffix == ".npz" else wfdb_record.kinds_of(record)
    except (OSError, ValueError, KeyError) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error


def open_recording(path: Path) -> Replay:
    """Read a recording.

    Raises:
        RecordingError: it cannot be read.
    """
    from simulators import monitor_record, wfdb_record  # noqa: PLC0415

    record = _one(path)
    try:
        return monitor_record.read(record) if record.suffix == ".npz" else wfdb_record.read(record)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error


def _one(path: Path) -> Path:
    if path.is_dir():
        raise RecordingError(f"{path} is a folder: name one recording in it")
    return records_in(path)[0]
