"""Two adapters of the port as one: wearables on the Bluetooth radio, and sensors on the network."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from uuid import UUID

from edge.firmware_bridge.wearable import KnownWearable, Said, Wearables

ON_NETWORK = "coap://"


def is_on_network(wearable: KnownWearable) -> bool:
    """Say whether a wearable's address is one of the network."""
    return wearable.address.startswith(ON_NETWORK)


class JoinedWearables:
    """Both. on_network: ids of those that the second one hears."""

    def __init__(self, by_radio: Wearables, by_network: Wearables, on_network: set[UUID]) -> None:
        self._by_radio, self._by_network, self._on_network = by_radio, by_network, set(on_network)

    async def notifications(self) -> AsyncIterator[Said]:
        """Yield what either says, for ever; an error of either comes through."""
        said: asyncio.Queue[Said | BaseException] = asyncio.Queue(1)

        async def pass_on(wearables: Wearables) -> None:
            try:
                async with aclosing(_closable(wearables)) as notifications:
                    async for one in notifications:
                        await said.put(one)
            except Exception as error:  # noqa: BLE001  (it is raised again where it is read)
                await said.put(error)

        tasks = [asyncio.create_task(pass_on(wearables)) for wearables in (self._by_radio, self._by_network)]
        try:
            while True:
                one = await said.get()
                if isinstance(one, BaseException):
                    raise one
                yield one
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        """Tell a wearable what is durable here."""
        await self._of(wearable).keep(wearable, session, sequence)

    async def adopt(self, wearable: KnownWearable) -> None:
        """Listen to one more."""
        if is_on_network(wearable):
            self._on_network.add(wearable.id)
        await self._of(wearable.id).adopt(wearable)

    async def part(self, wearable: UUID) -> None:
        """Listen to one no more."""
        await self._of(wearable).part(wearable)

    def _of(self, wearable: UUID) -> Wearables:
        return self._by_network if wearable in self._on_network else self._by_radio


async def _closable(wearables: Wearables) -> AsyncGenerator[Said]:
    async for one in wearables.notifications():
        yield one
