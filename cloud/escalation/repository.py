"""SQL of escalation: alerts that time moves on, ladders, who is on call, and what is still to be told. As mediassist_watch, but for the last part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from cloud.access.account import Role
from cloud.alerts.life_cycle import USUAL_LADDER, Standing, State
from cloud.database import Connection
from protocol.findings import Priority


@dataclass(frozen=True, slots=True)
class DueAlert:
    """An alert that time moves on."""

    id: UUID
    organisation: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class OnCall:
    """Somebody is asked at one level from `since` to `until`."""

    id: UUID
    level: int
    account: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One level of a ladder: whoever is on call there is asked, and the next level `seconds` later."""

    priority: str
    level: int
    seconds: int


async def due_alerts(connection: Connection, now: datetime, limit: int) -> list[DueAlert]:
    """Return alerts that are due, and hold them until this transaction ends; those that another holds are left to it."""
    cursor = await connection.execute(
        """select id, organisation_id, state, priority, level, due_at, owner_id, occurrences, last_at, version from alert
           where due_at <= %s order by due_at limit %s for update skip locked""",
        [now, limit],
    )
    return [DueAlert(row[0], row[1], Standing(State(row[2]), Priority(row[3]), *row[4:])) for row in await cursor.fetchall()]


async def ladder(connection: Connection, organisation: int) -> Mapping[Priority, Sequence[timedelta]]:
    """Return an organisation's ladder: the usual one for priorities for which it has written none."""
    cursor = await connection.execute(
        "select priority, seconds from escalation_step where organisation_id = %s order by priority, level", [organisation]
    )
    own: dict[Priority, list[timedelta]] = {}
    for priority, seconds in await cursor.fetchall():
        own.setdefault(Priority(priority), []).append(timedelta(seconds=seconds))
    return {**USUAL_LADDER, **own}


async def whom_to_tell(connection: Connection, organisation: int, level: int, now: datetime) -> list[UUID]:
    """Return who is on call at a level; where nobody is, who is at the next level that has somebody.

    Where the roster is empty: the organisation's administrators, and where it has none, everybody.
    """
    cursor = await connection.execute(
        "select level, account_id from on_call where organisation_id = %s and level >= %s and since <= %s and until > %s order by level, account_id",
        [organisation, level, now, now],
    )
    rows = await cursor.fetchall()
    if rows:
        return [account for of_level, account in rows if of_level == rows[0][0]]
    cursor = await connection.execute("select id, role from account where organisation_id = %s order by id", [organisation])
    everybody = await cursor.fetchall()
    administrators = [account for account, role in everybody if role == Role.ADMINISTRATOR]
    return administrators or [account for account, _ in everybody]


async def add_notification(connection: Connection, new: UUID, alert: DueAlert, account: UUID, level: int, now: datetime) -> None:
    """Write down that somebody is to be told."""
    await connection.execute(
        """insert into notification (id, organisation_id, alert_id, account_id, level, made_at, due_at)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        [new, alert.organisation, alert.id, account, level, now, now],
    )


@dataclass(frozen=True, slots=True)
class Untold:
    """A notification that is to be handed over, and where to."""

    id: UUID
    alert: UUID
    address: str
    priority: str
    level: int
    tries: int


async def next_untold(connection: Connection, now: datetime) -> Untold | None:
    """Return one notification that is due, and hold it. Of an alert that somebody has taken meanwhile, none is told any more."""
    async with connection.cursor(row_factory=class_row(Untold)) as cursor:
        await cursor.execute(
            """select n.id, n.alert_id as alert, c.email as address, a.priority, n.level, n.tries
               from notification n join alert a on a.id = n.alert_id join account c on c.id = n.account_id
               where n.sent_at is null and n.due_at <= %s and a.state in ('raised', 'escalated')
               order by n.due_at limit 1 for update of n skip locked""",
            [now],
        )
        return await cursor.fetchone()


async def told(connection: Connection, notification: UUID, now: datetime) -> None:
    """Write down that a notification was handed over."""
    await connection.execute("update notification set sent_at = %s, tries = tries + 1 where id = %s", [now, notification])


async def try_again(connection: Connection, notification: UUID, at: datetime) -> None:
    """Write down that a try failed, and when the next one is."""
    await connection.execute("update notification set due_at = %s, tries = tries + 1 where id = %s", [at, notification])


# As mediassist_app, in the organisation's transaction ------------------------------------------------------------------------------


async def steps(connection: Connection) -> list[Step]:
    """Return the organisation's own ladder."""
    async with connection.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute("select priority, level, seconds from escalation_step order by priority, level")
        return await cursor.fetchall()


async def put_steps(connection: Connection, organisation: int, new: Sequence[Step]) -> None:
    """Write the organisation's ladder in place of the old one."""
    await connection.execute("delete from escalation_step where organisation_id = %s", [organisation])
    for each in new:
        await connection.execute(
            "insert into escalation_step (organisation_id, priority, level, seconds) values (%s, %s, %s, %s)",
            [organisation, each.priority, each.level, each.seconds],
        )


async def roster(connection: Connection, since: datetime) -> list[tuple[OnCall, str]]:
    """Return who is on call at or after a moment, with their names, in the order of time."""
    cursor = await connection.execute(
        """select o.id, o.level, o.account_id, o.since, o.until, a.name from on_call o join account a on a.id = o.account_id
           where o.until > %s order by o.since, o.level, o.id""",
        [since],
    )
    return [(OnCall(*row[:5]), row[5]) for row in await cursor.fetchall()]


async def add_on_call(connection: Connection, organisation: int, new: OnCall) -> None:
    """Put somebody on call."""
    await connection.execute(
        "insert into on_call (id, organisation_id, level, account_id, since, until) values (%s, %s, %s, %s, %s, %s)",
        [new.id, organisation, new.level, new.account, new.since, new.until],
    )


async def people(connection: Connection) -> list[tuple[UUID, str, str]]:
    """Return id, name and role of everybody of the organisation, by name."""
    cursor = await connection.execute("select id, name, role from account order by name, id")
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


async def has_account(connection: Connection, account: UUID) -> bool:
    """Say whether the organisation has this account."""
    cursor = await connection.execute("select from account where id = %s", [account])
    return await cursor.fetchone() is not None


async def remove_on_call(connection: Connection, wanted: UUID) -> bool:
    """Take somebody off; say whether they were on."""
    cursor = await connection.execute("delete from on_call where id = %s", [wanted])
    return cursor.rowcount == 1
