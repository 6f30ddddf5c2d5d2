"""What is stored now, on the screens now: the database's announcements become pushes over WebSockets.

A worker's transaction announces ids only (`notify live`); each socket reads its own news as its own organisation, so that no
row reaches a screen but through row-level security.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, cast
from uuid import UUID

import structlog
from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from cloud.alerts.alert import AlertSummary
from cloud.attention import Attention, Due
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Away, Database
from cloud.live_news import AlertNews, PatientNews
from cloud.request import Caller
from cloud.traces import Series, WaveformOut

SEND_WITHIN_S = 5.0
LOOK_AGAIN_S = 1.0
SESSION_CHECKED_EVERY_S = 30.0
NOT_SIGNED_IN = 4401
NOT_UNDERSTOOD = 4400

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class LiveReading:
    """New readings of the watched patient."""

    patient: UUID
    series: list[Series]
    type: Literal["reading"] = "reading"


@dataclass(frozen=True, slots=True)
class LiveWaveform:
    """New waveform pieces of the watched patient."""

    patient: UUID
    pieces: list[WaveformOut]
    type: Literal["waveform"] = "waveform"


@dataclass(frozen=True, slots=True)
class LiveAlert:
    """A new alert of any patient of the organisation."""

    alert: AlertSummary
    type: Literal["alert"] = "alert"


@dataclass(frozen=True, slots=True)
class LiveTouched:
    """Something new was stored of a patient who is not watched; at most once a second."""

    patient: UUID
    type: Literal["touched"] = "touched"


LiveMessage = LiveReading | LiveWaveform | LiveAlert | LiveTouched


class NotUnderstood(Exception):
    """The browser said something that is no wish: close the socket."""


class SessionOver(Exception):
    """The watcher's session has ended: close the socket, the page will ask to sign in."""


@dataclass(slots=True, eq=False)
class Watcher:
    """One socket. noted: set when its attention has something to look at."""

    caller: Caller
    socket: WebSocket
    attention: Attention = field(default_factory=Attention)
    noted: asyncio.Event = field(default_factory=asyncio.Event)
    alerts: AlertNews = field(default_factory=AlertNews)
    patient: PatientNews | None = None
    gap: timedelta = timedelta(0)

    def patient_news(self) -> PatientNews | None:
        """Return the news of whom the socket watches now."""
        watched = self.attention.watched
        if self.patient is None or self.patient.patient != watched:
            self.patient = None if watched is None else PatientNews(watched, self.gap)
            self.gap = timedelta(0)
        return self.patient


def announcement(payload: str) -> tuple[int, list[UUID], frozenset[str]] | None:
    """Read `{"organisation":1,"patients":["<uuid>"],"kinds":["reading"]}`; None when it is anything else."""
    try:
        body = cast("Mapping[str, object]", json.loads(payload))
        organisation, kinds = body["organisation"], cast("list[str]", body["kinds"])
        patients = [UUID(str(patient)) for patient in cast("list[object]", body["patients"])]
        if not isinstance(organisation, int):
            return None
        return organisation, patients, frozenset(kinds)
    except (ValueError, KeyError, TypeError):
        return None


def wish(text: str) -> UUID | None:
    """Read `{"watch": "<uuid>"}` or `{"watch": null}`.

    Raises:
        NotUnderstood: it is anything else.
    """
    try:
        body = cast("Mapping[str, object]", json.loads(text))
        wanted = body["watch"]
        return None if wanted is None else UUID(str(wanted))
    except (ValueError, KeyError, TypeError) as error:
        raise NotUnderstood from error


