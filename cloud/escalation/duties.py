"""The two duties of escalation: move alerts on when their time has come, and hand over what is to be told."""

from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from prometheus_client import Counter

from cloud.alerts.life_cycle import TimePassed, step
from cloud.alerts.notifier import Notification, Notifier, NotTold
from cloud.alerts.repository import AlertEvent, change
from cloud.database import Connection, Database
from cloud.escalation import repository
from cloud.escalation.repository import DueAlert
from protocol.findings import Priority

log = structlog.get_logger()

MOST_AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)

ESCALATED = Counter("mediassist_alerts_escalated_total", "alerts moved on by time, by the level that was to be told", ["level"])
NOBODY = Counter("mediassist_alerts_nobody_total", "alerts of which nobody could be told: their organisation has no account")
TOLD = Counter("mediassist_notifications_told_total", "notifications handed over")
NOT_TOLD = Counter("mediassist_notifications_failed_total", "tries to hand a notification over that failed", ["reason"])


async def move_on(database: Database, now: datetime) -> int:
    """Move alerts on whose time has come; return how many. What is to be told is written down in the same transaction."""
    async with database.transaction(None) as connection:
        due = await repository.due_alerts(connection, now, MOST_AT_ONCE)
        for alert in due:
            await _move(connection, alert, now)
        return len(due)


async def _move(connection: Connection, alert: DueAlert, now: datetime) -> None:
    after, level = step(alert.standing, TimePassed(now), await repository.ladder(connection, alert.organisation))
    await change(connection, alert.id, alert.organisation, after, AlertEvent(now, "time_passed"))
    if level is None:
        return
    ESCALATED.labels(str(level)).inc()
    accounts = await repository.whom_to_tell(connection, alert.organisation, level, now)
    for account in accounts:
        await repository.add_notification(connection, uuid4(), alert, account, level, now)
    if not accounts:
        NOBODY.inc()
        log.error("alert.nobody_to_tell", alert=str(alert.id), organisation=alert.organisation, level=level)


async def hand_over(database: Database, notifier: Notifier, now: datetime) -> bool:
    """Hand one notification over, if one is due; say whether there was one.

    It is marked in the transaction that holds it, after it was handed over: a crash between the two tells it twice, never not at all.
    """
    async with database.transaction(None) as connection:
        untold = await repository.next_untold(connection, now)
        if untold is None:
            return False
        try:
            await notifier.tell(Notification(untold.id, untold.alert, untold.address, Priority(untold.priority), untold.level))
        except NotTold as error:
            pause = min(FIRST_PAUSE * 2 ** min(untold.tries, 10), LONGEST_PAUSE)
            await repository.try_again(connection, untold.id, now + pause)
            NOT_TOLD.labels(str(error)).inc()
            log.warning("notification.failed", notification=str(untold.id), reason=str(error), tries=untold.tries + 1)
        else:
            await repository.told(connection, untold.id, now)
            TOLD.inc()
        return True
