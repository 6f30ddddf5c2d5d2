"""Pairing over the virtual radio, with BlueZ's own questions: by a passkey, by a number that is the same, and by neither; and bonds that change."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edge.firmware_bridge import bonds
from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.pairing import Pairing, PairingFailed
from edge.firmware_bridge.wearable import ChangedBond, KnownWearable, Notification
from simulators.bus import private_bus
from simulators.pairing import HowToPair
from tests.firmware_bridge.air import PASSKEY, Air, dbus_daemon, eventually, listen, living_home

ADDRESS = "C0:11:22:33:44:00"


@dataclass
class Somebody:
    """A person who answers as told. asked: the questions, in order."""

    types: int | None = None
    says_same: bool = True
    asked: list[object] = field(default_factory=list)

    async def passkey(self) -> int | None:
        self.asked.append("passkey")
        return self.types

    async def same(self, number: int) -> bool:
        self.asked.append(number)
        return self.says_same

    def type_there(self, number: int) -> None:
        self.asked.append(("type", number))


@asynccontextmanager
async def a_home(
    monkeypatch: pytest.MonkeyPatch, pairing: HowToPair | None, bonds: Path | None = None
) -> AsyncIterator[tuple[Air, BleakWearables, Pairing]]:
    """Yield a home whose oximeter nobody adopted yet."""
    async with living_home("bluez", monkeypatch, "pulse_oximeter", pairing=pairing, bonds=bonds) as air:
        known, air.known = air.known, []
        wearables = air.wearables()
        air.known = known
        assert wearables.pairing is not None
        yield air, wearables, wearables.pairing


async def is_nearby(pairing: Pairing) -> None:
    await eventually(lambda: [one.address for one in pairing.nearby()] == [ADDRESS])


async def first_reading(wearables: BleakWearables, known: KnownWearable) -> Notification:
    await wearables.adopt(known)
    [first] = await listen(wearables, bool)
    return first


async def test_a_wrong_passkey_is_told_and_the_right_one_pairs(monkeypatch):
    async with a_home(monkeypatch, "passkey") as (air, wearables, pairing), pairing.window():
        await is_nearby(pairing)
        [nearby] = pairing.nearby()
        assert (nearby.kind, nearby.name) == ("pulse_oximeter", "W0")
        with pytest.raises(PairingFailed) as failed:
            await pairing.pair(ADDRESS, Somebody(types=PASSKEY + 1))
        assert failed.value.why == "wrong_answer"
        person = Somebody(types=PASSKEY)
        assert await pairing.pair(ADDRESS, person)
        assert (person.asked, air.shown) == (["passkey"], [PASSKEY, PASSKEY])
        first = await first_reading(wearables, replace(air.known[0], bonded=True))
        assert first.wearable == air.known[0].id


async def test_whoever_gives_up_at_the_passkey_pairs_nothing(monkeypatch):
    async with a_home(monkeypatch, "passkey") as (_air, _wearables, pairing), pairing.window():
        await is_nearby(pairing)
        with pytest.raises(PairingFailed) as failed:
            await pairing.pair(ADDRESS, Somebody(types=None))
        assert failed.value.why == "wrong_answer"


async def test_both_show_the_same_number_and_a_no_ends_it(monkeypatch):
    async with a_home(monkeypatch, "numeric") as (air, wearables, pairing), pairing.window():
        await is_nearby(pairing)
        with pytest.raises(PairingFailed):
            await pairing.pair(ADDRESS, Somebody(says_same=False))
        person = Somebody()
        assert await pairing.pair(ADDRESS, person)
        assert person.asked == air.shown[-1:]
        assert await first_reading(wearables, replace(air.known[0], bonded=True))


async def test_one_without_a_display_asks_nobody_and_that_is_known(monkeypatch):
    async with a_home(monkeypatch, "just_works") as (_air, _wearables, pairing), pairing.window():
        await is_nearby(pairing)
        person = Somebody()
        assert not await pairing.pair(ADDRESS, person)
        assert person.asked == []


async def hear(wearables: BleakWearables, heard: Callable[[object], None]) -> None:
    async with aclosing(wearables.notifications()) as notifications:
        async for one in notifications:
            heard(one)


async def test_a_wearable_that_lost_its_keys_is_not_listened_to_until_it_is_paired_anew(monkeypatch):
    async with a_home(monkeypatch, "passkey") as (air, wearables, pairing):
        known = replace(air.known[0], bonded=True)
        async with pairing.window():
            await is_nearby(pairing)
            await pairing.pair(ADDRESS, Somebody(types=PASSKEY))
        await wearables.adopt(known)
        said: list[object] = []
        bond_changed = asyncio.Event()

        def heard(one: object) -> None:
            said.append(one)
            if isinstance(one, ChangedBond):
                bond_changed.set()

        hearing = asyncio.ensure_future(hear(wearables, heard))
        try:
            await eventually(lambda: any(isinstance(one, Notification) for one in said))
            await air.home.forget_bonds()
            await air.home.drop_links()
            async with asyncio.timeout(20):
                await bond_changed.wait()
            said.clear()
            await asyncio.sleep(3.0)
            assert said == [], "nothing is taken from it, and it is said once"
            async with pairing.window():
                await is_nearby(pairing)
                assert await pairing.pair(ADDRESS, Somebody(types=PASSKEY))
            await wearables.adopt(known)
            await eventually(lambda: any(isinstance(one, Notification) for one in said))
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)


async def test_a_bond_outlives_the_processes_and_ends_when_the_gateway_changes_hands(monkeypatch, tmp_path):
    kept = tmp_path / "bonds.json"
    async with a_home(monkeypatch, "passkey", kept) as (_air, _wearables, pairing), pairing.window():
        await is_nearby(pairing)
        await pairing.pair(ADDRESS, Somebody(types=PASSKEY))
    async with a_home(monkeypatch, "passkey", kept) as (air, wearables, pairing):
        assert await first_reading(wearables, replace(air.known[0], bonded=True)), "nobody was asked"
        assert await bonds.forget([ADDRESS.lower(), "C0:99:99:99:99:99"]) == [ADDRESS]
        assert await bonds.forget([ADDRESS]) == []
        async with pairing.window():
            await is_nearby(pairing)
            person = Somebody(types=PASSKEY)
            assert await pairing.pair(ADDRESS, person)
            assert person.asked == ["passkey"], "it is a stranger again"


async def test_a_radio_that_leaves_the_bus_closes_what_its_clients_read(monkeypatch):
    said: list[object] = []
    async with a_home(monkeypatch, "passkey") as (air, wearables, pairing):
        async with pairing.window():
            await is_nearby(pairing)
            await pairing.pair(ADDRESS, Somebody(types=PASSKEY))
        await wearables.adopt(replace(air.known[0], bonded=True))
        hearing = asyncio.ensure_future(hear(wearables, said.append))
        await eventually(lambda: any(isinstance(one, Notification) for one in said))
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    assert [
        one for one in gc.get_objects() if isinstance(one, socket.socket) and one.type == socket.SOCK_SEQPACKET and one.fileno() >= 0
    ] == []


async def test_a_wearable_that_is_parted_with_is_heard_no_more_and_its_keys_are_gone(monkeypatch, tmp_path):
    async with a_home(monkeypatch, "passkey", tmp_path / "bonds.json") as (air, wearables, pairing):
        known = replace(air.known[0], bonded=True)
        async with pairing.window():
            await is_nearby(pairing)
            await pairing.pair(ADDRESS, Somebody(types=PASSKEY))
        await wearables.adopt(known)
        said: list[object] = []

        hearing = asyncio.ensure_future(hear(wearables, said.append))
        try:
            await eventually(lambda: any(isinstance(one, Notification) for one in said))
            await wearables.part(known.id)
            await eventually(lambda: air.home.worn[0].radio.links == 0)
            said.clear()
            await asyncio.sleep(1.0)
            assert said == []
            assert await bonds.forget([ADDRESS]) == [], "its keys went with it"
            await wearables.part(known.id)
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)


async def test_where_there_is_no_bluez_nothing_can_be_forgotten_and_that_is_said(monkeypatch):
    with private_bus(Path(dbus_daemon())) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        with pytest.raises(OSError, match="GetManagedObjects"):
            await bonds.forget([ADDRESS])
