"""A gateway to be killed: prints the sequence of each record it takes, one a line."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from uuid import UUID

import structlog

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.wearable import KnownWearable, Notification


async def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    wearable, address = json.loads(sys.argv[1])
    known = KnownWearable(UUID(wearable), UUID(wearable), address, "ecg_patch")
    async for notification in BleakWearables([known], lambda: int(datetime.now(UTC).timestamp() * 1000)).notifications():
        if isinstance(notification, Notification) and notification.sequence is not None:
            sys.stdout.write(f"{notification.sequence}\n")
            sys.stdout.flush()


asyncio.run(main())