class LiveFeed:
    """All sockets of this process, and the one connection that listens.

    is_open: whether a caller's session goes on. dropped: told when a slow socket is given up. data_keys: open waveforms.
    """

    def __init__(
        self, database: Database, is_open: Callable[[Caller], Awaitable[bool]], dropped: Callable[[], None], data_keys: DataKeys
    ) -> None:
        self._database = database
        self._is_open = is_open
        self._dropped = dropped
        self._data_keys = data_keys
        self._watchers: dict[int, set[Watcher]] = {}
        self.listening = asyncio.Event()

    async def listen(self) -> None:
        """Pass announcements on, for ever; after a break every watcher looks for itself."""
        while True:
            try:
                async with contextlib.aclosing(self._database.announcements("live")) as announcements:
                    async for payload in announcements:
                        if payload is None:
                            self._note_all()
                            self.listening.set()
                        else:
                            self.announce(payload)
            except Away as error:
                log.warning("live_feed.away", error=type(error).__name__)
            self.listening.clear()
            await asyncio.sleep(LOOK_AGAIN_S)

    def announce(self, payload: str) -> None:
        """Mark what was stored for every watcher of its organisation."""
        heard = announcement(payload)
        if heard is None:
            log.warning("live_feed.announcement_not_understood")
            return
        organisation, patients, kinds = heard
        for watcher in self._watchers.get(organisation, ()):
            for patient in patients:
                watcher.attention.note(patient, kinds)
            watcher.noted.set()

    async def serve(self, socket: WebSocket, caller: Caller, gap: timedelta = timedelta(0)) -> None:
        """Accept a socket and serve it until either side ends it: all that is stored after it is open is told.

        gap: how long this watcher heard nothing; what was stored in it of alerts, and of the patient that is watched first, is told too.

        Raises:
            Away: the database is away, and the socket not accepted.
        """
        watcher = Watcher(caller, socket, gap=gap)
        async with self._database.transaction(caller.organisation) as connection:
            await watcher.alerts.begin(connection, gap)
        self._watchers.setdefault(caller.organisation, set()).add(watcher)
        watcher.attention.note_all()  # what was stored between the two lines above
        try:
            await socket.accept()
            await self._talk(watcher)
        finally:
            self._watchers[caller.organisation].discard(watcher)

    async def _talk(self, watcher: Watcher) -> None:
        tasks = {
            asyncio.create_task(self._hear(watcher)),
            asyncio.create_task(self._tell(watcher)),
            asyncio.create_task(self._guard(watcher)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._end(watcher, [task.exception() for task in done])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, watcher: Watcher) -> None:
        while True:
            watcher.attention.watch(wish(await watcher.socket.receive_text()))
            watcher.noted.set()

    async def _guard(self, watcher: Watcher) -> None:
        while True:
            await asyncio.sleep(SESSION_CHECKED_EVERY_S)
            with contextlib.suppress(Away):
                if not await self._is_open(watcher.caller):
                    raise SessionOver

    async def _tell(self, watcher: Watcher) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            watcher.noted.clear()
            due = watcher.attention.take(clock())
            if due:
                try:
                    async for message in self._news(watcher, due):
                        async with asyncio.timeout(SEND_WITHIN_S):
                            await watcher.socket.send_text(to_json(message).decode())
                except Away:
                    watcher.attention.note_all()
                    await asyncio.sleep(LOOK_AGAIN_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(watcher.attention.wait(clock())):
                    await watcher.noted.wait()

    async def _news(self, watcher: Watcher, due: Due) -> AsyncGenerator[LiveMessage]:
        """Read what is due, alerts first; a transaction each, so that what was read is sent even when the next one fails."""
        transaction = self._database.transaction
        organisation = watcher.caller.organisation
        if due.alerts:
            async with transaction(organisation) as connection:
                alerts = await watcher.alerts.alerts(connection)
            for alert in alerts:
                yield LiveAlert(alert)
        for touched in due.touched:
            yield LiveTouched(touched)
        news = watcher.patient_news()
        if news is not None and due.readings:
            async with transaction(organisation) as connection:
                series = await news.readings(connection)
            if series:
                yield LiveReading(news.patient, series)
        if news is not None and due.waveforms:
            async with transaction(organisation) as connection:
                pieces = await news.waveforms(connection, self._data_keys)
            if pieces:
                yield LiveWaveform(news.patient, pieces)

    async def _end(self, watcher: Watcher, errors: list[BaseException | None]) -> None:
        """Close the socket with what ended it; a browser that left is no error."""
        for error in errors:
            code: int | None = None
            match error:
                case NotUnderstood():
                    code = NOT_UNDERSTOOD
                case SessionOver():
                    code = NOT_SIGNED_IN
                case TimeoutError():
                    self._dropped()
                    log.warning("live_feed.slow_socket_dropped", account=str(watcher.caller.account))
                    code = 1013
                case None | WebSocketDisconnect():
                    continue
                case _:
                    raise error
            with contextlib.suppress(TimeoutError, RuntimeError):
                async with asyncio.timeout(1):
                    await watcher.socket.close(code)

    def _note_all(self) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.attention.note_all()
                watcher.noted.set()
