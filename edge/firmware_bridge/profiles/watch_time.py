"""Date Time (2A08) of the Bluetooth SIG: what a device's own watch shows, without a zone; seven octets inside many values."""

from dataclasses import dataclass
from datetime import UTC, datetime
from struct import pack

from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed


@dataclass(frozen=True, slots=True)
class WatchTime:
    """A date and time of a device's own watch, no zone. year: 1582..9999; year, month, day: 0 = not known."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int

    @property
    def seconds(self) -> int | None:
        """Seconds since 1970 as if the watch showed UTC; None where the date is not known or there is no such day."""
        try:
            shown = datetime(self.year, self.month, self.day, self.hour, self.minute, self.second, tzinfo=UTC)
        except ValueError:
            return None
        return int(shown.timestamp())


def take(octets: Octets) -> WatchTime:
    """Take seven octets.

    Raises:
        Malformed: fewer are left, or a time that no watch shows.
    """
    year = octets.unsigned(2, "year")
    month, day, hour, minute, second = (octets.unsigned(1, field) for field in ("month", "day", "hour", "minute", "second"))
    time = WatchTime(year, month, day, hour, minute, second)
    _check(time)
    return time


def written(time: WatchTime) -> bytes:
    """Write seven octets.

    Raises:
        Malformed: no watch shows it.
    """
    _check(time)
    return pack("<HBBBBB", time.year, time.month, time.day, time.hour, time.minute, time.second)


def watch_time_of(moment: datetime) -> WatchTime:
    """Return what a watch shows at a moment, in that moment's own zone."""
    return WatchTime(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)


def _check(time: WatchTime) -> None:
    known = time.year == 0 or 1582 <= time.year <= 9999
    if not (
        known and 0 <= time.month <= 12 and 0 <= time.day <= 31 and 0 <= time.hour < 24 and 0 <= time.minute < 60 and 0 <= time.second < 60
    ):
        raise Malformed(f"no watch shows {time}")
