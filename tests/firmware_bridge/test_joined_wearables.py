"""Two adapters are heard as one; each wearable is told by its own; an error of either comes through."""

import asyncio
from contextlib import aclosing
from uuid import UUID

import pytest

from edge.firmware_bridge.joined_wearables import JoinedWearables, is_on_network
from edge.firmware_bridge.wearable import ClockReading, KnownWearable, Said
from tests.support.gateway import FakeWearables

BELT, SENSOR, NEW = UUID(int=1), UUID(int=2), UUID(int=3)


def said(number: int) -> ClockReading:
    return ClockReading(UUID(int=number), 1, 0, 0)


class Broken(FakeWearables):
    async def notifications(self):
        yield said(9)
        raise ConnectionAbortedError("the radio is gone")


async def test_both_are_heard() -> None:
    radio, network = FakeWearables(), FakeWearables()
    for number in range(3):
        radio.queue.put_nowait(said(number))
        network.queue.put_nowait(said(10 + number))
    got: list[Said] = []
    async with asyncio.timeout(5), aclosing(JoinedWearables(radio, network, {SENSOR}).notifications()) as notifications:
        async for one in notifications:
            got.append(one)
            if len(got) == 6:
                break
    assert {one.wearable.int for one in got if isinstance(one, ClockReading)} == {0, 1, 2, 10, 11, 12}


async def test_each_is_told_by_its_own() -> None:
    radio, network = FakeWearables(), FakeWearables()
    both = JoinedWearables(radio, network, {SENSOR})
    await both.keep(BELT, 1, 5)
    await both.keep(SENSOR, 1, 6)
    new = KnownWearable(NEW, UUID(int=9), "coap://[fe80::1]", "thermometer")
    await both.adopt(new)
    await both.keep(NEW, 1, 7)
    await both.part(NEW)
    await both.part(BELT)
    assert radio.kept == [(BELT, 1, 5)]
    assert network.kept == [(SENSOR, 1, 6), (NEW, 1, 7)]
    assert (network.adopted, network.parted, radio.parted) == ([new], [NEW], [BELT])
    assert is_on_network(new)
    assert not is_on_network(KnownWearable(BELT, UUID(int=9), "C0:11:22:33:00:01", "thermometer"))


async def test_an_error_of_either_comes_through() -> None:
    async with asyncio.timeout(5), aclosing(JoinedWearables(FakeWearables(), Broken(), set()).notifications()) as notifications:
        assert await anext(notifications) == said(9)
        with pytest.raises(ConnectionAbortedError):
            await anext(notifications)
