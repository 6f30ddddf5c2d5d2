"""Adding a device, step by step, with a pairing that asks as BlueZ does: nothing is added but what a person chose and vouched for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.bluez_agent import Person
from edge.firmware_bridge.pairing import Nearby, PairingFailed
from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway.adding import WINDOW_SECONDS, Adding
from edge.gateway.board import Board
from edge.gateway.disk import DiskThread
from provisioning.keystore import FileKeystore
from tests.gateway.test_alarms import NOW

BELT = KnownWearable(UUID(int=1), UUID(int=9), "C0:00:00:00:00:01", "heart_rate_belt")
OXIMETER, THERMOMETER, OLD_BELT = (
    Nearby("C0:00:00:00:00:0A", "Nonin", "pulse_oximeter", -50, 0.0),
    Nearby("C0:00:00:00:00:0B", "", "thermometer", -70, 0.0),
    Nearby(BELT.address, "H10", "heart_rate_belt", -85, 0.0),
)
PASSKEY = 123


class FakePairing:
    """A pairing that asks for a passkey of a sensor, a comparison of a thermometer, and nothing of a belt."""

    def __init__(self) -> None:
        self.windows = 0
        self.broken = False

    @asynccontextmanager
    async def window(self) -> AsyncGenerator[None]:
        if self.broken:
            raise OSError("no adapter")
        self.windows += 1
        try:
            yield
        finally:
            self.windows -= 1

    def nearby(self) -> list[Nearby]:
        return [OXIMETER, THERMOMETER, OLD_BELT] if self.windows else []

    async def pair(self, address: str, person: Person) -> bool:
        if address == OXIMETER.address:
            if await person.passkey() != PASSKEY:
                raise PairingFailed("wrong_answer", "AuthenticationFailed")
            return True
        if address == THERMOMETER.address:
            if not await person.same(7):
                raise PairingFailed("wrong_answer", "AuthenticationFailed")
            return True
        return False


class Bench:
    """Somebody at the hub."""

    def __init__(self, folder: Path, on_disk: DiskThread) -> None:
        async def none() -> int:
            return 0

        keystore = FileKeystore.make(folder / "identity")
        self.board = Board([BELT], folder / "hub", keystore, lambda: NOW, {}, lambda: True, none, lambda: NOW, on_disk)
        self.pairing, self.adopted, self.seconds = FakePairing(), list[KnownWearable](), 0.0
        self.disk_is_full = False
        self.adding = Adding(self.pairing, self.board, self.adopt, lambda: UUID(int=42), lambda: self.seconds)

    async def adopt(self, wearable: KnownWearable) -> None:
        if self.disk_is_full:
            raise OSError("no space left")
        self.adopted.append(wearable)
        self.board.add(wearable)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0)

    async def choose(self, nearby: Nearby, phase: str) -> None:
        await self.until(lambda: bool(self.pairing.windows))
        assert self.adding.choose(nearby.address, BELT.patient)
        await self.until(lambda: self.adding.phase == phase)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    with DiskThread() as on_disk:
        made = Bench(tmp_path, on_disk)
        yield made
        await made.adding.close()


async def test_a_wrong_number_is_told_and_the_right_one_adds_the_device(bench: Bench) -> None:
    await bench.adding.open()
    await bench.choose(OXIMETER, "passkey")
    bench.adding.answer(124)
    await bench.until(lambda: bench.adding.why == "wrong_answer")
    assert (bench.adding.phase, bench.adopted) == ("looking", [])
    await bench.choose(OXIMETER, "passkey")
    assert bench.adding.why is None
    bench.adding.answer(PASSKEY)
    await bench.until(lambda: bench.adding.phase == "added")
    expected = KnownWearable(UUID(int=42), BELT.patient, OXIMETER.address, "pulse_oximeter", bonded=True, adopted_here=True)
    assert bench.adopted == [expected]
    assert bench.pairing.windows == 0, "the window is closed"


async def test_the_number_to_compare_is_shown_and_a_no_adds_nothing(bench: Bench) -> None:
    await bench.adding.open()
    await bench.choose(THERMOMETER, "compare")
    assert bench.adding.number == 7
    bench.adding.answer(False)
    await bench.until(lambda: bench.adding.phase == "looking")
    await bench.choose(THERMOMETER, "compare")
    bench.adding.answer(True)
    await bench.until(lambda: bench.adding.phase == "added")
    assert [wearable.kind for wearable in bench.adopted] == ["thermometer"]


async def test_one_that_belongs_here_is_paired_anew_and_stays_the_same_one(bench: Bench) -> None:
    await bench.adding.open()
    await bench.until(lambda: bool(bench.pairing.windows))
    assert [ours for _, ours in bench.adding.nearby()] == [False, False, True]
    await bench.choose(OLD_BELT, "added")
    assert bench.adopted == [KnownWearable(BELT.id, BELT.patient, BELT.address, "heart_rate_belt", bonded=True)]


async def test_nothing_is_chosen_outside_a_window_or_that_is_not_there_or_for_a_stranger(bench: Bench) -> None:
    assert not bench.adding.choose(OXIMETER.address, BELT.patient)
    await bench.adding.open()
    await bench.until(lambda: bool(bench.pairing.windows))
    assert not bench.adding.choose("C0:00:00:00:00:09", BELT.patient)
    assert not bench.adding.choose(OXIMETER.address, UUID(int=8))
    bench.adding.answer(PASSKEY)
    assert bench.adding.phase == "looking"


async def test_closing_gives_up_what_is_asked(bench: Bench) -> None:
    await bench.adding.open()
    await bench.choose(OXIMETER, "passkey")
    await bench.adding.close()
    assert (bench.adding.phase, bench.pairing.windows, bench.adopted) == ("closed", 0, [])


async def test_the_window_ends_by_itself(bench: Bench) -> None:
    await bench.adding.open()
    await bench.until(lambda: bool(bench.pairing.windows))
    bench.seconds = WINDOW_SECONDS
    assert bench.adding.choose(OXIMETER.address, BELT.patient)
    await bench.until(lambda: bench.adding.phase == "passkey")
    bench.adding.answer(None)
    await bench.until(lambda: bench.adding.phase == "closed")
    assert bench.pairing.windows == 0


async def test_a_radio_that_cannot_listen_is_said(bench: Bench) -> None:
    bench.pairing.broken = True
    await bench.adding.open()
    await bench.until(lambda: bench.adding.phase == "closed")
    assert bench.adding.why == "no_radio"


async def test_a_hub_that_cannot_keep_the_device_says_so_and_lets_it_be_tried_again(bench: Bench) -> None:
    bench.disk_is_full = True
    await bench.adding.open()
    await bench.until(lambda: bool(bench.pairing.windows))
    assert bench.adding.choose(OLD_BELT.address, BELT.patient)
    await bench.until(lambda: bench.adding.why == "broken")
    bench.disk_is_full = False
    await bench.choose(OLD_BELT, "added")
