"""The gateway's Bluetooth code against wearables on the virtual air: over a virtual org.bluez, and in one process."""

import asyncio
import json
import os
import signal
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from edge.firmware_bridge.measurements import readings_of
from edge.firmware_bridge.profiles import identifiers
from edge.firmware_bridge.wearable import ClockReading, Notification
from protocol.errors import Malformed
from simulators import wire
from simulators.sensors import Measured
from tests.firmware_bridge.air import Air, dbus_daemon, eventually, listen, living_home, sequences

RADIOS = pytest.mark.parametrize("radio", ["bluez", "in_process"])
ALL_KINDS = ("heart_rate_belt", "pulse_oximeter", "thermometer", "ecg_patch")
ROOT = Path(__file__).resolve().parents[2]


def records(count: int):
    return lambda got: sum(n.sequence is not None for n in got) >= count


def of_each(air: Air, count: int):
    return lambda got: all(len(sequences(got, known.id)) >= count for known in air.known)


@RADIOS
async def test_every_wearable_is_found_and_hands_its_records_over_in_order(radio, monkeypatch):
    async with living_home(radio, monkeypatch, *ALL_KINDS) as air:
        got = await listen(air.wearables(), of_each(air, 3))
        for known in air.known:
            heard = sequences(got, known.id)
            assert heard == list(range(len(heard)))
        levels = [n for n in got if n.characteristic == identifiers.BATTERY_LEVEL]
        assert len(levels) == len(ALL_KINDS)
        assert all(readings_of(n, n.arrived_at) for n in got)
        assert {n.session for n in got if n.sequence is not None} == {worn.radio.session for worn in air.home.worn}


async def test_a_radio_that_is_busy_is_asked_for_one_connect_at_a_time(monkeypatch):
    async with living_home("bluez", monkeypatch, *ALL_KINDS, most_pending=1) as air:
        wearables = air.wearables()
        got = await listen(wearables, of_each(air, 3))
        assert wearables.gate.limit == 1
        for known in air.known:
            heard = sequences(got, known.id)
            assert heard == list(range(len(heard)))


@RADIOS
async def test_nothing_is_lost_when_every_link_drops(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "heart_rate_belt", "ecg_patch") as air:
        drops: list[asyncio.Task[None]] = []

        def drop_once(notification: Notification) -> None:
            if notification.sequence == 10 and not drops:
                drops.append(asyncio.ensure_future(air.home.drop_links()))

        got = await listen(air.wearables(), of_each(air, 40), drop_once)
        assert drops
        for known in air.known:
            heard = sequences(got, known.id)
            assert sorted(set(heard)) == list(range(max(heard) + 1))


@RADIOS
async def test_a_wearable_that_comes_back_into_range_hands_over_what_it_measured_meanwhile(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "ecg_patch") as air:
        [worn] = air.home.worn
        away: list[asyncio.Task[None]] = []

        async def walk() -> None:
            air.home.link.walk_away(worn.radio.controller)
            await asyncio.sleep(3.0)
            air.home.link.come_back(worn.radio.controller)

        def leave_once(notification: Notification) -> None:
            if notification.sequence == 5 and not away:
                away.append(asyncio.ensure_future(walk()))

        got = await listen(air.wearables(), lambda got: max(sequences(got, air.known[0].id), default=0) > 200, leave_once)
        assert away[0].done()
        heard = sequences(got, air.known[0].id)
        assert set(heard) == set(range(max(heard) + 1))


@RADIOS
async def test_what_is_kept_is_forgotten_and_the_next_gateway_gets_the_rest(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "ecg_patch") as air:
        [worn] = air.home.worn
        first = air.wearables()

        def keep_the_seventh(notification: Notification) -> None:
            if notification.sequence == 7 and notification.session is not None:
                kept.append(asyncio.ensure_future(first.keep(notification.wearable, notification.session, 7)))

        kept: list[asyncio.Task[None]] = []
        await listen(first, lambda _got: worn.radio.memory.oldest == 8, keep_the_seventh)
        again = await listen(air.wearables(), records(3))
        assert sequences(again, air.known[0].id)[:3] == [8, 9, 10]


@RADIOS
async def test_a_word_about_another_session_keeps_nothing(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "ecg_patch") as air:
        [worn] = air.home.worn
        wearables = air.wearables()
        await wearables.keep(air.known[0].id, worn.radio.session ^ 1, 5)
        await listen(wearables, records(8))
        assert worn.radio.memory.oldest == 0


