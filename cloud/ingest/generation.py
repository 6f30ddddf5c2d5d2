"""The database's generation: a number that grows whenever the server behind us is not the one that wrote it (restore, failover)."""

from cloud.database import Connection


async def claim(connection: Connection, now: int) -> int:
    """Return the generation; write a greater one (ms UTC `now`) first when this server, or its timeline, is another than noted."""
    cursor = await connection.execute(
        "select (select system_identifier::text from pg_control_system()), (select timeline_id from pg_control_checkpoint())"
    )
    here = await cursor.fetchone()
    if here is None:
        raise LookupError("PostgreSQL says nothing of its control file")
    cursor = await connection.execute("select generation, system_identifier, timeline_id from store for update")
    noted = await cursor.fetchone()
    if noted is None:
        await connection.execute(
            "insert into store(generation, system_identifier, timeline_id) values (%s, %s, %s) on conflict do nothing", (now, *here)
        )
        return now
    generation, identifier, timeline = noted
    if (identifier, timeline) == here:
        return int(generation)
    newer = max(now, generation + 1)
    await connection.execute("update store set generation = %s, system_identifier = %s, timeline_id = %s", (newer, *here))
    return newer
