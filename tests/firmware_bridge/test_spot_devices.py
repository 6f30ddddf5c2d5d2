"""Cuffs, scales, meters and sensors on the virtual air: what they stored comes once, each at the time it was measured."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from edge.firmware_bridge.bleak_wearable import BleakWearables
from edge.firmware_bridge.measurements import readings_of
from edge.firmware_bridge.profiles import identifiers
from edge.firmware_bridge.seeker import Backend
from edge.firmware_bridge.wearable import KnownWearable, Notification
from edge.firmware_bridge.wearable_link import Place
from protocol.metrics import (
    BLOOD_GLUCOSE,
    BODY_WEIGHT,
    DIASTOLIC_PRESSURE,
    INTERSTITIAL_GLUCOSE,
    MEAN_PRESSURE,
    PULSE_RATE,
    SYSTOLIC_PRESSURE,
    Absence,
)
from protocol.samples import Reading
from simulators import spot_devices
from simulators.spot_devices import SpotDevice, Watch
from tests.firmware_bridge.air import SPACE, eventually, listen, living_home

BERLIN = ZoneInfo("Europe/Berlin")
ADDRESS = "C0:11:22:33:55:01"
RADIOS = pytest.mark.parametrize("radio", ["bluez", "in_process"])


def berlin() -> datetime:
    return datetime.now(BERLIN)


def utc_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class Bedside:
    """One device and the gateway's code that listens to it, in true time."""

    def __init__(self, device: SpotDevice, known: KnownWearable, backend: Backend | None) -> None:
        self.device, self.known, self._backend = device, known, backend
        self.clock_is_right = True

    def synchronised(self) -> bool:
        return self.clock_is_right

    def wearables(self) -> BleakWearables:
        return BleakWearables(
            [self.known], lambda: utc_ms(datetime.now(UTC)), backend=self._backend, dice=lambda: 0.0, place=Place(BERLIN, self.synchronised)
        )

    async def hear(self, wearables: BleakWearables, count: int, then: Callable[[Notification], object] | None = None) -> list[Notification]:
        return await listen(wearables, lambda got: len(got) >= count, then)


@asynccontextmanager
async def bedside(
    radio: str, monkeypatch: pytest.MonkeyPatch, kind: str, watch: Watch | None = None, *, delete_stored: bool = False
) -> AsyncIterator[Bedside]:
    async with living_home(radio, monkeypatch) as air:
        device = SpotDevice(air.home.link, kind, ADDRESS, "Spot", watch or Watch(berlin))
        await device.start()
        try:
            yield Bedside(device, KnownWearable(uuid5(SPACE, kind), UUID(int=7), ADDRESS, kind, delete_stored), air.backend)
        finally:
            await device.stop()


def readings(got: list[Notification]) -> list[Reading]:
    found = [each for n in got for each in readings_of(n, n.arrived_at if n.taken_at is None else n.taken_at)]
    return [each for each in found if isinstance(each, Reading)]


@RADIOS
async def test_a_cuff_says_what_it_measured_before_at_the_time_it_was_measured_and_its_watch_is_set(radio, monkeypatch):
    watch = Watch(berlin, wrong_by=timedelta(hours=-3, minutes=7))
    async with bedside(radio, monkeypatch, "blood_pressure_cuff", watch) as bed:
        measured = berlin() - timedelta(minutes=40)
        await bed.device.measure(spot_devices.pressure(142, 91, 77, measured + watch.wrong_by))
        wearables = bed.wearables()
        later: list[asyncio.Task[None]] = []

        async def measure_again() -> None:
            await eventually(lambda: abs(watch.wrong_by) < timedelta(seconds=1))
            await bed.device.measure(spot_devices.pressure(139, 88, 75, watch.shown()))

        got = await bed.hear(wearables, 2, lambda _n: later.append(asyncio.ensure_future(measure_again())) if not later else None)
    first, second = readings(got[:1]), readings(got[1:2])
    assert {r.metric: r.value for r in first} == {
        SYSTOLIC_PRESSURE.code: 142,
        DIASTOLIC_PRESSURE.code: 91,
        MEAN_PRESSURE.code: 108,
        PULSE_RATE.code: 77,
    }
    assert abs(first[0].at - utc_ms(measured)) < 2_000
    assert second[0].value == 139
    assert abs(second[0].at - got[1].arrived_at) < 3_000
    assert wearables.about[bed.known.id].model == "blood_pressure_cuff"


