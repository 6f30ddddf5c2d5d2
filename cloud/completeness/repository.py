"""SQL of completeness: facts of epochs, and what was given up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.completeness.statement import EpochFact, stated
from cloud.database import Connection


@dataclass(frozen=True, slots=True)
class GivenUpRow:
    """Counters first..last of an epoch that will not come, the time they covered (None: not known any more), and why."""

    gateway: UUID
    epoch: bytes
    first: int
    last: int
    of_class: int | None
    since: datetime | None
    until: datetime | None
    reason: str


async def has_gateway(connection: Connection, gateway: UUID) -> bool:
    """Say whether the organisation has this gateway."""
    cursor = await connection.execute("select from gateway where id = %s", [gateway])
    return await cursor.fetchone() is not None


async def epochs(connection: Connection, gateway: UUID) -> list[tuple[bytes, EpochFact]]:
    """Return what can be said of each epoch of a gateway, oldest first."""
    cursor = await connection.execute(
        "select epoch, made_at, done_upto, broken_at, ends, counters, gaps, lost from epoch_facts(%s)", [gateway]
    )
    found: list[tuple[bytes, EpochFact]] = []
    for epoch, made_at, done_upto, broken_at, ends, counters, gaps, lost in await cursor.fetchall():
        rows = [*((counter, "stored") for counter in counters), *((counter, "gap") for counter in gaps)]
        found.append((bytes(epoch), EpochFact(made_at, stated(done_upto, rows, ends, broken_at), lost)))
    return found


async def patient(connection: Connection, wanted: UUID) -> tuple[str, list[UUID]] | None:
    """Return a patient's zone and the gateways of what they wear; None where the organisation has no such patient."""
    cursor = await connection.execute(
        """select p.zone, array(select distinct w.gateway_id from wearable w where w.patient_id = p.id order by 1)
           from patient p where p.id = %s""",
        [wanted],
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


async def heard_at(connection: Connection, wanted: UUID) -> datetime | None:
    """Return the time of a patient's newest reading."""
    cursor = await connection.execute("select max(at) from newest_reading where patient_id = %s", [wanted])
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def given_up(connection: Connection, gateway: UUID, since: datetime, until: datetime) -> list[GivenUpRow]:
    """Return what a gateway gave up that reaches, or may reach, into since <= t < until."""
    async with connection.cursor(row_factory=class_row(GivenUpRow)) as cursor:
        await cursor.execute(
            """select gateway_id as gateway, epoch, first, last, of_class::int as of_class, since, until, reason from given_up
               where gateway_id = %s and (since is null or (since < %s and until >= %s)) order by since, epoch, first""",
            [gateway, until, since],
        )
        return await cursor.fetchall()
