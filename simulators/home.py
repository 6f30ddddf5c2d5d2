"""One home: a person's body, the wearables on it, and the radio between them and a gateway."""

import asyncio
import heapq
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from protocol.pace import Pace
from simulators.body import Body
from simulators.pairing import Display
from simulators.plan import PlannedWearable
from simulators.radio import RadioLink
from simulators.record_memory import Remembered
from simulators.sensors import Sensor, sensors_of
from simulators.wearable import SimulatedWearable, WearableEvents

_WORST_DRIFT_PPM = 40.0
_BATTERY_LASTS_S = 4 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class HomeEvents:
    """Whom a home tells: of a record that is first on the air, of a number on a wearable's display, and that a gateway subscribed to its records."""

    on_air: Callable[[PlannedWearable, int, Remembered], None]
    shown: Callable[[PlannedWearable, int], None] = lambda _wearable, _number: None
    subscribed: Callable[[PlannedWearable], None] = lambda _wearable: None


class Worn:
    """A wearable on a body: it begins to measure when a gateway first listens, and goes on while links are down."""

    def __init__(self, planned: PlannedWearable, sensors: tuple[Sensor, ...], radio: SimulatedWearable, drift: float) -> None:
        self.planned = planned
        self.radio = radio
        self.sensors = sensors
        self.fast = 1.0 + drift
        self.begun = asyncio.Event()


class Home:
    """One person with wearables. All times are seconds of the pace's time since the home was made. bonds: the file of their keys."""

    def __init__(
        self,
        body: Body,
        planned: tuple[PlannedWearable, ...],
        pace: Pace,
        dice: random.Random,
        events: HomeEvents,
        bonds: Path | None = None,
    ) -> None:
        self.link = RadioLink()
        self._body = body
        self._bonds = bonds
        self._pace = pace
        self._made_at = time.monotonic()
        self._body_began: float | None = None
        self._measuring = True
        self._tasks: list[asyncio.Task[None]] = []
        self.worn = [self._put_on(wearable, dice, events) for wearable in planned]

    async def start(self) -> None:
        """Switch every wearable on."""
        for worn in self.worn:
            await worn.radio.start()
            if worn.sensors:
                self._tasks.append(asyncio.create_task(self._measure(worn)))

    async def stop(self) -> None:
        """Switch every wearable off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worn in self.worn:
            await worn.radio.stop()

    async def drop_links(self) -> None:
        """Let every wearable drop its links once."""
        for worn in self.worn:
            await worn.radio.drop_links()

    async def forget_bonds(self) -> None:
        """Let every wearable lose the keys of its bonds."""
        for worn in self.worn:
            await worn.radio.forget_bonds()

    def stop_measuring(self) -> None:
        """Produce nothing new from now on; what is in memory is still handed over."""
        self._measuring = False

    def _put_on(self, planned: PlannedWearable, dice: random.Random, events: HomeEvents) -> Worn:
        begun = asyncio.Event()
        session, drift = dice.randrange(1, 1 << 31), dice.uniform(-_WORST_DRIFT_PPM, _WORST_DRIFT_PPM) * 1e-6
        radio = SimulatedWearable(
            self.link,
            planned.kind,
            planned.address,
            planned.name,
            session=session,
            events=WearableEvents(
                begun.set, lambda session, remembered: events.on_air(planned, session, remembered), lambda: events.subscribed(planned)
            ),
            clock=lambda: _ticks_ms(self._now_s(), 1.0 + drift),
            hand_over=planned.hand_over,
            display=None if planned.pairing is None else Display(planned.pairing, planned.passkey, partial(events.shown, planned)),
            bonds=self._bonds,
        )
        worn = Worn(planned, sensors_of(planned.kind, self._body, planned.often), radio, drift)
        worn.begun = begun
        return worn

    def _now_s(self) -> float:
        return (time.monotonic() - self._made_at) * self._pace.speed

    async def _measure(self, worn: Worn) -> None:
        """Measure in turn whatever is due; each measurement bears the moment it was due, by the wearable's own clock."""
        await worn.begun.wait()
        began = self._now_s()
        if self._body_began is None:
            self._body_began = began
        body_s = began - self._body_began
        due = [(sensor.period_s, which, 0) for which, sensor in enumerate(worn.sensors)]
        heapq.heapify(due)
        while self._measuring:
            after_s, which, turn = due[0]
            await asyncio.sleep(max(0.0, self._pace.wall_seconds(began + after_s - self._now_s())))
            if not self._measuring:
                return
            sensor = worn.sensors[which]
            heapq.heapreplace(due, ((turn + 2) * sensor.period_s, which, turn + 1))
            measured = sensor.measure(self._body, body_s, turn)
            worn.radio.battery = max(1, 100 - int(100 * after_s / _BATTERY_LASTS_S))
            if measured is not None:
                await worn.radio.take(_ticks_ms(began + after_s, worn.fast), measured)


def _ticks_ms(home_s: float, fast: float) -> int:
    """Return what a wearable's clock shows at a moment of the home's time. fast: its ms per true ms."""
    return round(home_s * 1000 * fast)
