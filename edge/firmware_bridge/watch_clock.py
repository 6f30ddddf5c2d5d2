"""When was it measured, by a device that stamps its measurements with its own watch? Pure.

A watch shows local time without a zone, and is often wrong. What counts is how far it is off now: it is read at the connection
(Current Time Service), and a stamp is shifted by that difference. Rules where that is not enough:

| stamp | watch | measured at |
|---|---|---|
| none, or without a date | any | arrival |
| a time | readable | stamp + (now - shown) |
| a time | cannot be read | stamp in the gateway's zone, if that lies in the last 90 days, else arrival |
| later than the arrival by more than a minute after that | any | arrival: the watch was set back since it measured |
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge.firmware_bridge.profiles import blood_pressure, glucose, health_thermometer, identifiers, pulse_oximeter, weight_scale
from edge.firmware_bridge.profiles.current_time import CurrentTime
from edge.firmware_bridge.profiles.watch_time import WatchTime

FUTURE_MS = 60_000
"""A stamp may be this much later than its arrival: watches show whole minutes."""
BELIEVED_MS = 90 * 24 * 3_600_000
"""How old a stamp may be that no readable watch stands behind."""
OFF_MS = 2_000
"""A watch that is off by more than this is set."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How far a device's watch is behind true time, in ms (what it shows + behind = UTC); None where it cannot be read."""

    behind_ms: int | None = None


def watch_of(shown: CurrentTime, now: int) -> Watch:
    """Return how far a watch is off that showed this at `now` (ms UTC); one without a date cannot be read."""
    milliseconds = shown.milliseconds
    return Watch(None if milliseconds is None else now - milliseconds)


def off_by_ms(watch: Watch, now: int, zone: ZoneInfo) -> int | None:
    """Return how far a watch is from the time of a place, or None where it cannot be read."""
    if watch.behind_ms is None:
        return None
    offset = datetime.fromtimestamp(now / 1000, zone).utcoffset()
    assert offset is not None
    return watch.behind_ms + int(offset.total_seconds() * 1000)


def measured_at(shown_seconds: int | None, watch: Watch, arrived_at: int, zone: ZoneInfo) -> int:
    """Return when it was measured, ms UTC.

    Args:
        shown_seconds: the stamp, seconds since 1970 as if the watch showed UTC; None where there is none.
        watch: as it was read in the connection that the measurement came by.
        arrived_at: ms UTC.
        zone: of the gateway.
    """
    if shown_seconds is None:
        return arrived_at
    if watch.behind_ms is not None:
        at = shown_seconds * 1000 + watch.behind_ms
        return arrived_at if at > arrived_at + FUTURE_MS else min(at, arrived_at)
    local = datetime.fromtimestamp(shown_seconds, UTC).replace(tzinfo=zone)
    at = int(local.timestamp() * 1000)
    return min(at, arrived_at) if arrived_at - BELIEVED_MS <= at <= arrived_at + FUTURE_MS else arrived_at


def stamp_of(characteristic: str, value: bytes) -> int | None:
    """Return what the device's watch showed when it measured, as `measured_at` takes it; None where the value bears no stamp.

    Raises:
        Malformed: the value is not of its characteristic's form.
    """
    read = _STAMPS.get(characteristic)
    return None if read is None else read(value)


def _seconds(time: WatchTime | None) -> int | None:
    return None if time is None else time.seconds


_STAMPS: dict[str, Callable[[bytes], int | None]] = {
    identifiers.TEMPERATURE_MEASUREMENT: lambda value: _seconds(health_thermometer.parse(value).taken_at),
    identifiers.BLOOD_PRESSURE_MEASUREMENT: lambda value: _seconds(blood_pressure.parse(value).taken_at),
    identifiers.WEIGHT_MEASUREMENT: lambda value: _seconds(weight_scale.parse(value).taken_at),
    identifiers.PULSE_OXIMETER_SPOT: lambda value: _spot_seconds(pulse_oximeter.parse_spot(value)),
    identifiers.GLUCOSE_MEASUREMENT: lambda value: glucose.parse(value).shown_seconds,
}


def _spot_seconds(check: pulse_oximeter.SpotCheck) -> int | None:
    return None if check.clock_not_set else _seconds(check.taken_at)
