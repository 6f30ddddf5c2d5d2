"""When was it measured, by a device that stamps its measurements with its own watch? Pure.

A watch shows local time without a zone, and is often wrong. What counts is how far it is off now: it is read at the connection
(Current Time Service), and a stamp of the same timeline is shifted by that difference. The cases are those of the HL7 Personal Health
Device guide (2.0, Coincident Timestamp Observation, "logic to report coincident timestamps"), as far as Bluetooth tells them apart:

| case | stamp | watch | gateway's clock | measured at |
|---|---|---|---|---|
| 1 | none, or without a date | any | any | arrival |
| 1 | of a watch that says it was never set | cannot be read | any | arrival |
| 2, synchronised | a time of the last 90 days | cannot be read | any | stamp, in the gateway's zone |
| 2, synchronised | another time | cannot be read | any | arrival: it is no time |
| 2, otherwise | later than its arrival, or than that of a later record | readable | any | no time: kept out of the record, and said so |
| 3, gateway better | a time | set by a reference | synchronised | stamp, shifted by the difference |
| 3, device better | a time | set by a reference | not synchronised | stamp, in the gateway's zone |
| 3, otherwise | a time | not set by a reference | any | stamp, shifted by the difference |

A watch that shows the time of its place follows the clock changes of the place: its stamps are read in the zone, each by the offset of
its own date. In the hour that comes twice the later one is meant, if it is not in the future.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge.firmware_bridge.profiles import blood_pressure, glucose, health_thermometer, identifiers, pulse_oximeter, weight_scale
from edge.firmware_bridge.profiles.current_time import EXTERNAL_REFERENCE, CurrentTime
from edge.firmware_bridge.profiles.glucose import GlucoseMeasurement
from edge.firmware_bridge.profiles.watch_time import WatchTime

FUTURE_MS = 60_000
"""A stamp may be this much later than its arrival, or than that of a later record: watches show whole minutes."""
BELIEVED_MS = 90 * 24 * 3_600_000
"""How old a stamp may be that no readable watch stands behind."""
OFF_MS = 2_000
"""A watch that is off by more than this is set."""
FOLLOWS_MS = 10 * 60_000
"""A watch that is off its place's time by less than this follows the place's clock changes."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How far a device's watch is behind true time, in ms (what it shows + behind = UTC); None where it cannot be read.

    by_reference: whether it was last set by a reference of time, such as a gateway, and not by hand.
    """

    behind_ms: int | None = None
    by_reference: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a watch showed when it measured. seconds: since 1970 as if it showed UTC. never_set: it says so of itself.

    outdated: of a record before the watch was set back, by what records after it say.
    """

    seconds: int
    never_set: bool = False
    outdated: bool = False


def watch_of(shown: CurrentTime, now: int) -> Watch:
    """Return how far a watch is off that showed this at `now` (ms UTC); one without a date cannot be read."""
    milliseconds = shown.milliseconds
    return Watch() if milliseconds is None else Watch(now - milliseconds, bool(shown.adjusted & EXTERNAL_REFERENCE))


def off_by_ms(watch: Watch, now: int, zone: ZoneInfo) -> int | None:
    """Return how far a watch is from the time of a place, or None where it cannot be read."""
    if watch.behind_ms is None:
        return None
    offset = datetime.fromtimestamp(now / 1000, zone).utcoffset()
    assert offset is not None
    return watch.behind_ms + int(offset.total_seconds() * 1000)


def measured_at(stamp: Stamp | None, watch: Watch, arrived_at: int, zone: ZoneInfo, *, synchronised: bool = True) -> int | None:
    """Return when it was measured, ms UTC; None where its time cannot be told.

    Args:
        stamp: None where there is none, or one without a date.
        watch: as it was read in the connection that the measurement came by.
        arrived_at: ms UTC.
        zone: of the gateway.
        synchronised: whether the gateway's own clock is.
    """
    if stamp is None:
        return arrived_at
    if watch.behind_ms is None:
        at = _in_zone(stamp.seconds, zone, arrived_at)
        believed = not stamp.never_set and arrived_at - BELIEVED_MS <= at <= arrived_at + FUTURE_MS
        return min(at, arrived_at) if believed else arrived_at
    if stamp.outdated:
        return None
    if watch.by_reference and not synchronised:
        return _in_zone(stamp.seconds, zone, arrived_at)
    off = off_by_ms(watch, arrived_at, zone)
    follows = off is not None and abs(off) < FOLLOWS_MS
    at = _in_zone(stamp.seconds, zone, arrived_at - off) + off if follows and off is not None else stamp.seconds * 1000 + watch.behind_ms
    return None if at > arrived_at + FUTURE_MS else min(at, arrived_at)


def _in_zone(seconds: int, zone: ZoneInfo, latest: int) -> int:
    """Return when a place's clock showed that, ms UTC; where it did so twice, the later time that is not after `latest`."""
    local = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=zone)
    earlier, later = (int(local.replace(fold=fold).timestamp() * 1000) for fold in (0, 1))
    return later if earlier <= later <= latest + FUTURE_MS else earlier


def stamps_of(records: Sequence[GlucoseMeasurement]) -> list[Stamp | None]:
    """Return the stamps of a meter's records, which stand in the order of their numbers, all as its user's time is kept now.

    A meter's user changes the offset (a journey, summer time) and not the base: the last record's offset counts for all. Where the base
    itself goes back from one record to the next, what is before that is of a timeline that is over.
    """
    offset = records[-1].offset_minutes or 0 if records else 0
    earliest: int | None = None
    stamps: list[Stamp | None] = []
    for record in reversed(records):
        base = record.base_time.seconds
        if base is None:
            stamps.append(None)
            continue
        outdated = earliest is not None and base > earliest + FUTURE_MS // 1000
        earliest = base if earliest is None else min(earliest, base)
        stamps.append(Stamp(base + 60 * offset, outdated=outdated))
    return stamps[::-1]


def stamp_of(characteristic: str, value: bytes) -> Stamp | None:
    """Return what the device's watch showed when it measured; None where the value bears no stamp, or one without a date.

    Raises:
        Malformed: the value is not of its characteristic's form.
    """
    read = _STAMPS.get(characteristic)
    return None if read is None else read(value)


def _stamp(time: WatchTime | None, *, never_set: bool = False) -> Stamp | None:
    return None if time is None or time.seconds is None else Stamp(time.seconds, never_set)


_STAMPS: dict[str, Callable[[bytes], Stamp | None]] = {
    identifiers.TEMPERATURE_MEASUREMENT: lambda value: _stamp(health_thermometer.parse(value).taken_at),
    identifiers.BLOOD_PRESSURE_MEASUREMENT: lambda value: _stamp(blood_pressure.parse(value).taken_at),
    identifiers.WEIGHT_MEASUREMENT: lambda value: _stamp(weight_scale.parse(value).taken_at),
    identifiers.PULSE_OXIMETER_SPOT: lambda value: _spot_stamp(pulse_oximeter.parse_spot(value)),
    identifiers.GLUCOSE_MEASUREMENT: lambda value: stamps_of([glucose.parse(value)])[0],
}


def _spot_stamp(check: pulse_oximeter.SpotCheck) -> Stamp | None:
    return _stamp(check.taken_at, never_set=check.clock_not_set)
