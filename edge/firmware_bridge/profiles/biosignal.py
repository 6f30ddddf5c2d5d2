"""Our biosignal service (8d2b0100): a waveform in pieces, and the respiratory rate.

Waveform value: metric u8, rate_hz f32, gain f32, first_sample u32, samples int16 * n, all little-endian.
Respiratory rate value: flags u8 (bit 0: no signal), breaths a minute u8.
"""

import math
from dataclasses import dataclass
from struct import pack, unpack

import numpy as np
from numpy.typing import NDArray

from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed
from protocol.metrics import Form, metric_of

_NO_SIGNAL = 0x01
_SLOWEST_HZ, _FASTEST_HZ = 0.1, 100_000.0


@dataclass(frozen=True, slots=True, eq=False)
class WaveformValue:
    """Evenly sampled values, the last one taken when the value was sent.

    metric: code of a waveform metric of `protocol.metrics`. rate_hz: 0.1..100,000. gain: metric units per step, > 0.
    first_sample: number of the first sample since the wearable started, 0..2^32-1. samples: int16, shape (n,), n >= 1.
    """

    metric: int
    rate_hz: float
    gain: float
    first_sample: int
    samples: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class RespiratoryRate:
    """Breaths a minute, 0..255, or None where the sensor has no signal."""

    breaths_per_minute: int | None


def parse_waveform(data: bytes) -> WaveformValue:
    """Read a waveform value.

    Raises:
        Malformed: no waveform metric, a rate or gain outside its range, no sample, or half a sample.
    """
    octets = Octets("waveform", data)
    metric = octets.unsigned(1, "metric")
    rate_hz, gain, first_sample = unpack("<ffI", octets.take(12, "rate, gain and first sample"))
    rest = octets.rest()
    if not rest or len(rest) % 2:
        raise Malformed(f"waveform has {len(rest)} bytes of samples, not two for each of at least one")
    value = WaveformValue(metric, rate_hz, gain, first_sample, np.frombuffer(rest, dtype="<i2").astype(np.int16))
    _check(value)
    return value


def serialise_waveform(value: WaveformValue) -> bytes:
    """Write a waveform value.

    Raises:
        Malformed: a field outside its range.
    """
    _check(value)
    if not 0 <= value.first_sample < 1 << 32 or not len(value.samples):
        raise Malformed(f"waveform of {len(value.samples)} samples from {value.first_sample} cannot be written")
    head = pack("<BffI", value.metric, value.rate_hz, value.gain, value.first_sample)
    return head + value.samples.astype("<i2").tobytes()


def parse_respiratory_rate(data: bytes) -> RespiratoryRate:
    """Read a respiratory rate.

    Raises:
        Malformed: not two bytes.
    """
    octets = Octets("respiratory rate", data)
    flags, breaths = octets.unsigned(1, "flags"), octets.unsigned(1, "breaths a minute")
    octets.end()
    return RespiratoryRate(None if flags & _NO_SIGNAL else breaths)


def serialise_respiratory_rate(rate: RespiratoryRate) -> bytes:
    """Write a respiratory rate.

    Raises:
        Malformed: more than 255 breaths a minute, or fewer than none.
    """
    if rate.breaths_per_minute is None:
        return bytes([_NO_SIGNAL, 0])
    if not 0 <= rate.breaths_per_minute <= 0xFF:
        raise Malformed(f"{rate.breaths_per_minute} breaths a minute do not fit a byte")
    return bytes([0, rate.breaths_per_minute])


def _check(value: WaveformValue) -> None:
    if metric_of(value.metric).form is not Form.WAVEFORM:
        raise Malformed(f"metric {value.metric} is no waveform")
    if not _SLOWEST_HZ <= value.rate_hz <= _FASTEST_HZ:
        raise Malformed(f"waveform rate {value.rate_hz} Hz is outside {_SLOWEST_HZ:g}..{_FASTEST_HZ:g}")
    if not (math.isfinite(value.gain) and value.gain > 0):
        raise Malformed(f"waveform gain {value.gain} is no positive number")
