"""A hub whose power is cut: its radio falls silent on the air and on the bus, and comes back with nothing but its keys."""

import asyncio
import random
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.wearable import KnownWearable, Notification, RadioGone
from simulators.bus import private_bus
from simulators.home import Home, HomeEvents
from simulators.hub_radio import HubRadio
from simulators.physiology import STORIES, Physiology
from simulators.plan import PlannedWearable
from tests.firmware_bridge.air import PACE, dbus_daemon, now

PATCH = PlannedWearable(UUID(int=3), "ecg_patch", "C0:11:22:33:00:03", "Patch")


async def cut_at_the_first_record(wearables: BleakWearables, radio: HubRadio, cuts: list[asyncio.Task[None]]) -> None:
    async with aclosing(wearables.notifications()) as said:
        async for each in said:
            if isinstance(each, Notification) and each.sequence is not None and not cuts:
                cuts.append(asyncio.create_task(radio.cut_power()))


async def test_links_fall_a_gateway_is_told_and_the_radio_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    subscriptions: list[UUID] = []
    events = HomeEvents(lambda *_: None, subscribed=lambda wearable: subscriptions.append(wearable.id))
    home = Home(Physiology(STORIES["calm_day"], np.random.default_rng(7)), (PATCH,), PACE, random.Random(7), events)
    with private_bus(Path(dbus_daemon())) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        radio = HubRadio(home.link, bus.address)
        await radio.start()
        await home.start()
        wearables = BleakWearables([KnownWearable(PATCH.id, UUID(int=1), PATCH.address, PATCH.kind)], now, PACE, dice=lambda: 0.0)
        cuts: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(30):
                with pytest.raises(RadioGone):
                    await cut_at_the_first_record(wearables, radio, cuts)
                [cut] = cuts
                await cut
            assert subscriptions == [PATCH.id]
            assert home.worn[0].radio.links == 0
            with pytest.raises(RuntimeError, match="already served"):
                await HubRadio(home.link, bus.address).start()
        finally:
            await home.stop()
            await radio.stop()
