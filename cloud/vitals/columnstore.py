"""Readings of days that are over, stored by columns: on TimescaleDB only (cloud/migrations/0016_columnstore.sql)."""

from datetime import datetime, timedelta

from cloud.database import Database, value_of

COLUMNS_AFTER = timedelta(days=1)
"""A chunk lies in rows so long after its end: most of what comes late has come by then."""


async def store_in_columns(database: Database, now: datetime) -> int:
    """Move one chunk of readings into columns, as mediassist_watch; return 1, or 0 when there is none left. What comes late moves later."""
    async with database.transaction(None) as connection:
        moved = await value_of(connection, "select store_in_columns(%s)", [now - COLUMNS_AFTER])
        assert isinstance(moved, int)
        return moved
