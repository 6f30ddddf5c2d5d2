"""Which row of `waveform` sealed bytes belong to."""

from datetime import datetime

from cloud.data_keys.data_key import row
from cloud.traces import to_ms


def place_of_strip(series: int, at: datetime, first_sample: int) -> bytes:
    """Return a waveform row's identity, to be bound to its bytes."""
    return row("waveform", series, to_ms(at), first_sample)
