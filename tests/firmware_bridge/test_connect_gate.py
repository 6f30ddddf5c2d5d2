"""Several connects at once, one at a time after the radio was busy, and none beside a person who pairs."""

import asyncio

from edge.firmware_bridge.connect_gate import MOST_PENDING, ConnectGate


async def most_at_once(gate: ConnectGate, count: int) -> int:
    pending = most = 0

    async def connect() -> None:
        nonlocal pending, most
        async with gate.one():
            pending += 1
            most = max(most, pending)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            pending -= 1

    async with asyncio.timeout(5):
        await asyncio.gather(*(connect() for _ in range(count)))
    return most


async def test_several_are_pending_at_once_and_no_more() -> None:
    assert await most_at_once(ConnectGate(), 10) == MOST_PENDING


async def test_a_busy_radio_gets_one_at_a_time() -> None:
    gate = ConnectGate()
    gate.busy()
    assert await most_at_once(gate, 5) == 1


async def test_whoever_is_alone_waits_for_the_others_and_they_for_it() -> None:
    gate, said = ConnectGate(), list[str]()
    held, let_go = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with gate.one():
            held.set()
            await let_go.wait()
            said.append("first")

    async def alone() -> None:
        await held.wait()
        async with gate.alone():
            said.append("alone")
            await asyncio.sleep(0.01)
            said.append("still alone")

    async def late() -> None:
        await held.wait()
        await asyncio.sleep(0)
        async with gate.one():
            said.append("late")

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        for work in (first(), alone(), late()):
            tasks.create_task(work)
        await held.wait()
        let_go.set()
    assert said == ["first", "alone", "still alone", "late"]


async def test_a_turn_that_is_cancelled_is_free_again() -> None:
    gate = ConnectGate()

    async def hold() -> None:
        async with gate.one():
            await asyncio.Event().wait()

    held = [asyncio.create_task(hold()) for _ in range(MOST_PENDING + 2)]
    await asyncio.sleep(0.01)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert await most_at_once(gate, 10) == MOST_PENDING