@RADIOS
async def test_a_wearable_tells_its_clock_before_its_records(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "heart_rate_belt") as air, aclosing(air.wearables().notifications()) as said:
        async with asyncio.timeout(30):
            clock = await anext(said)
            assert isinstance(clock, ClockReading)
            record = await anext(said)
            while not isinstance(record, Notification) or record.ticks_ms is None:
                record = await anext(said)
    assert (clock.wearable, clock.session) == (air.known[0].id, air.home.worn[0].radio.session)
    assert abs((record.arrived_at - record.ticks_ms) - (clock.arrived_at - clock.ticks_ms)) < 2000


@RADIOS
async def test_a_wearable_without_a_memory_is_heard_by_its_plain_characteristics(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "heart_rate_belt", "thermometer", hand_over=False) as air:
        wanted = {identifiers.HEART_RATE_MEASUREMENT, identifiers.TEMPERATURE_MEASUREMENT, identifiers.BATTERY_LEVEL}
        got = await listen(air.wearables(), lambda got: {n.characteristic for n in got} == wanted)
        assert all(n.session is None and n.sequence is None for n in got)


@RADIOS
async def test_a_hostile_wearable_is_refused_with_a_reason_and_disturbs_no_other(radio, monkeypatch):
    async with living_home(radio, monkeypatch, "heart_rate_belt", "ecg_patch") as air:
        hostile, honest = air.home.worn
        wearables = air.wearables()
        said: list[asyncio.Task[None]] = []

        def attack_once(notification: Notification) -> None:
            if notification.sequence == 2 and not said:
                said.append(asyncio.ensure_future(hostile.radio.take(1, Measured(wire.HEART_RATE_MEASUREMENT, b"\x1f\x40"))))
                said.append(asyncio.ensure_future(hostile.radio.say(b"\x00\x01\x02")))

        got = await listen(wearables, of_each(air, 10), attack_once)
        refused: list[str] = []
        for notification in got:
            try:
                readings_of(notification, notification.arrived_at)
            except Malformed as error:
                refused.append(str(error))
        assert refused == ["heart rate measurement ends within heart rate: 2 bytes wanted at 1, 1 there"]
        assert wearables.malformed == 1
        heard = sequences(got, honest.planned.id)
        assert heard == list(range(len(heard)))


@RADIOS
async def test_a_full_queue_makes_a_wearable_send_again_what_found_no_room(radio, monkeypatch):
    monkeypatch.setattr("edge.firmware_bridge.bleak_wearable.MOST_WAITING", 5)
    async with living_home(radio, monkeypatch, "ecg_patch") as air:
        wearables = air.wearables()
        notifications = wearables.notifications()
        got: list[Notification] = []
        assert isinstance(await anext(notifications), ClockReading)
        await eventually(lambda: len(air.aired) > 20)
        async with asyncio.timeout(30):
            while len(set(sequences(got, air.known[0].id))) < 40:
                notification = await anext(notifications)
                if isinstance(notification, ClockReading):
                    continue
                got.append(notification)
                if notification.session is not None and notification.sequence is not None:
                    await wearables.keep(notification.wearable, notification.session, notification.sequence)
        await notifications.aclose()
        heard = sorted(set(sequences(got, air.known[0].id)))
        assert heard == list(range(len(heard)))


async def test_a_killed_gateways_link_is_taken_over_and_nothing_is_lost(monkeypatch):
    dbus_daemon()
    async with living_home("bluez", monkeypatch, "ecg_patch") as air:
        [worn] = air.home.worn
        gateway = Path(__file__).with_name("killed_gateway.py")
        known = json.dumps([str(air.known[0].id), air.known[0].address])
        child = await asyncio.create_subprocess_exec(
            sys.executable, gateway, known, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert child.stdout is not None
        async with asyncio.timeout(30):
            heard = [int(await child.stdout.readline()) for _ in range(12)]
        child.send_signal(signal.SIGKILL)
        await child.wait()
        assert worn.radio.links == 1
        got = await listen(air.wearables(), records(12))
        again = sequences(got, air.known[0].id)
        assert worn.radio.links_made == 1
        assert again[0] <= heard[-1] + 1
        assert again == list(range(again[0], again[0] + len(again)))
