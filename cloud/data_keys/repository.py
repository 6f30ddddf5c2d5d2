"""SQL of organisations' keys. What the database holds is wrapped; nothing here sees a key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from cloud.data_keys.data_key import WIPED
from cloud.database import Connection, naming

_LOCK = 0x6461_7461
"""Name of the lock that whoever writes an organisation's rows shares, and whoever destroys its key has alone."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as the database holds it. wrapped_key: None once destroyed. fresh: young enough to write with."""

    organisation_id: int
    version: int
    wrapped_key: bytes | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What can be said of a key."""

    version: int
    made_at: datetime
    destroyed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shredded:
    """What a shredding did: keys destroyed; readings deleted; rows that lay in the clear and were deleted or overwritten."""

    keys: int
    readings: int
    cleared: int


_KEY: LiteralString = """
    select organisation_id, version::int as version, wrapped_key, made_at > clock_timestamp() - interval '7 days' as fresh
    from organisation_key
"""
_NEWEST: LiteralString = """
    where organisation_id = any(%s) and version =
        (select max(version) from organisation_key newer where newer.organisation_id = organisation_key.organisation_id)
"""


async def share(connection: Connection, organisations: Iterable[int]) -> None:
    """Hold off, until this transaction ends, whoever wants to destroy these organisations' keys."""
    await connection.execute(
        "select pg_advisory_xact_lock_shared(%s, o) from (select unnest(%s::int[]) as o order by 1) wanted", [_LOCK, sorted(organisations)]
    )


async def newest(connection: Connection, organisations: Sequence[int]) -> dict[int, KeyRow]:
    """Return each organisation's newest key, destroyed or not; one that never had a key is not in it."""
    async with connection.cursor(row_factory=class_row(KeyRow)) as cursor:
        await cursor.execute(_KEY + _NEWEST, [list(organisations)])
        return {key.organisation_id: key for key in await cursor.fetchall()}


async def of_versions(connection: Connection, versions: Sequence[int]) -> list[KeyRow]:
    """Return the keys of the transaction's organisation that have these versions."""
    async with connection.cursor(row_factory=class_row(KeyRow)) as cursor:
        await cursor.execute(_KEY + "where version = any(%s)", [list(versions)])
        return await cursor.fetchall()


async def add(connection: Connection, organisation: int, version: int, wrapped_key: bytes) -> None:
    """Add a key; when another worker has added this version meanwhile, theirs stands."""
    await connection.execute(
        "insert into organisation_key(organisation_id, version, wrapped_key) values (%s, %s, %s) on conflict do nothing",
        [organisation, version, wrapped_key],
    )


async def standing(connection: Connection) -> list[KeyStanding]:
    """Return all keys of the transaction's organisation, oldest first."""
    async with connection.cursor(row_factory=class_row(KeyStanding)) as cursor:
        await cursor.execute("select version::int as version, made_at, destroyed_at from organisation_key order by version")
        return await cursor.fetchall()


async def shred(connection: Connection, organisation: int) -> Shredded:
    """Destroy every key of the transaction's organisation, and delete or overwrite what no key protects."""
    await connection.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, organisation])
    keys = await connection.execute(
        "update organisation_key set wrapped_key = null, destroyed_at = clock_timestamp() where destroyed_at is null"
    )
    readings = await connection.execute("delete from reading where organisation_id = %s", [organisation])
    for table in ("reading_by_minute", "reading_by_hour", "reading_by_day", "coverage", "baseline"):
        await connection.execute(naming("delete from {} where organisation_id = %s", table), [organisation])
    strips = await connection.execute("delete from waveform where organisation_id = %s and key_version is null", [organisation])
    kept = await connection.execute("delete from undecoded where organisation_id = %s and key_version is null", [organisation])
    evidence = await connection.execute(
        "update finding set evidence = '', key_version = %s where organisation_id = %s and key_version is null", [WIPED, organisation]
    )
    await connection.execute("update finding set explanation = '\"destroyed\"'::jsonb where organisation_id = %s", [organisation])
    return Shredded(keys.rowcount, readings.rowcount, strips.rowcount + kept.rowcount + evidence.rowcount)


async def forget_old_rows(connection: Connection) -> None:
    """Write the table of keys anew, outside of any transaction: destroyed keys leave the file, not only the table."""
    await connection.execute("vacuum full organisation_key")
