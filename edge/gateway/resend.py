"""When is a message that waits for its receipt sent again?"""

FIRST_SECONDS = 10.0
MOST_SECONDS = 600.0
UNHEARD_SECONDS = 2.0
JITTER = 0.2


def pause(attempts: int, busy: float, dice: float) -> float:
    """Return the seconds until a message that was sent `attempts` times (>= 1) is sent again without a receipt.

    10 s doubling to 10 min, spread by `dice` (0..1) over +-20 %, and never sooner than `busy` seconds, which the cloud asked for.
    """
    doubled = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempts - 1, 16))
    return max(busy, doubled * (1.0 + JITTER * (2.0 * dice - 1.0)))


def pause_unheard(dice: float) -> float:
    """Return the seconds until a message is sent again that the broker surely gave to nobody (MQTT reason 0x10)."""
    return UNHEARD_SECONDS * (1.0 + JITTER * dice)
