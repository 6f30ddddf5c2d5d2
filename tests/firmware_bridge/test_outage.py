"""A wearable that is away for thirteen hours, in virtual time: it is called all night, found within seconds, and says all that it remembers."""

import asyncio
import random
import selectors
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.seeker import Backend
from edge.firmware_bridge.wearable import KnownWearable, Notification
from protocol.pace import REAL
from simulators.home import Home, HomeEvents
from simulators.in_process_backend import in_process_backend
from simulators.physiology import STORIES, Physiology
from simulators.plan import PlannedWearable
from simulators.radio import central
from simulators.record_memory import MOST_RECORDS

OUTAGE_S = 13 * 3600.0
BACK_S = 10.0
AN_HOUR_S = 3600.0


class Hurrying(selectors.DefaultSelector):
    """Waits for nothing that has a time: time is what is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            return super().select(None)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class VirtualTime(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._hurrying = Hurrying()
        super().__init__(self._hurrying)

    def time(self) -> float:
        return self._hurrying.now_s


def in_virtual_time(monkeypatch: pytest.MonkeyPatch, work: Callable[[VirtualTime], Coroutine[Any, Any, None]]) -> None:
    loop = VirtualTime()
    monkeypatch.setattr(time, "monotonic", loop.time)
    try:
        loop.run_until_complete(work(loop))
    finally:
        loop.close()
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("kind", "away_s"),
    [
        ("thermometer", OUTAGE_S),
        ("heart_rate_belt", OUTAGE_S),
        ("pulse_oximeter", OUTAGE_S),
        ("ecg_patch", AN_HOUR_S),
        pytest.param("ecg_patch", OUTAGE_S, marks=pytest.mark.slow),
    ],
)
def test_it_is_found_again_within_seconds_and_says_all_that_it_remembers(monkeypatch: pytest.MonkeyPatch, kind: str, away_s: float) -> None:
    async def work(loop: VirtualTime) -> None:
        planned = PlannedWearable(UUID(int=5), kind, "C0:11:22:33:66:01", "W")
        home = Home(
            Physiology(STORIES["calm_day"], np.random.default_rng(7)), (planned,), REAL, random.Random(7), HomeEvents(lambda *_: None)
        )
        [worn] = home.worn
        radio = await central(home.link)
        await home.start()
        classes = in_process_backend(radio)
        known = KnownWearable(planned.id, UUID(int=6), planned.address, kind)
        wearables = BleakWearables(
            [known], lambda: int(loop.time() * 1000), backend=Backend(classes.scanner, classes.client), dice=lambda: 1.0
        )
        heard: list[int] = []
        back_at, first_after, oldest, left_at = 0.0, 0.0, 0, 0
        try:
            async with aclosing(wearables.notifications()) as said:
                async for one in said:
                    if not isinstance(one, Notification) or one.sequence is None:
                        continue
                    heard.append(one.sequence)
                    if one.sequence == 5 and not back_at:
                        left_at = one.sequence
                        home.link.walk_away(worn.radio.controller)
                        await asyncio.sleep(away_s)
                        oldest, back_at = worn.radio.memory.oldest, loop.time()
                        home.link.come_back(worn.radio.controller)
                    elif back_at and one.sequence > left_at + 5:
                        first_after = first_after or loop.time()
                        if one.sequence == worn.radio.memory.next - 1:
                            break
        finally:
            await home.stop()
            await radio.power_off()
        assert away_s <= back_at <= away_s + 60
        assert first_after - back_at < BACK_S
        said_after = {sequence for sequence in heard if sequence > left_at}
        assert said_after == set(range(min(said_after), max(heard) + 1)), "nothing is left out"
        assert 0 <= min(said_after) - max(oldest, left_at + 1) <= BACK_S, (
            "what a full memory forgot while it was called, at one record a second"
        )
        assert len(said_after) >= min(MOST_RECORDS, int(away_s / 5))

    in_virtual_time(monkeypatch, work)
