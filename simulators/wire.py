"""The bytes that wearables put on the air, written by themselves and not by the reader's own code.

Heart Rate, Pulse Oximeter and Health Thermometer by the Bluetooth SIG's specifications, the biosignal and hand-over
services as `docs/` and the gateway's profiles state them. All little-endian.
"""

import math
from collections.abc import Sequence
from struct import pack, unpack

import numpy as np
from numpy.typing import NDArray

HEART_RATE_SERVICE, PULSE_OXIMETER_SERVICE, THERMOMETER_SERVICE = 0x180D, 0x1822, 0x1809
BATTERY_SERVICE, DEVICE_INFORMATION_SERVICE = 0x180F, 0x180A
HEART_RATE_MEASUREMENT, PULSE_OXIMETER_CONTINUOUS, TEMPERATURE_MEASUREMENT = 0x2A37, 0x2A5F, 0x2A1C
BATTERY_LEVEL, MANUFACTURER, MODEL, SERIAL, FIRMWARE = 0x2A19, 0x2A29, 0x2A24, 0x2A25, 0x2A26
BIOSIGNAL_SERVICE, WAVEFORM, RESPIRATORY_RATE = 0x0100, 0x0101, 0x0102
HAND_OVER_SERVICE, RECORD, KEPT, SESSION = 0x0200, 0x0201, 0x0202, 0x0203

_SFLOAT_NAN, _FLOAT_NAN = 0x07FF, 0x007FFFFF


def uuid_of(number: int) -> str:
    """Return the 128-bit UUID of a number: the SIG's from 0x1800 on, ours below."""
    if number >= HEART_RATE_SERVICE & 0xFF00:
        return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"
    return f"8d2b{number:04x}-4b1f-4d6a-9c53-6d6564690001"


def heart_rate(bpm: float, rr_s: Sequence[float]) -> bytes:
    """Return a heart rate measurement; NaN as rate: the electrodes have lost the skin, and no interval is said."""
    if math.isnan(bpm):
        return bytes([0x04, 0])
    intervals = [min(0xFFFF, round(interval * 1024)) for interval in rr_s]
    return pack(f"<BB{len(intervals)}H", 0x06 | 0x10 * bool(intervals), min(255, round(bpm)), *intervals)


def pulse_oximeter(spo2: float, pulse_rate: float) -> bytes:
    """Return a continuous measurement in % and /min; NaN is said as NaN."""
    return pack("<BHH", 0, _sfloat(spo2), _sfloat(pulse_rate))


def temperature(celsius: float) -> bytes:
    """Return a temperature measured in the armpit, two decimals; NaN is said as NaN."""
    raw = _FLOAT_NAN if math.isnan(celsius) else 0xFE000000 | (round(celsius * 100) & 0xFFFFFF)
    return pack("<BIB", 0x04, raw, 1)


def respiratory_rate(breaths_per_minute: float) -> bytes:
    """Return a respiratory rate; NaN: no signal."""
    return bytes([1, 0]) if math.isnan(breaths_per_minute) else bytes([0, min(255, round(breaths_per_minute))])


def waveform(metric: int, rate_hz: float, gain: float, first_sample: int, samples: NDArray[np.int16]) -> bytes:
    """Return a piece of a waveform; samples: int16, shape (n,)."""
    return pack("<BffI", metric, rate_hz, gain, first_sample & 0xFFFFFFFF) + samples.astype("<i2").tobytes()


def record(sequence: int, ticks_ms: int, characteristic: int, value: bytes) -> bytes:
    """Return a record of the hand-over service."""
    return pack("<IIH", sequence, ticks_ms, characteristic) + value


def session(number: int, oldest: int, following: int, ticks_ms: int | None) -> bytes:
    """Return the session: its number, the oldest sequence in memory, the one that comes next, and the clock unless it is None."""
    return pack("<III", number, oldest, following) + (b"" if ticks_ms is None else pack("<I", ticks_ms))


def parse_kept(value: bytes) -> tuple[int, int] | None:
    """Return (session, sequence) of a `kept`, or None where it is none."""
    return unpack("<II", value) if len(value) == 8 else None


def _sfloat(number: float) -> int:
    return _SFLOAT_NAN if math.isnan(number) else round(number) & 0x0FFF
