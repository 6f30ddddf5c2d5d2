"""The duty of being heard, and that of saying who is not: by the log, a gauge, and an e-mail to whoever runs the cloud."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Gauge

from cloud.alerts.notifier import Notifier, NotTold
from cloud.database import Database, Rejected
from cloud.processes import repository
from cloud.processes.repository import PROCESSES, Process

log = structlog.get_logger()

BEAT_SECONDS = 10.0
SILENT_AFTER = timedelta(seconds=60)
AGAIN_AFTER = timedelta(hours=1)
"""A silence that goes on is said again so often."""
EFFECTS: Mapping[Process, str] = {
    "worker": "What homes send is not being stored; they keep it and send it again.",
    "watch": "Nothing escalates, and nobody is told of alerts by e-mail.",
}
SILENT = Gauge("mediassist_process_silent", "1: no process of this kind has been heard for a minute", ["process"])


def silent(at: datetime | None, now: datetime) -> bool:
    """Say whether a process that was heard last at `at` (None: never) is silent."""
    return at is None or now - at > SILENT_AFTER


async def beat(database: Database, process: Process) -> None:
    """Say for ever that this process is alive; a database that is away is waited for."""
    while True:
        try:
            async with database.transaction(None) as connection:
                await repository.note_alive(connection, process)
        except Rejected as error:
            log.warning("process.not_heard", process=process, error=type(error).__name__)
        await asyncio.sleep(BEAT_SECONDS)


@dataclass(slots=True)
class Sentry:
    """Looks after the other processes. operator: the address of whoever runs the cloud, "" for none. began: when it first looked.

    What was silent before it began has a minute to speak: a cloud that is started again is no silence.
    """

    database: Database
    notifier: Notifier | None
    operator: str
    began: datetime | None = None
    said: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def look(self, now: datetime) -> None:
        """Say which processes are silent at `now`, UTC, those that were said lately left out; and which are heard again."""
        self.began = self.began or now
        async with self.database.transaction(None) as connection:
            heard = await repository.heard(connection)
        for process in PROCESSES:
            at = heard.get(process)
            is_silent = silent(max(at or self.began, self.began), now)
            SILENT.labels(process).set(is_silent)
            if not is_silent:
                if self.said.pop(process, None) is not None:
                    log.info("process.heard_again", process=process)
            elif process not in self.said or now - self.said[process] >= AGAIN_AFTER:
                await self._say(process, at, now)

    async def _say(self, process: Process, at: datetime | None, now: datetime) -> None:
        since = "it was set up" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        log.error("process.silent", process=process, since=since, effect=EFFECTS[process])
        if self.notifier is not None and self.operator:
            about = f"The {process} has not been heard since {since}. {EFFECTS[process]}"
            try:
                await self.notifier.warn(self.operator, f"MediAssist: the {process} is silent", about)
            except NotTold as error:
                log.warning("process.not_told", process=process, error=str(error))
                return  # and tries again at the next look
        self.said[process] = now
