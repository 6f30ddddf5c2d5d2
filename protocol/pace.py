"""How fast a demonstration's time runs beside the wall clock: one clock scaled for every process of it.

Outside a demonstration the pace is `REAL`: one second a second.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocol.errors import Malformed

FASTEST = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Time that left the wall clock at `origin` (UTC) and has run `speed` (1..10) seconds a second since."""

    origin: datetime
    speed: float = 1.0

    def at(self, wall: datetime) -> datetime:
        """Return the demonstration's time, UTC, at this moment of the wall clock."""
        return self.origin + (wall - self.origin) * self.speed

    def at_ms(self, wall_seconds: float) -> int:
        """Return the demonstration's time, ms UTC, at this moment of the wall clock, s since 1970: `at` for those who ask often."""
        origin = self.origin.timestamp()
        return int((origin + (wall_seconds - origin) * self.speed) * 1000)

    def wall_seconds(self, seconds: float) -> float:
        """Return how long `seconds` of the demonstration last on the wall clock."""
        return seconds / self.speed


REAL = Pace(datetime(1970, 1, 1, tzinfo=UTC))


def parse_pace(text: str, *, demonstration: bool) -> Pace:
    """Read "<origin as Unix seconds>,<speed>", as `write_pace` writes it; nothing at all is `REAL`.

    Raises:
        Malformed: not of that form, a speed outside 1..10, or one other than 1 outside a demonstration.
    """
    if not text:
        return REAL
    try:
        origin, speed = (float(part) for part in text.split(","))
        pace = Pace(datetime.fromtimestamp(origin, UTC), speed)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(f"pace {text!r} is not '<origin in Unix seconds>,<speed>'") from error
    if not 1.0 <= speed <= FASTEST:
        raise Malformed(f"speed {speed:g} is outside 1..{FASTEST:g}")
    if speed != 1.0 and not demonstration:
        raise Malformed(f"MEDIASSIST_PACE has speed {speed:g}; only a demonstration may change it (MEDIASSIST_DEMO=1)")
    return pace


def write_pace(pace: Pace) -> str:
    """Return the form that `parse_pace` reads."""
    return f"{(pace.origin - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)!r},{pace.speed!r}"
