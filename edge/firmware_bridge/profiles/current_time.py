"""Current Time (2A2B) and Local Time Information (2A0F) of the Current Time Service 1.1: to read a device's watch, and to set it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import pack

from edge.firmware_bridge.profiles import watch_time
from edge.firmware_bridge.profiles.octets import Octets
from edge.firmware_bridge.profiles.watch_time import WatchTime, watch_time_of
from protocol.errors import Malformed

MANUAL, EXTERNAL_REFERENCE, TIME_ZONE, DAYLIGHT_SAVING = 0x01, 0x02, 0x04, 0x08
"""Bits of `adjusted`: why the watch was last set."""
_QUARTERS = timedelta(minutes=15)
_UNKNOWN_ZONE, _UNKNOWN_DAYLIGHT = -128, 255
_DAYLIGHT_QUARTERS = (0, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class CurrentTime:
    """What a watch shows. weekday: 1 Monday .. 7 Sunday, 0 not known. fraction: 1/256 s. adjusted: why it was last set (bits)."""

    shown: WatchTime
    weekday: int = 0
    fraction: int = 0
    adjusted: int = 0

    @property
    def milliseconds(self) -> int | None:
        """Milliseconds since 1970 as if the watch showed UTC; None where it shows no date."""
        seconds = self.shown.seconds
        return None if seconds is None else seconds * 1000 + self.fraction * 1000 // 256


@dataclass(frozen=True, slots=True)
class LocalTime:
    """zone: offset from UTC in quarters of an hour, -48..56, None not known. daylight: quarters added to it (0, 2, 4, 8), None not known."""

    zone: int | None
    daylight: int | None


def parse(data: bytes) -> CurrentTime:
    """Read a current time.

    Raises:
        Malformed: not 10 bytes, a time that no watch shows, or a weekday past 7.
    """
    octets = Octets("current time", data)
    time = CurrentTime(
        shown=watch_time.take(octets),
        weekday=octets.unsigned(1, "day of week"),
        fraction=octets.unsigned(1, "fraction"),
        adjusted=octets.unsigned(1, "adjust reason"),
    )
    octets.end()
    if time.weekday > 7:
        raise Malformed(f"current time: there is no day {time.weekday} of the week")
    return time


def serialise(time: CurrentTime) -> bytes:
    """Write a current time.

    Raises:
        Malformed: a number or a time outside what its field can say.
    """
    if not (0 <= time.weekday <= 7 and 0 <= time.fraction <= 0xFF and 0 <= time.adjusted <= 0xFF):
        raise Malformed(f"current time: {time} cannot be written")
    return watch_time.written(time.shown) + bytes([time.weekday, time.fraction, time.adjusted])


def current_time_at(moment: datetime) -> CurrentTime:
    """Return what to set a watch to at a moment (with its zone): it shows that zone's time, by an external reference."""
    return CurrentTime(watch_time_of(moment), moment.isoweekday(), moment.microsecond * 256 // 1_000_000, EXTERNAL_REFERENCE)


def parse_local(data: bytes) -> LocalTime:
    """Read local time information.

    Raises:
        Malformed: not 2 bytes, or an offset that no place has.
    """
    octets = Octets("local time", data)
    zone = int.from_bytes(octets.take(1, "time zone"), signed=True)
    daylight = octets.unsigned(1, "daylight saving")
    octets.end()
    local = LocalTime(None if zone == _UNKNOWN_ZONE else zone, None if daylight == _UNKNOWN_DAYLIGHT else daylight)
    _check(local)
    return local


def serialise_local(local: LocalTime) -> bytes:
    """Write local time information.

    Raises:
        Malformed: an offset that no place has.
    """
    _check(local)
    zone = _UNKNOWN_ZONE if local.zone is None else local.zone
    return pack("<bB", zone, _UNKNOWN_DAYLIGHT if local.daylight is None else local.daylight)


def local_time_at(moment: datetime) -> LocalTime:
    """Return the zone of a moment as its offset without daylight saving time, and what that adds."""
    daylight = moment.dst() or timedelta()
    zone = (moment.utcoffset() or timedelta()) - daylight
    return LocalTime(round(zone / _QUARTERS), round(daylight / _QUARTERS))


def utc_of(shown: WatchTime, local: LocalTime) -> datetime | None:
    """Return when a watch shows that; None where its date or its offset is not known."""
    if shown.seconds is None or local.zone is None or local.daylight is None:
        return None
    return datetime.fromtimestamp(shown.seconds, UTC) - _QUARTERS * (local.zone + local.daylight)


def _check(local: LocalTime) -> None:
    if local.zone is not None and not -48 <= local.zone <= 56:
        raise Malformed(f"no place is {local.zone} quarters of an hour from UTC")
    if local.daylight is not None and local.daylight not in _DAYLIGHT_QUARTERS:
        raise Malformed(f"no place adds {local.daylight} quarters of an hour in summer")
