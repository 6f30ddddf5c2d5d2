"""What a gateway does beside its line: alarms are heard, the page is served, the service manager is told. A fault there is logged; measuring goes on."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager

import structlog

from edge.gateway.adding import Adding
from edge.gateway.alarm_sound import AlarmSound
from edge.gateway.service_manager import ServiceManager
from edge.gateway.settings import GatewaySettings
from edge.gateway.vitals_line import VitalsLine

log = structlog.get_logger()

SILENCE_LOOK_S = 60.0


@asynccontextmanager
async def beside(line: VitalsLine, settings: GatewaySettings, reset: Callable[[], None] | None = None) -> AsyncGenerator[None]:
    """Do it while the context lasts. reset: begins a factory reset, which a person may ask for on the page; None: not here."""
    tasks = [asyncio.create_task(each) for each in _works(line, settings, reset)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _works(line: VitalsLine, settings: GatewaySettings, reset: Callable[[], None] | None) -> Iterator[Coroutine[None, None, None]]:
    yield _logged("service_manager", ServiceManager().keep_told(line.recovered.wait(), line.alive))
    yield _logged("silence", _notice_silence(line, settings.pace_of_time().wall_seconds(SILENCE_LOOK_S)))
    if settings.alarm_command:
        yield _logged("alarm_sound", AlarmSound(settings.alarm_command, line.board.loudest, time.monotonic).run())
    if settings.hub_port:
        from edge.gateway.hub.parting_pages import Parting  # noqa: PLC0415  (a gateway without a page loads no web framework)
        from edge.gateway.hub.server import serve  # noqa: PLC0415

        adding = None if line.pairing is None else Adding(line.pairing, line.board, line.adopt)
        yield _logged("hub", serve(line.board, settings, Parting(line.part, reset), adding))


async def _notice_silence(line: VitalsLine, every_seconds: float) -> None:
    """Look again and again, not at once: after a start wearables are still being called."""
    while True:
        await asyncio.sleep(every_seconds)
        await line.board.notice_silence()
        await line.board.notice_mute_cloud()


async def _logged(what: str, work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except (Exception, SystemExit) as error:  # noqa: BLE001  (uvicorn ends the process where a port is taken)
        log.error("beside.failed", what=what, error=type(error).__name__)
