"""The web application's assembly: `python -m cloud.app` serves the API, the live feed and the dashboard's pages."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
import uvicorn
from fastapi import FastAPI

from cloud.access.brake import Brake
from cloud.access.passwords import Passwords
from cloud.access.sign_in import SignIn
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Database
from cloud.door import Guarding, make_door
from cloud.ingest.key_encryption import open_key
from cloud.live_feed import LiveFeed
from cloud.pages import Headers, Pages
from cloud.rate_limit import RateLimit
from cloud.refusals import Refusals
from cloud.request import Caller, Surroundings
from cloud.settings import CloudSettings, WrongSetting, read
from protocol.logs import configure_logs

log = structlog.stdlib.get_logger()

LARGEST_WISH = 4096
"""Bytes of one WebSocket message from a browser."""


def wall_clock() -> datetime:
    """Return the machine's time, UTC."""
    return datetime.now(UTC)


def assemble(settings: CloudSettings, *, wall: Callable[[], datetime] = wall_clock, passwords: Passwords | None = None) -> FastAPI:
    """Put the application together; its database is opened when its lifespan begins.

    wall: the clock that sessions and the brake go by. passwords: how hashes are made and checked.

    Raises:
        OSError, ValueError: the key-encryption key cannot be read, or is none.
    """
    app = make_door()
    app.router.lifespan_context = _lifespan(settings, wall, passwords or Passwords(), DataKeys(open_key(settings.keys), os.urandom))
    secure = any(origin.startswith("https://") for origin in settings.origins())
    app.state.secure_cookie = secure
    app.add_middleware(Headers, hsts=secure)
    if settings.dashboard.is_dir():
        app.mount("/", Pages(settings.dashboard), name="dashboard")
    return app


def _lifespan(
    settings: CloudSettings, wall: Callable[[], datetime], passwords: Passwords, data_keys: DataKeys
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        pace = settings.pace_of_time()
        async with Database(settings.database_url) as database:
            sign_in = SignIn(database, passwords, Brake(), settings.session_idle, settings.session_longest)

            async def find_caller(token: str) -> Caller | None:
                return await sign_in.caller_of(token, wall())

            async def is_open(caller: Caller) -> bool:
                return await sign_in.is_open(caller, wall())

            refusals = Refusals()
            feed = LiveFeed(database, is_open, refusals.slow_socket, data_keys)
            app.state.sign_in = sign_in
            app.state.wall = wall
            app.state.surroundings = Surroundings(database, settings.keys, lambda: pace.at(wall()), find_caller, data_keys)
            app.state.guarding = Guarding(settings.origins(), refusals, feed, RateLimit(settings.requests_a_minute))
            listening = asyncio.create_task(feed.listen())
            try:
                await feed.listening.wait()
                log.info("app.ready")
                yield
            finally:
                listening.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await listening
                log.info("app.stopped")

    return lifespan


def _already_heard(_number: int, _frame: object) -> None:
    """Be told to stop a second time: the server raises the signal again once it has stopped, and that is no failure."""


def main() -> int:
    """Serve until SIGTERM or SIGINT; open requests may end, sockets are closed."""
    configure_logs()
    try:
        settings = read(CloudSettings)
    except WrongSetting as wrong:
        log.error("app.wrong_setting", settings=str(wrong).splitlines())
        return 2
    try:
        app = assemble(settings)
    except (OSError, ValueError) as error:
        log.error("app.wrong_setting", settings=[f"CLOUD_KEYS: {type(error).__name__}"])
        return 2
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws_max_size=LARGEST_WISH,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, _already_heard)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
