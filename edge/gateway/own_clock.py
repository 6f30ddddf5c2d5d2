"""Whether this machine's own clock is synchronised, as the kernel knows it from whoever disciplines the clock (NTP, PTP).

adjtimex(2): asked without modes it changes nothing, and returns TIME_ERROR while the clock is not synchronised.
"""

import ctypes

_TIME_ERROR = 5
_STRUCT_TIMEX_BYTES = 512
"""More than the struct has on any Linux; all zeros: no modes."""
_LIBC = ctypes.CDLL(None, use_errno=True)


def synchronised() -> bool:
    """Say whether it is; a kernel that does not tell is not believed to be."""
    state = int(_LIBC.adjtimex(ctypes.create_string_buffer(_STRUCT_TIMEX_BYTES)))
    return 0 <= state != _TIME_ERROR
