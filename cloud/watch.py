"""The process that watches over what is stored: `python -m cloud.watch`. Escalation, notification, rules, roll-ups, columns, retention.

One is enough; more take turns. It connects as mediassist_watch, which reads what the ingest worker only writes.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge, start_http_server

from cloud.alerts.notifier import Notifier, SmtpNotifier
from cloud.database import Database, Rejected
from cloud.early_warning.duties import check_early_warning
from cloud.escalation.duties import hand_over, move_on
from cloud.idempotency import forget_old
from cloud.processes.duties import Sentry, beat
from cloud.rules.duties import check_baselines, check_thresholds, find_silence, find_silent_homes, learn_baselines, tell_homes
from cloud.settings import WatchSettings, WrongSetting, read
from cloud.vitals.columnstore import store_in_columns
from cloud.vitals.retention import Retention, drop_old
from cloud.vitals.roll_up import roll_up
from protocol.logs import configure_logs

log = structlog.get_logger()

ROLL_UP_SECONDS = 60.0
ESCALATION_SECONDS = 1.0
RULES_SECONDS = 10.0
TELLING_SECONDS = 5.0
RETENTION_SECONDS = 3600.0

FAILED = Counter("mediassist_watch_failed_total", "turns of a duty that failed and are done again", ["duty"])
FOUND = Counter("mediassist_watch_findings_total", "findings of the cloud's own rules", ["kind"])
DONE_AT = Gauge("mediassist_watch_done_timestamp_seconds", "when a duty was last done, wall clock", ["duty"])


def retention(settings: WatchSettings) -> Retention:
    """Return how long what is kept."""
    days = (settings.keep_readings_days, settings.keep_minutes_days, settings.keep_waveforms_days)
    return Retention(*(None if each is None else timedelta(days=each) for each in days))


async def again(duty: str, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    """Do a duty again and again, for ever; one that fails is counted, said, and done at its next turn."""
    while True:
        try:
            await do()
            DONE_AT.labels(duty).set_to_current_time()
        except Rejected as error:
            FAILED.labels(duty).inc()
            log.warning("watch.failed", duty=duty, error=type(error).__name__, state=getattr(error, "sqlstate", None))
        await asyncio.sleep(seconds)


def _notifier(settings: WatchSettings) -> Notifier | None:
    if not settings.smtp_host:
        return None
    return SmtpNotifier(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_sender,
        settings.dashboard_url.rstrip("/"),
        settings.smtp_user,
        settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )


async def _found(kind: str, looking: Awaitable[int]) -> None:
    if found := await looking:
        FOUND.labels(kind).inc(found)


async def _all(some: Callable[[Database, datetime], Awaitable[int]], database: Database, now: Callable[[], datetime]) -> None:
    """Do a duty that does some at a time until there is none left."""
    while await some(database, now()):
        pass


async def _tell_all(database: Database, notifier: Notifier, now: Callable[[], datetime]) -> None:
    while await hand_over(database, notifier, now()):
        pass


async def run(settings: WatchSettings) -> None:
    """Watch until cancelled."""
    pace = settings.pace_of_time()

    def now() -> datetime:
        return pace.at(datetime.now(UTC))

    async with Database(settings.database_url, connections=4) as database:

        async def add_up() -> None:
            await roll_up(database, now())

        async def drop() -> None:
            async with database.transaction(None) as connection:
                await forget_old(connection)
                for table, partitions in (await drop_old(connection, retention(settings), now())).items():
                    log.info("retention.dropped", table=table, partitions=partitions)

        async def escalate() -> None:
            await move_on(database, now())

        notifier = _notifier(settings)
        log.info("watch.started", notifier=type(notifier).__name__)
        if notifier is None:
            log.error("watch.no_notifier", missing="CLOUD_SMTP_HOST", effect="alerts are shown on dashboards, and nobody is told")
        sentry = Sentry(database, notifier, settings.operator)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(beat(database, "watch"))
            tasks.create_task(again("processes", RULES_SECONDS, lambda: sentry.look(datetime.now(UTC))))
            tasks.create_task(again("escalation", ESCALATION_SECONDS, escalate))
            tasks.create_task(again("thresholds", RULES_SECONDS, lambda: _found("threshold", check_thresholds(database, now()))))
            tasks.create_task(again("early_warning", RULES_SECONDS, lambda: _found("early_warning", check_early_warning(database, now()))))
            tasks.create_task(again("baselines", ROLL_UP_SECONDS, lambda: _found("baseline", check_baselines(database, now()))))
            tasks.create_task(again("learning", ROLL_UP_SECONDS, lambda: _all(learn_baselines, database, now)))
            tasks.create_task(again("telling", TELLING_SECONDS, lambda: _all(tell_homes, database, now)))
            tasks.create_task(again("silence", ROLL_UP_SECONDS, lambda: _found("silence", find_silence(database, now()))))
            tasks.create_task(
                again("silent_homes", ROLL_UP_SECONDS, lambda: _found("silent_home", find_silent_homes(database, now(), datetime.now(UTC))))
            )
            if notifier is not None:
                tasks.create_task(again("notification", ESCALATION_SECONDS, lambda: _tell_all(database, notifier, now)))
            tasks.create_task(again("roll_up", ROLL_UP_SECONDS, add_up))
            tasks.create_task(again("columnstore", RETENTION_SECONDS, lambda: _all(store_in_columns, database, now)))
            tasks.create_task(again("retention", RETENTION_SECONDS, drop))


async def _until_told(settings: WatchSettings) -> int:
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    work = asyncio.create_task(run(settings))
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        log.info("watch.stopped")
    return 0


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    configure_logs()
    try:
        settings = read(WatchSettings)
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return asyncio.run(_until_told(settings))


if __name__ == "__main__":
    sys.exit(main())
