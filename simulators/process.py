"""The simulators' process: several homes, each on a bus of its own, until it is told to stop.

SIGTERM, SIGINT: stop. SIGUSR1: every wearable drops its links once. SIGUSR2: measure nothing new, hand over what is left.
SIGHUP: every wearable loses the keys of its bonds and drops its links, as after a reset. SIGPWR: the power of every hub's radio is cut, for 3 s.
Standard output tells, a line each: "ready", what stands on a display, that a gateway subscribed to a wearable's records, that the power is back.
"""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Coroutine, Sequence

import numpy as np

from protocol.pace import Pace
from simulators.body import Body
from simulators.home import Home, HomeEvents
from simulators.hub_radio import HubRadio
from simulators.physiology import STORIES, Physiology
from simulators.plan import PhysiologySource, Plan, PlannedHome, PlannedWearable
from simulators.produced import ProducedJournal
from simulators.record_memory import Remembered
from simulators.recording import open_recording

_FLUSH_EVERY_S = 0.1


async def run_plan(plan: Plan, pace: Pace, dice: random.Random) -> None:
    """Pretend what `plan` says until SIGTERM; writes "ready" to standard output once every home can be found.

    Raises:
        RecordingError: a recording cannot be read.
        RuntimeError, OSError: a bus is not there, or taken.
    """
    with ProducedJournal(plan.produced) as journal:
        events = HomeEvents(written_to(journal), written_display, _written_subscription)
        homes = [Home(body_of(home), home.wearables, pace, dice, events, home.bonds) for home in plan.homes]
        radios = [HubRadio(home.link, planned.bus, planned.bonds) for home, planned in zip(homes, plan.homes, strict=True)]
        try:
            for home, radio in zip(homes, radios, strict=True):
                await radio.start()
                await home.start()
            print("ready", flush=True)  # noqa: T201
            await until_told(homes, journal, radios)
        finally:
            for home, radio in zip(homes, radios, strict=True):
                await home.stop()
                await radio.stop()


def body_of(home: PlannedHome) -> Body:
    """Return the body that a home's source describes.

    Raises:
        RecordingError: its recording cannot be read.
    """
    if isinstance(home.source, PhysiologySource):
        return Physiology(STORIES[home.source.story], np.random.default_rng(home.source.seed))
    return open_recording(home.source.path)


def written_to(journal: ProducedJournal) -> Callable[[PlannedWearable, int, Remembered], None]:
    """Return what writes a record that is first on the air into a journal, with the wall clock's time.

    One that must be paired is left out: the gateway gives it an id of its own.
    """

    def write(wearable: PlannedWearable, session: int, remembered: Remembered) -> None:
        if wearable.pairing is None:
            journal.on_air(wearable.id, session, remembered, time.time())

    return write


def written_display(wearable: PlannedWearable, number: int) -> None:
    """Write what stands on a wearable's display to standard output."""
    print(f"{wearable.name} shows {number:06}", flush=True)  # noqa: T201


def _written_subscription(wearable: PlannedWearable) -> None:
    print(f"{wearable.id} is subscribed to at {time.time():.3f}", flush=True)  # noqa: T201


async def until_told(homes: list[Home], journal: ProducedJournal, radios: Sequence[HubRadio] = ()) -> None:
    """Keep the journal flushed and obey signals, until the one that says stop. radios: whose power can be cut."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    dropping: set[asyncio.Task[None]] = set()

    def spawn(work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        dropping.add(task)
        task.add_done_callback(dropping.discard)

    def drop_links() -> None:
        for home in homes:
            spawn(home.drop_links())

    async def reset_bonds(home: Home) -> None:
        await home.forget_bonds()
        await home.drop_links()

    def forget_bonds() -> None:
        for home in homes:
            spawn(reset_bonds(home))

    async def power_cycle(radio: HubRadio) -> None:
        await radio.cut_power()
        print(f"power is back at {time.time():.3f}", flush=True)  # noqa: T201

    def cut_power() -> None:
        for radio in radios:
            spawn(power_cycle(radio))

    def stop_measuring() -> None:
        for home in homes:
            home.stop_measuring()

    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    loop.add_signal_handler(signal.SIGUSR1, drop_links)
    loop.add_signal_handler(signal.SIGUSR2, stop_measuring)
    loop.add_signal_handler(signal.SIGHUP, forget_bonds)
    loop.add_signal_handler(signal.SIGPWR, cut_power)
    while not stopped.is_set():
        try:
            async with asyncio.timeout(_FLUSH_EVERY_S):
                await stopped.wait()
        except TimeoutError:
            journal.flush()
