"""What only meters do on their link: a blood glucose meter and a continuous glucose sensor hand over what they have stored.

Records have numbers, so that each is taken once: a meter's own sequence number, and of a sensor the minute of its session. A meter that
counts from the beginning again (its memory was wiped) begins a new session here.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError

from edge.firmware_bridge import watch_clock
from edge.firmware_bridge.profiles import continuous_glucose as cgm
from edge.firmware_bridge.profiles import glucose, identifiers
from edge.firmware_bridge.profiles.continuous_glucose import Annunciation, Control, ControlOutcome, Feature
from edge.firmware_bridge.profiles.hand_over import Kept
from edge.firmware_bridge.stored_records import ANSWER_SECONDS, StoredRecord, StoredRecords
from edge.firmware_bridge.watch_clock import Stamp
from edge.firmware_bridge.wearable import KnownWearable, Notification

FIRST_SESSION = 1


@dataclass(frozen=True, slots=True)
class MeterEvents:
    """Whom a meter tells. deliver: take a notification. malformed: a record that is none. now: ms UTC.

    measured_at: stamp, ms UTC of arrival -> ms UTC, None where that cannot be told.
    """

    deliver: Callable[[Notification], object]
    malformed: Callable[[str], None]
    measured_at: Callable[[Stamp | None, int], int | None]
    now: Callable[[], int]


class GlucoseMeter:
    """A meter of the Glucose Profile on its link. kept: how far its records are durable here."""

    def __init__(self, wearable: KnownWearable, client: BleakClient, events: MeterEvents, kept: Kept | None) -> None:
        self._wearable, self._events, self._kept = wearable, events, kept
        self._session = FIRST_SESSION if kept is None else kept.session
        self._to_delete = asyncio.Event()
        self._store = StoredRecords(client, identifiers.GLUCOSE_MEASUREMENT, _glucose_records, self._take, events.malformed)

    async def run(self) -> None:
        """Fetch what is new, deliver what is measured, and have what is durable deleted where that is wanted.

        Raises:
            BleakError: the meter refuses, or does not answer.
        """
        await self._store.subscribe()
        after = None if self._kept is None else self._kept.sequence
        if after is not None:
            newest = await self._store.newest()
            if newest is not None and newest < after:
                self._session, after = self._session + 1, None
        await self._store.fetch(after)
        while True:
            await self._to_delete.wait()
            self._to_delete.clear()
            if self._wearable.delete_stored and self._kept is not None and self._kept.session == self._session:
                await self._store.delete(self._kept.sequence)

    def keep(self, kept: Kept) -> None:
        """Note how far records are durable here."""
        self._kept = kept
        self._to_delete.set()

    def _take(self, records: Sequence[StoredRecord]) -> None:
        now = self._events.now()
        stamps = watch_clock.stamps_of([glucose.parse(record.value) for record in records])
        for record, stamp in zip(records, stamps, strict=True):
            taken_at = self._events.measured_at(stamp, now)
            self._events.deliver(
                Notification(
                    self._wearable.id,
                    identifiers.GLUCOSE_MEASUREMENT,
                    record.value,
                    now,
                    session=self._session,
                    sequence=record.number,
                    taken_at=taken_at,
                    timeless=taken_at is None,
                )
            )


def _glucose_records(data: bytes) -> list[StoredRecord]:
    return [StoredRecord(glucose.parse(data).sequence, data)]


class GlucoseSensor:
    """A sensor of the Continuous Glucose Monitoring Profile on its link; its session is started where it waits for that."""

    def __init__(self, wearable: KnownWearable, client: BleakClient, events: MeterEvents, kept: Kept | None) -> None:
        self._wearable, self._client, self._events, self._kept = wearable, client, events, kept
        self._crc = False
        self._began = datetime.fromtimestamp(0, UTC)
        self._store = StoredRecords(client, identifiers.CONTINUOUS_GLUCOSE_MEASUREMENT, self._records, self._take, events.malformed)

    async def run(self) -> None:
        """Learn when the session began, fetch what is new, and deliver what is measured.

        Raises:
            BleakError: the sensor refuses, or does not answer.
            Malformed: it says something that is none of its profile's.
        """
        features = cgm.parse_features(await self._read(identifiers.CONTINUOUS_GLUCOSE_FEATURE))
        self._crc = bool(features.bits & Feature.CRC)
        self._began = await self._session_began()
        await self._store.subscribe()
        session = self._session
        await self._store.fetch(self._kept.sequence if self._kept is not None and self._kept.session == session else None)

    def keep(self, kept: Kept) -> None:
        """Note how far records are durable here; a sensor forgets by itself."""
        self._kept = kept

    @property
    def _session(self) -> int:
        return max(1, int(self._began.timestamp()) // 60)

    async def _session_began(self) -> datetime:
        """Return when the session began; tell the sensor where nobody has, and start it where nobody has done that."""
        status = cgm.parse_status(await self._read(identifiers.CONTINUOUS_GLUCOSE_STATUS), crc=self._crc)
        if status.annunciation & Annunciation.SESSION_STOPPED and status.minute == 0:
            await self._ask(cgm.start_session(crc=self._crc), Control.START_SESSION)
        start = cgm.parse_session_start(await self._read(identifiers.CONTINUOUS_GLUCOSE_SESSION_START), crc=self._crc)
        if start.began is not None:
            return start.began
        now = datetime.fromtimestamp(self._events.now() // 1000, UTC)
        told = cgm.session_start_of(now - timedelta(minutes=status.minute))
        written = cgm.serialise_session_start(told, crc=self._crc)
        await self._client.write_gatt_char(identifiers.CONTINUOUS_GLUCOSE_SESSION_START, written, response=True)
        said = cgm.parse_session_start(await self._read(identifiers.CONTINUOUS_GLUCOSE_SESSION_START), crc=self._crc)
        if said.began is None:
            raise BleakError("the sensor does not take the time its session began")
        return said.began

    async def _ask(self, request: bytes, what: Control) -> None:
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def on_answer(_characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
            if not answered.done():
                answered.set_result(bytes(data))

        await self._client.start_notify(identifiers.CONTINUOUS_GLUCOSE_CONTROL_POINT, on_answer)
        try:
            await self._client.write_gatt_char(identifiers.CONTINUOUS_GLUCOSE_CONTROL_POINT, request, response=True)
            async with asyncio.timeout(ANSWER_SECONDS):
                asked, outcome = cgm.parse_control_answer(await answered, crc=self._crc)
        finally:
            await self._client.stop_notify(identifiers.CONTINUOUS_GLUCOSE_CONTROL_POINT)
        if (asked, outcome) != (what, ControlOutcome.SUCCESS):
            raise BleakError(f"the sensor answered {outcome} to {what.name}")

    async def _read(self, uuid: str) -> bytes:
        return bytes(await self._client.read_gatt_char(uuid))

    def _records(self, data: bytes) -> list[StoredRecord]:
        """Set the records of a notification apart, each without its CRC."""
        return [StoredRecord(record.minute, cgm.serialise([record], crc=False)) for record in cgm.parse(data, crc=self._crc)]

    def _take(self, records: Sequence[StoredRecord]) -> None:
        now = self._events.now()
        for record in records:
            taken_at = int((self._began + timedelta(minutes=record.number)).timestamp() * 1000)
            self._events.deliver(
                Notification(
                    self._wearable.id,
                    identifiers.CONTINUOUS_GLUCOSE_MEASUREMENT,
                    record.value,
                    now,
                    session=self._session,
                    sequence=record.number,
                    taken_at=min(taken_at, now),
                )
            )
