"""How many connects may be pending at once on one adapter: several, until the radio says that it is busy; then one at a time.

A connect waits for the device's next advertisement and then for its services: seconds, in which others would stay unheard. BlueZ holds several
pending connects to different devices apart; an adapter that cannot answers `InProgress`, and is believed.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

MOST_PENDING = 4


class ConnectGate:
    """One adapter's. limit: how many may be pending at once now."""

    def __init__(self) -> None:
        self.limit = MOST_PENDING
        self._pending = 0
        self._alone = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Wait for a turn, and hold it while the context lasts."""
        async with self._alone:
            await self._fewer_than(self.limit)
            self._pending += 1
        try:
            yield
        finally:
            self._pending -= 1
            self._freed.set()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Wait until nothing else is pending, and keep it so while the context lasts: a person who pairs a device is not made to try twice."""
        async with self._alone:
            await self._fewer_than(1)
            yield

    def busy(self) -> None:
        """Take note that the radio refused a connect for want of a free hand."""
        self.limit = 1

    async def _fewer_than(self, limit: int) -> None:
        """Wait for it; one at a time does, whoever holds `_alone`."""
        while self._pending >= limit:
            self._freed.clear()
            await self._freed.wait()
