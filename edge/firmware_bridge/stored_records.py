"""The dialogue with a meter that keeps its records until they are asked for: blood glucose, and continuous glucose.

Records are numbered (a sequence number, or the minute of a session) and fetched from the first that is not durable here. They are
delivered in the order of their numbers once the meter says that it has reported all: what it measures meanwhile comes among them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError

from edge.firmware_bridge.profiles import identifiers, record_access
from edge.firmware_bridge.profiles.record_access import Answer, Count, Operation, Operator, Outcome, Request
from protocol.errors import Malformed

ANSWER_SECONDS = 30.0
"""The profile's procedure time-out, counted anew at each record."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of a meter. number: 0..65535. value: of the measurement characteristic, one record."""

    number: int
    value: bytes


class StoredRecords:
    """One link's dialogue. records: a notification -> its records. deliver: told each record, once, by rising numbers; those that were stored together."""

    def __init__(
        self,
        client: BleakClient,
        measurement: str,
        records: Callable[[bytes], list[StoredRecord]],
        deliver: Callable[[Sequence[StoredRecord]], None],
        malformed: Callable[[str], None],
    ) -> None:
        self._client, self._measurement = client, measurement
        self._records, self._deliver, self._malformed = records, deliver, malformed
        self._answers: asyncio.Queue[Count | Answer] = asyncio.Queue()
        self._held: dict[int, StoredRecord] = {}
        self._live = False
        self._stirred = asyncio.Event()
        self._asking = asyncio.Lock()

    async def subscribe(self) -> None:
        """Listen to answers and records; what comes before the first `fetch` is over is held."""
        await self._client.start_notify(identifiers.RECORD_ACCESS_CONTROL_POINT, self._on_answer)
        await self._client.start_notify(self._measurement, self._on_records, bluez={"use_start_notify": False})

    async def fetch(self, after: int | None) -> bool:
        """Deliver the records numbered above `after` (None: all), and from then on what is measured as it comes.

        Returns:
            Whether there were any.

        Raises:
            BleakError: the meter refuses, or does not answer.
        """
        wanted = Request(Operation.REPORT, Operator.ALL) if after is None else Request(Operation.REPORT, Operator.FROM, (after + 1,))
        found = after is None or after < 0xFFFF
        if found:
            found = await self._ask(wanted)
        self._live = True
        stored = [self._held[number] for number in sorted(self._held) if after is None or number > after]
        self._held.clear()
        if stored:
            self._deliver(stored)
        return found

    async def newest(self) -> int | None:
        """Return the greatest number in the meter's memory, None where it is empty; nothing is delivered.

        Raises:
            BleakError: the meter refuses, or does not answer.
        """
        before = dict(self._held)
        if not await self._ask(Request(Operation.REPORT, Operator.LAST)):
            return None
        last = max(self._held, default=None)
        self._held = before
        return last

    async def delete(self, upto: int) -> None:
        """Have the meter forget its records up to and including a number.

        Raises:
            BleakError: the meter refuses, or does not answer.
        """
        await self._ask(Request(Operation.DELETE, Operator.UP_TO, (upto,)))

    async def _ask(self, request: Request) -> bool:
        """Return True when it was done, False where there was nothing to do it to."""
        async with self._asking:
            while not self._answers.empty():
                self._answers.get_nowait()
            data = record_access.serialise_request(request)
            await self._client.write_gatt_char(identifiers.RECORD_ACCESS_CONTROL_POINT, data, response=True)
            answer = await self._answer()
        if isinstance(answer, Answer) and answer.operation == request.operation:
            if answer.outcome == Outcome.SUCCESS:
                return True
            if answer.outcome == Outcome.NO_RECORDS:
                return False
        raise BleakError(f"the meter answered {answer} to {request}")

    async def _answer(self) -> Count | Answer:
        while True:
            self._stirred.clear()
            waiting = asyncio.ensure_future(self._answers.get())
            stirred = asyncio.ensure_future(self._stirred.wait())
            try:
                done, _ = await asyncio.wait({waiting, stirred}, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stirred.cancel()
                if not waiting.done():
                    waiting.cancel()
            if waiting in done:
                return waiting.result()
            if not done:
                raise BleakError(f"the meter has not answered for {ANSWER_SECONDS:g} s")

    def _on_answer(self, _characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        try:
            self._answers.put_nowait(record_access.parse_answer(bytes(data)))
        except Malformed as error:
            self._malformed(str(error))

    def _on_records(self, _characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        self._stirred.set()
        try:
            records = self._records(bytes(data))
        except Malformed as error:
            self._malformed(str(error))
            return
        if self._live:
            self._deliver(records)
        else:
            self._held |= {record.number: record for record in records}
