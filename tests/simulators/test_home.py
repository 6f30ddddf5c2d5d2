"""A home's wearables begin when they are first listened to, go on while links are down, and stop when told."""

import asyncio

from tests.firmware_bridge.air import PACE, eventually, listen, living_home


async def test_nothing_is_measured_before_a_gateway_listens(monkeypatch):
    async with living_home("in_process", monkeypatch, "ecg_patch") as air:
        await asyncio.sleep(PACE.wall_seconds(2.0))
        assert air.home.worn[0].radio.memory.next == 0
        await listen(air.wearables(), lambda got: any(n.sequence == 0 for n in got))


async def test_measuring_goes_on_while_nobody_listens_and_what_was_measured_is_handed_over_in_time(monkeypatch):
    async with living_home("in_process", monkeypatch, "ecg_patch") as air:
        await listen(air.wearables(), lambda got: len(got) > 3)
        memory = air.home.worn[0].radio.memory
        before = memory.next
        await eventually(lambda: memory.next > before + 20)
        got = await listen(air.wearables(), lambda got: len(got) > before + 20)
        ticks = [n.ticks_ms for n in got if n.ticks_ms is not None]

        assert ticks == sorted(ticks)


async def test_a_home_that_is_told_to_stop_measures_nothing_more(monkeypatch):
    async with living_home("in_process", monkeypatch, "ecg_patch") as air:
        await listen(air.wearables(), lambda got: len(got) > 3)
        air.home.stop_measuring()
        memory = air.home.worn[0].radio.memory
        stopped_at = memory.next
        await asyncio.sleep(PACE.wall_seconds(3.0))
        assert memory.next == stopped_at
        got = await listen(air.wearables(), lambda got: any(n.sequence == stopped_at - 1 for n in got))
        assert [n.sequence for n in got if n.sequence is not None] == list(range(stopped_at))
