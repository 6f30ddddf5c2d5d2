"""Strategies that tests of several profiles share."""

from hypothesis import strategies as st

from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.watch_time import WatchTime

TIMES = st.builds(
    WatchTime,
    st.just(0) | st.integers(1582, 9999),
    st.integers(0, 12),
    st.integers(0, 31),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
)


def numbers(least: int, greatest: int, exponent: int = 0) -> st.SearchStrategy[MedicalNumber]:
    """Return numbers with a whole mantissa within the bounds, times ten to the exponent."""
    return st.builds(MedicalNumber, st.integers(least, greatest).map(lambda mantissa: float(f"{mantissa}e{exponent}")))


OCTET, WORD = st.integers(0, 0xFF), st.integers(0, 0xFFFF)
