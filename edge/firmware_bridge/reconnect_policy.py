"""How long to wait before a wearable is called again: longer each time, and never all at once.

A link that comes up and falls at once is a failure too: patience starts again only after useful data has flowed a while.
"""

from dataclasses import dataclass, replace

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 60.0
STEADY_S = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a wearable's link has fared. failures: in a row. flowing_since: s of a steady clock when data came, or None."""

    failures: int = 0
    flowing_since: float | None = None


def data_came(patience: Patience, now_s: float) -> Patience:
    """Note that useful data came; `now_s` is of any steady clock."""
    return patience if patience.flowing_since is not None else replace(patience, flowing_since=now_s)


def link_ended(patience: Patience, now_s: float) -> Patience:
    """Note that the link fell, or did not come up."""
    steady = patience.flowing_since is not None and now_s - patience.flowing_since >= STEADY_S
    return Patience(0 if steady else patience.failures + 1)


def wait_s(patience: Patience, dice: float) -> float:
    """Return how long to wait now, 0..60 s, half of it certain and half by `dice` (0..1)."""
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(patience.failures, 16))
    return longest * (0.5 + 0.5 * dice)
