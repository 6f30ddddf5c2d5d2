"""Parting with a gateway: one last try to send what waits, then everything of its people and its own goes, keys first.

Without the device's key what lies on the disk is noise, so a power cut after the first step has lost no secret; run it again to finish.
The cloud sees an epoch whose end is open: it was never told how the last one ended, and its certificate ends for a reset.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import structlog

from edge.firmware_bridge.wearable import KnownWearable, Said
from edge.gateway.assembly import assembled
from edge.gateway.settings import GatewaySettings
from edge.gateway.uplink import Uplink

log = structlog.get_logger()

LOOK_SECONDS = 0.1
FOLD_SECONDS = 0.1


class _NoWearables:
    """Wearables that say nothing any more."""

    async def notifications(self) -> AsyncIterator[Said]:
        await asyncio.Event().wait()
        for nothing in ():
            yield nothing

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        pass

    async def adopt(self, wearable: KnownWearable) -> None:
        pass

    async def part(self, wearable: UUID) -> None:
        pass


def unsent(state: Path) -> int:
    """Return how many readings and messages wait on this gateway's disk, that the cloud has not confirmed; 0 without a disk."""
    if not (state / "gateway.sqlite").exists():
        return 0
    link = sqlite3.connect(f"file:{state / 'gateway.sqlite'}?mode=ro", uri=True)
    try:
        waits = "select (select count(*) from message where state = 'queued') + (select count(*) from spool where id > (select folded_upto from state))"
        return int(link.execute(waits).fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        link.close()


async def send_what_waits(settings: GatewaySettings, seconds: float, uplink: Uplink | None = None) -> int:
    """Run the line without wearables until nothing waits, or `seconds` are over; return how much still waits."""
    if not unsent(settings.state):
        return 0
    quick = settings.model_copy(update={"fold_seconds": FOLD_SECONDS})
    async with assembled(quick, wearables=_NoWearables(), uplink=uplink) as line:
        work = asyncio.create_task(line.run())
        until = time.monotonic() + seconds
        while unsent(settings.state) and time.monotonic() < until and not work.done():
            await asyncio.wait({work}, timeout=LOOK_SECONDS)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    return unsent(settings.state)
