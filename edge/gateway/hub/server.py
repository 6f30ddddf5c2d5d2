"""Serves the hub's pages from the gateway's own process, beside the line."""

import contextlib
import secrets
import time
from collections.abc import Generator
from zoneinfo import ZoneInfo

import uvicorn

from edge.gateway.adding import Adding
from edge.gateway.board import Board
from edge.gateway.hub.access import Access, setup_code
from edge.gateway.hub.pages import Place, pages
from edge.gateway.hub.parting_pages import Parting
from edge.gateway.settings import GatewaySettings


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the gateway."""
        yield


async def serve(board: Board, settings: GatewaySettings, parting: Parting, adding: Adding | None) -> None:
    """Serve until cancelled."""
    code = setup_code(settings.state / "hub", secrets.token_bytes)
    access = Access(code, lambda: secrets.token_urlsafe(24), time.monotonic)
    secure = settings.hub_certificate is not None
    hosts = ("localhost", "127.0.0.1", *filter(None, (settings.hub_address, *settings.hub_names.split(","))))
    config = uvicorn.Config(
        pages(board, access, Place(ZoneInfo(settings.zone), hosts, secure), parting, adding),
        host=settings.hub_address,
        port=settings.hub_port,
        ssl_certfile=settings.hub_certificate,
        ssl_keyfile=settings.hub_key,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        loop="none",
        http="h11",
        ws="none",
    )
    await _Server(config).serve()
