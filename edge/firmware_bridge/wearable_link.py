"""One connected wearable: subscribe, take its records in order, read its battery, set its watch, tell it what is kept.

Records of a wearable with the hand-over service are delivered without gaps: after one that is missing (a full socket on
the way drops silently) the subscription is renewed, and the wearable sends again all that is not yet kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError, BleakGATTProtocolError

from edge.firmware_bridge import watch_clock
from edge.firmware_bridge.meter_link import GlucoseMeter, GlucoseSensor, MeterEvents
from edge.firmware_bridge.profiles import current_time, device_information, identifiers
from edge.firmware_bridge.profiles.device_information import DeviceInformation
from edge.firmware_bridge.profiles.hand_over import Kept, Record, Session, parse_record, parse_session, serialise_kept
from edge.firmware_bridge.watch_clock import Stamp, Watch
from edge.firmware_bridge.wearable import ClockReading, KnownWearable, Notification
from protocol.errors import Malformed

_MEASUREMENTS = (
    identifiers.HEART_RATE_MEASUREMENT,
    identifiers.PULSE_OXIMETER_CONTINUOUS,
    identifiers.PULSE_OXIMETER_SPOT,
    identifiers.TEMPERATURE_MEASUREMENT,
    identifiers.BLOOD_PRESSURE_MEASUREMENT,
    identifiers.WEIGHT_MEASUREMENT,
    identifiers.RESPIRATORY_RATE,
    identifiers.WAVEFORM,
)

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gateway is. zone: whose time watches are to show. synchronised: whether the gateway's own clock is now."""

    zone: ZoneInfo = _UTC
    synchronised: Callable[[], bool] = lambda: True


SOMEWHERE = Place()
LINK_FAILURES = (BleakError, OSError, EOFError, TimeoutError)
"""What bleak and the bus under it raise when a link or the bus goes."""

_BETWEEN_KEPT_S = 1.0
_BEFORE_RENEWAL_S = 0.5
QUIET_S = 3.0
"""A watch is set only after nothing has come for so long: what was stored bears the time that the watch showed before."""


@dataclass(frozen=True, slots=True)
class LinkEvents:
    """Whom a link tells. deliver: take a notification, False where there is no room. malformed: a record that is none.

    clock: what the wearable's clock shows, once a link, before its records. about: what it says of itself, once a link.
    """

    deliver: Callable[[Notification], bool]
    clock: Callable[[ClockReading], None]
    about: Callable[[KnownWearable, DeviceInformation], None]
    malformed: Callable[[KnownWearable, str], None]
    gap: Callable[[KnownWearable, int, int], None]


