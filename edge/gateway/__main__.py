"""The gateway's process: `python -m edge.gateway`, until SIGTERM.

It starts anew by itself, in the same process, to take up a renewed certificate, and when the platform's radio service was started anew.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

import structlog
from prometheus_client import start_http_server

from edge.firmware_bridge.wearable import RadioGone
from edge.gateway.assembly import assembled
from edge.gateway.beside import beside
from edge.gateway.enrolment import keep_renewed
from edge.gateway.service_manager import ServiceManager
from edge.gateway.settings import GatewaySettings, WrongSetting, read_settings
from protocol.logs import configure_logs

log = structlog.get_logger()


async def run(settings: GatewaySettings) -> bool:
    """Run one gateway until it is told to stop, or has to start anew; say whether it was that."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    async with assembled(settings) as line:
        work = asyncio.create_task(line.run())
        for told in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(told, _stop, work)
        renewal = asyncio.create_task(_renewed(settings, work))
        try:
            async with beside(line, settings):
                await work
        except asyncio.CancelledError:
            log.info("gateway.stopped")
        except ExceptionGroup as group:
            if group.subgroup(RadioGone) is None:
                raise
            log.warning("gateway.radio_gone")
            return True
        finally:
            renewal.cancel()
        return renewal.done() and not renewal.cancelled() and renewal.exception() is None


def _stop(work: asyncio.Task[None]) -> None:
    ServiceManager().say("STOPPING=1")
    work.cancel()


async def _renewed(settings: GatewaySettings, work: asyncio.Task[None]) -> None:
    """Keep the certificate renewed; stop the line when there is a new one."""
    if not settings.enrolment_url:
        await asyncio.Event().wait()
    await keep_renewed(settings.state / "identity", settings.enrolment_url, lambda: datetime.now(UTC))
    work.cancel()


def main() -> int:
    """Return the exit status."""
    configure_logs()
    try:
        settings = read_settings()
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if asyncio.run(run(settings)):
        os.execv(sys.executable, [sys.executable, "-m", "edge.gateway"])  # noqa: S606  (this program, again)
    return 0


if __name__ == "__main__":
    sys.exit(main())