@RADIOS
async def test_a_scale_whose_watch_may_not_be_set_still_says_the_right_time(radio, monkeypatch):
    watch = Watch(berlin, wrong_by=timedelta(days=400), settable=False)
    async with bedside(radio, monkeypatch, "weight_scale", watch) as bed:
        measured = berlin() - timedelta(hours=9)
        await bed.device.measure(spot_devices.weight(71.3, measured + watch.wrong_by))
        [weight] = readings(await bed.hear(bed.wearables(), 1))
    assert (weight.metric, weight.value) == (BODY_WEIGHT.code, 71.3)
    assert abs(weight.at - utc_ms(measured)) < 2_000


@RADIOS
async def test_a_meters_records_come_once_and_only_the_new_ones_the_next_time(radio, monkeypatch):
    async with bedside(radio, monkeypatch, "glucose_meter") as bed:
        for number in range(5):
            bed.device.stored[number] = spot_devices.blood_glucose(number, 100 + number, berlin() - timedelta(hours=5 - number))
        first = await bed.hear(bed.wearables(), 5)
        assert [(n.session, n.sequence) for n in first] == [(1, number) for number in range(5)]
        assert [r.value for r in readings(first)] == [100, 101, 102, 103, 104]
        assert [r.metric for r in readings(first)] == [BLOOD_GLUCOSE.code] * 5
        assert abs(readings(first)[0].at - utc_ms(berlin() - timedelta(hours=5))) < 5_000

        again = bed.wearables()
        await again.keep(bed.known.id, 1, 4)
        bed.device.stored[5] = spot_devices.blood_glucose(5, 180, berlin())
        assert [(n.session, n.sequence) for n in await bed.hear(again, 1)] == [(1, 5)]


@RADIOS
async def test_what_is_measured_while_a_meter_is_connected_comes_at_once(radio, monkeypatch):
    async with bedside(radio, monkeypatch, "glucose_meter") as bed:
        bed.device.stored[0] = spot_devices.blood_glucose(0, 100, berlin())
        later: list[asyncio.Task[None]] = []

        def measure(_heard: Notification) -> None:
            if not later:
                later.append(asyncio.ensure_future(bed.device.measure(spot_devices.blood_glucose(1, 64, berlin()), 1)))

        assert [r.value for r in readings(await bed.hear(bed.wearables(), 2, measure))] == [100, 64]


@RADIOS
async def test_a_meter_whose_clock_was_set_back_by_a_day_keeps_its_values_apart_from_times_they_were_not_measured_at(radio, monkeypatch):
    watch = Watch(berlin, wrong_by=timedelta(days=-1), settable=False)
    async with bedside(radio, monkeypatch, "glucose_meter", watch) as bed:
        before, after = berlin() - timedelta(hours=5), berlin() - timedelta(hours=2)
        bed.device.stored = {
            0: spot_devices.blood_glucose(0, 55, before),
            1: spot_devices.blood_glucose(1, 110, after + watch.wrong_by),
        }
        got = await bed.hear(bed.wearables(), 2)
    outdated, right = readings(got)
    assert (outdated.absence, outdated.record) == (Absence.TIME_UNKNOWN, 1 << 32)
    assert (right.value, right.record) == (110, 1 << 32 | 1)
    assert abs(right.at - utc_ms(after)) < 2_000


@RADIOS
async def test_a_cuff_whose_clock_was_set_back_by_a_day_says_that_it_measured(radio, monkeypatch):
    async with bedside(radio, monkeypatch, "blood_pressure_cuff", Watch(berlin, timedelta(days=-1), settable=False)) as bed:
        await bed.device.measure(spot_devices.pressure(142, 91, 77, berlin() - timedelta(hours=5)))
        found = readings(await bed.hear(bed.wearables(), 1))
    assert {(r.metric, r.absence) for r in found} == {
        (metric.code, Absence.TIME_UNKNOWN) for metric in (SYSTOLIC_PRESSURE, DIASTOLIC_PRESSURE, MEAN_PRESSURE, PULSE_RATE)
    }


async def test_a_gateway_whose_own_clock_is_not_synchronised_sets_no_watch(monkeypatch):
    monkeypatch.setattr("edge.firmware_bridge.wearable_link.QUIET_S", 0.2)
    watch = Watch(berlin, wrong_by=timedelta(hours=-3))
    async with bedside("in_process", monkeypatch, "blood_pressure_cuff", watch) as bed:
        bed.clock_is_right = False
        await bed.device.measure(spot_devices.pressure(142, 91, 77, watch.shown()))
        later: list[asyncio.Task[None]] = []

        async def measure_again() -> None:
            await asyncio.sleep(1.0)
            await bed.device.measure(spot_devices.pressure(139, 88, 75, watch.shown()))

        await bed.hear(bed.wearables(), 2, lambda _n: later.append(asyncio.ensure_future(measure_again())) if not later else None)
    assert watch.wrong_by == timedelta(hours=-3)