class WearableLink:
    """The dialogue with one wearable while its link is up; a new link is a new object."""

    def __init__(
        self,
        wearable: KnownWearable,
        client: BleakClient,
        now: Callable[[], int],
        battery_every_s: float,
        events: LinkEvents,
        kept: Kept | None = None,
        place: Place = SOMEWHERE,
    ) -> None:
        """Make ready. kept: the latest word, perhaps not said on an earlier link."""
        self._wearable = wearable
        self._client = client
        self._now = now
        self._battery_every_s = battery_every_s
        self._events = events
        self._session: Session | None = None
        self._expected: int | None = None
        self._gap = asyncio.Event()
        self._kept = kept
        self._to_keep = asyncio.Event()
        self._place = place
        self._watch = Watch()
        self._spoke = asyncio.Event()
        self._meter: GlucoseMeter | GlucoseSensor | None = None

    async def run(self) -> None:
        """Talk until the link falls.

        Raises:
            BleakError, OSError, EOFError, TimeoutError: the link fell or the wearable does not keep to its profile.
            Malformed: its session is none.
        """
        if self._client.services.get_service(identifiers.HAND_OVER_SERVICE) is not None:
            self._session = await self._read_session()
            await self._write_kept(self._session.session)
        await self._read_about()
        await self._read_battery()
        await self._read_watch()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_battery())
            if self._session is not None:
                await self._subscribe(identifiers.RECORD, self._on_record)
                tasks.create_task(self._say_kept(self._session.session))
                tasks.create_task(self._renew_after_gaps())
            else:
                await self._subscribe_plainly()
                self._meter = self._meter_of()
                if self._meter is not None:
                    tasks.create_task(self._meter.run())
                tasks.create_task(self._set_watch())

    def keep(self, kept: Kept) -> None:
        """Have said what is kept; the latest word wins."""
        self._kept = kept
        self._to_keep.set()
        if self._meter is not None:
            self._meter.keep(kept)

    async def _read_session(self) -> Session:
        """Read which session it is, and pass on what its clock shows."""
        session = parse_session(bytes(await self._client.read_gatt_char(identifiers.SESSION)))
        if session.ticks_ms is not None:
            self._events.clock(ClockReading(self._wearable.id, session.session, session.ticks_ms, self._now(), session.next))
        return session

    async def _subscribe(self, uuid: str, take: Callable[[BleakGATTCharacteristic, bytearray], None]) -> None:
        await self._client.start_notify(uuid, take, bluez={"use_start_notify": False})

    async def _subscribe_plainly(self) -> None:
        for uuid in _MEASUREMENTS:
            if self._client.services.get_characteristic(uuid) is not None:
                await self._subscribe(uuid, self._on_value)

    def _on_value(self, characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
        uuid, data, now = characteristic.uuid.lower(), bytes(value), self._now()
        self._spoke.set()
        try:
            stamp = watch_clock.stamp_of(uuid, data)
        except Malformed as error:
            self._events.malformed(self._wearable, str(error))
            return
        taken_at = None if stamp is None else self._measured_at(stamp, now)
        timeless = stamp is not None and taken_at is None
        self._events.deliver(Notification(self._wearable.id, uuid, data, now, taken_at=taken_at, timeless=timeless))

    def _measured_at(self, stamp: Stamp | None, now: int) -> int | None:
        return watch_clock.measured_at(stamp, self._watch, now, self._place.zone, synchronised=self._place.synchronised())

    def _meter_of(self) -> GlucoseMeter | GlucoseSensor | None:
        def deliver(notification: Notification) -> None:
            self._spoke.set()
            self._events.deliver(notification)

        events = MeterEvents(deliver, lambda reason: self._events.malformed(self._wearable, reason), self._measured_at, self._now)
        services = self._client.services
        if services.get_service(identifiers.GLUCOSE_SERVICE) is not None:
            return GlucoseMeter(self._wearable, self._client, events, self._kept)
        if services.get_service(identifiers.CONTINUOUS_GLUCOSE_SERVICE) is not None:
            return GlucoseSensor(self._wearable, self._client, events, self._kept)
        return None

    async def _read_watch(self) -> None:
        """Learn how far the wearable's watch is off; where it has none, or shows no date, nothing is known."""
        self._watch = Watch()
        if self._client.services.get_characteristic(identifiers.CURRENT_TIME) is not None:
            try:
                shown = current_time.parse(bytes(await self._client.read_gatt_char(identifiers.CURRENT_TIME)))
            except (BleakGATTProtocolError, Malformed) as error:
                self._events.malformed(self._wearable, f"its watch cannot be read: {error}")
            else:
                self._watch = watch_clock.watch_of(shown, self._now())

    async def _set_watch(self) -> None:
        """Set a watch that is wrong to the time of this place, once the wearable has been quiet for a while; not by a clock that may be wrong itself."""
        characteristic = self._client.services.get_characteristic(identifiers.CURRENT_TIME)
        if characteristic is None or "write" not in characteristic.properties:
            return
        while True:
            self._spoke.clear()
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._spoke.wait()
            except TimeoutError:
                break
        if not self._place.synchronised():
            return
        off = watch_clock.off_by_ms(self._watch, self._now(), self._place.zone)
        if off is not None and abs(off) <= watch_clock.OFF_MS:
            return
        local = datetime.fromtimestamp(self._now() / 1000, self._place.zone)
        try:
            await self._client.write_gatt_char(characteristic, current_time.serialise(current_time.current_time_at(local)), response=True)
        except BleakGATTProtocolError as error:
            self._events.malformed(self._wearable, f"its watch cannot be set: {error}")
        else:
            await self._read_watch()

    async def _read_about(self) -> None:
        """Read what the wearable says of itself; one that says nothing, or refuses, is taken as it is."""
        found: dict[str, str] = {}
        for name, uuid in device_information.FIELDS.items():
            if self._client.services.get_characteristic(uuid) is not None:
                try:
                    found[name] = device_information.parse_text(bytes(await self._client.read_gatt_char(uuid)))
                except BleakGATTProtocolError:
                    continue
        self._events.about(self._wearable, DeviceInformation(**found))

    def _on_record(self, _characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
        arrived_at = self._now()
        if self._session is None or self._gap.is_set():
            return
        try:
            record = parse_record(bytes(value))
        except Malformed as error:
            self._events.malformed(self._wearable, str(error))
            return
        if self._expected is not None and record.sequence != self._expected:
            self._miss(self._expected, record.sequence)
        elif self._events.deliver(self._notification(self._session.session, record, arrived_at)):
            self._expected = record.sequence + 1
        else:
            self._miss(record.sequence, record.sequence)

    def _miss(self, expected: int, came: int) -> None:
        self._gap.set()
        self._events.gap(self._wearable, expected, came)

    def _notification(self, session: int, record: Record, arrived_at: int) -> Notification:
        return Notification(
            wearable=self._wearable.id,
            characteristic=identifiers.uuid_of(record.characteristic),
            value=record.value,
            arrived_at=arrived_at,
            session=session,
            sequence=record.sequence,
            ticks_ms=record.ticks_ms,
        )

    async def _renew_after_gaps(self) -> None:
        """Subscribe anew after a record was missed; the wearable begins again after the last one kept."""
        while True:
            await self._gap.wait()
            await asyncio.sleep(_BEFORE_RENEWAL_S)
            await self._client.stop_notify(identifiers.RECORD)
            await asyncio.sleep(_BEFORE_RENEWAL_S)
            self._expected = None
            self._gap.clear()
            await self._subscribe(identifiers.RECORD, self._on_record)

    async def _say_kept(self, session: int) -> None:
        """Write the latest word, at most once a second."""
        while True:
            await asyncio.sleep(_BETWEEN_KEPT_S)
            await self._to_keep.wait()
            self._to_keep.clear()
            await self._write_kept(session)

    async def _write_kept(self, session: int) -> None:
        if self._kept is not None and self._kept.session == session:
            await self._client.write_gatt_char(identifiers.KEPT, serialise_kept(self._kept), response=True)

    async def _watch_battery(self) -> None:
        while True:
            await asyncio.sleep(self._battery_every_s)
            await self._read_battery()

    async def _read_battery(self) -> None:
        if self._client.services.get_characteristic(identifiers.BATTERY_LEVEL) is None:
            return
        try:
            level = bytes(await self._client.read_gatt_char(identifiers.BATTERY_LEVEL))
        except BleakGATTProtocolError:
            return
        self._events.deliver(Notification(self._wearable.id, identifiers.BATTERY_LEVEL, level, self._now()))
