"""The gateway's process: `python -m edge.gateway`, until SIGTERM."""

import asyncio
import signal
import sys

import structlog
from prometheus_client import start_http_server

from edge.gateway.assembly import assembled
from edge.gateway.settings import GatewaySettings, WrongSetting, read_settings
from protocol.logs import configure_logs

log = structlog.get_logger()


async def run(settings: GatewaySettings) -> None:
    """Run one gateway until it is told to stop."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    async with assembled(settings) as line:
        work = asyncio.create_task(line.run())
        for told in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(told, work.cancel)
        try:
            await work
        except asyncio.CancelledError:
            log.info("gateway.stopped")


def main() -> int:
    """Return the exit status."""
    configure_logs()
    try:
        settings = read_settings()
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    asyncio.run(run(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