async def test_a_meter_that_was_wiped_begins_a_new_session(monkeypatch):
    async with bedside("in_process", monkeypatch, "glucose_meter") as bed:
        bed.device.stored[0] = spot_devices.blood_glucose(0, 91, berlin())
        wearables = bed.wearables()
        await wearables.keep(bed.known.id, 1, 300)
        assert [(n.session, n.sequence) for n in await bed.hear(wearables, 1)] == [(2, 0)]


@pytest.mark.parametrize("delete_stored", [True, False])
async def test_what_is_durable_is_deleted_where_that_is_wanted_and_nothing_else(monkeypatch, *, delete_stored):
    async with bedside("in_process", monkeypatch, "glucose_meter", delete_stored=delete_stored) as bed:
        for number in range(3):
            bed.device.stored[number] = spot_devices.blood_glucose(number, 100, berlin())
        wearables = bed.wearables()
        kept: list[asyncio.Task[None]] = []

        def keep(notification: Notification) -> None:
            if notification.sequence == 1:
                kept.append(asyncio.ensure_future(wearables.keep(notification.wearable, 1, 1)))
            if notification.sequence == 2:
                kept.append(asyncio.ensure_future(measure_after_a_while()))

        async def measure_after_a_while() -> None:
            if delete_stored:
                await eventually(lambda: 0 not in bed.device.stored)
            else:
                await asyncio.sleep(0.5)
            await bed.device.measure(spot_devices.blood_glucose(3, 100, berlin()), 3)

        await bed.hear(wearables, 4, keep)
        assert sorted(bed.device.stored) == ([2, 3] if delete_stored else [0, 1, 2, 3])


@RADIOS
async def test_a_sensor_is_started_told_the_time_and_its_records_fall_on_their_minutes(radio, monkeypatch):
    async with bedside(radio, monkeypatch, "glucose_sensor") as bed:
        got: list[Notification] = []
        wearables = bed.wearables()
        task = asyncio.ensure_future(bed.hear(wearables, 2))
        await eventually(lambda: bed.device.sensing.running and bed.device.sensing.began != bytes(9))
        for minute in (5, 10):
            bed.device.sensing.minute = minute
            await asyncio.sleep(0.3)
            await bed.device.measure(spot_devices.sensor_record(minute, 110 + minute, -8), minute)
        got = await task
        assert [n.sequence for n in got] == [5, 10]
        assert [(r.metric, r.value) for r in readings(got)] == [(INTERSTITIAL_GLUCOSE.code, 115), (INTERSTITIAL_GLUCOSE.code, 120)]
        [session] = {n.session for n in got}

        again = bed.wearables()
        assert session is not None
        await again.keep(bed.known.id, session, 5)
        assert [(n.session, n.sequence) for n in await bed.hear(again, 1)] == [(session, 10)]


async def test_a_sensors_backlog_comes_in_the_order_of_its_minutes(monkeypatch):
    async with bedside("in_process", monkeypatch, "glucose_sensor") as bed:
        began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
        bed.device.sensing.running, bed.device.sensing.minute = True, 180
        bed.device.sensing.began = spot_devices.stamp(began) + bytes(2)
        bed.device.stored = {minute: spot_devices.sensor_record(minute, 100, 0) for minute in range(5, 181, 5)}
        got = await bed.hear(bed.wearables(), 36)
    assert [n.sequence for n in got] == list(range(5, 181, 5))
    assert [r.at for r in readings(got)] == [utc_ms(began + timedelta(minutes=minute)) for minute in range(5, 181, 5)]
    assert {n.characteristic for n in got} == {identifiers.CONTINUOUS_GLUCOSE_MEASUREMENT}


async def test_a_damaged_record_of_a_sensor_is_counted_and_the_rest_comes(monkeypatch):
    async with bedside("in_process", monkeypatch, "glucose_sensor") as bed:
        bed.device.sensing.running = True
        damaged = bytearray(spot_devices.sensor_record(5, 100, 0))
        damaged[2] ^= 1
        bed.device.stored = {5: bytes(damaged), 10: spot_devices.sensor_record(10, 101, 0)}
        wearables = bed.wearables()
        assert [n.sequence for n in await bed.hear(wearables, 1)] == [10]
        assert wearables.malformed == 1
