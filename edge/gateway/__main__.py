"""The gateway's process: `python -m edge.gateway`, until SIGTERM.

It starts anew by itself, in the same process, to take up a renewed certificate, and when the platform's radio service was started anew.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from enum import Enum

import structlog
from prometheus_client import start_http_server

from edge.firmware_bridge.wearable import RadioGone
from edge.gateway.alone import AlreadyRunning
from edge.gateway.assembly import assembled
from edge.gateway.beside import beside
from edge.gateway.enrolment import keep_renewed
from edge.gateway.household import NOT_READY, HouseholdError
from edge.gateway.service_manager import ServiceManager
from edge.gateway.settings import GatewaySettings, WrongSetting, read_settings
from protocol.logs import configure_logs
from provisioning.keystore import KeystoreError

log = structlog.get_logger()

ANSWER_SECONDS = 1.0


class Then(Enum):
    """What comes after a run."""

    STOP = "stop"
    ANEW = "anew"
    RESET = "reset"


async def run(settings: GatewaySettings) -> Then:
    """Run one gateway until it is told to stop, has to start anew, or a person resets it."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    async with assembled(settings) as line:
        work = asyncio.create_task(line.run())
        for told in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(told, _stop, work)
        renewal, reset = asyncio.create_task(_renewed(settings, work)), asyncio.Event()
        leaving = asyncio.create_task(_reset(reset, work))
        try:
            async with beside(line, settings, reset.set):
                await work
        except asyncio.CancelledError:
            log.info("gateway.stopped")
        except ExceptionGroup as group:
            if group.subgroup(RadioGone) is None:
                raise
            log.warning("gateway.radio_gone")
            return Then.ANEW
        finally:
            renewal.cancel()
            leaving.cancel()
        if reset.is_set():
            return Then.RESET
        return Then.ANEW if renewal.done() and not renewal.cancelled() and renewal.exception() is None else Then.STOP


async def _reset(wanted: asyncio.Event, work: asyncio.Task[None]) -> None:
    """Stop the line when a person resets the hub, once the page that says so has gone out."""
    await wanted.wait()
    await asyncio.sleep(ANSWER_SECONDS)
    work.cancel()


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
    try:
        then = asyncio.run(run(settings))
    except (KeystoreError, HouseholdError) as error:
        sys.stderr.write(f"{error}\n")
        return NOT_READY
    except AlreadyRunning as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if then is Then.ANEW:
        os.execv(sys.executable, [sys.executable, "-m", "edge.gateway"])  # noqa: S606  (this program, again)
    if then is Then.RESET:
        os.execv(sys.executable, [sys.executable, "-m", "mediassist", "gateway", "reset", "--yes"])  # noqa: S606
    return 0


if __name__ == "__main__":
    sys.exit(main())
