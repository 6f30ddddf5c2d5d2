"""SQL of the processes' standing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from cloud.database import Connection

Process = Literal["worker", "watch"]
PROCESSES: tuple[Process, ...] = ("worker", "watch")


async def note_alive(connection: Connection, process: Process) -> None:
    """Write down that a process is alive, as mediassist_ingest or mediassist_watch."""
    await connection.execute("select note_alive(%s)", [process])


async def heard(connection: Connection) -> Mapping[str, datetime]:
    """Return when each kind of process was heard last, UTC, as mediassist_watch or mediassist_app; nothing of one that never was."""
    cursor = await connection.execute("select process, heard_at from process_standing")
    return dict(await cursor.fetchall())
