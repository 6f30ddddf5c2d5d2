"""How long what is kept: whole partitions (TimescaleDB: chunks) are dropped, never row after row."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.database import Connection, value_of


@dataclass(frozen=True, slots=True)
class Retention:
    """After how long readings, their roll-up by minute, and waveforms are dropped; None = never."""

    readings: timedelta | None = None
    minutes: timedelta | None = None
    waveforms: timedelta | None = None


async def drop_old(connection: Connection, keep: Retention, now: datetime) -> dict[str, int]:
    """Drop what is older; return how many partitions of each table went. What is not added up yet is never dropped."""
    dropped: dict[str, int] = {}
    for table, age in (("reading", keep.readings), ("reading_by_minute", keep.minutes), ("waveform", keep.waveforms)):
        if age is not None:
            number = await value_of(connection, "select drop_before(%s, %s)", [table, now - age])
            assert isinstance(number, int)
            if number:
                dropped[table] = number
    return dropped
