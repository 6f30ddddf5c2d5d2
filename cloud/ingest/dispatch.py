"""Where each kind of body goes: a table from type to a small function, all inside the batch's transaction."""

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from cloud.alerts.intake import add_finding
from cloud.data_keys.data_key import DataKey
from cloud.database import Connection
from cloud.ingest import repository
from cloud.ingest.unsealing import Unsealed
from cloud.vitals.intake import add_readings, add_waveforms, make_room
from cloud.vitals.series_register import SeriesRegister
from cloud.vitals.wearer import Wearer
from protocol.findings import Finding
from protocol.joined_batches import JoinedBatches, Rows
from protocol.message import Body, Gap, Waveforms, WearableAdopted, WearableRemoved
from protocol.samples import SampleBatch

_NOBODY = (UUID(int=0), "")
MOST_PATIENTS_TOLD = 200
"""Patients in one announcement: PostgreSQL takes at most 8,000 bytes."""

Touched = dict[str, set[bytes]]
"""kind of rows that are new (reading, waveform, alert) -> whose, by wearable"""


@dataclass(slots=True)
class Storing:
    """What the functions of one transaction share. keys: of the organisations whose data are kept sealed."""

    connection: Connection
    register: SeriesRegister
    wearers: Mapping[bytes, Wearer]
    keys: Mapping[int, DataKey]
    vitals: JoinedBatches
    readings: int = 0
    touched: Touched = field(default_factory=lambda: defaultdict(set[bytes]))

    def touch(self, kind: str, wearables: Iterable[bytes]) -> None:
        """Note whose rows are new."""
        self.touched[kind].update(wearables)


def wearables_in(body: Body | Rows) -> Sequence[bytes]:
    """Return the wearables that a body speaks of."""
    match body:
        case Rows():
            return body.wearables
        case SampleBatch():
            return [wearable.bytes for wearable in body.wearables]
        case Waveforms(strips):
            return [strip.wearable.bytes for strip in strips]
        case Finding():
            return [body.trigger_wearable.bytes]
        case WearableRemoved():
            return [body.wearable.bytes]
        case Gap() | WearableAdopted():
            return ()


def why_not(body: Body | Rows, gateway: bytes, wearers: Mapping[bytes, Wearer], residents: AbstractSet[tuple[bytes, bytes]]) -> str | None:
    """Return why a body may not be stored as what it says, or None: its wearables and patient must be this gateway's.

    residents: (gateway, patient), of the gateways that adopt something.
    """
    for wearable in wearables_in(body):
        wearer = wearers.get(wearable)
        if wearer is None or wearer.gateway != gateway:
            return "unknown_wearable"
    if isinstance(body, Finding) and wearers[body.trigger_wearable.bytes].patient != body.patient.bytes:
        return "unknown_patient"
    if isinstance(body, WearableAdopted) and (gateway, body.patient.bytes) not in residents:
        return "unknown_patient"
    return None


def needs_key(body: Body | Rows | None) -> bool:
    """Say whether a body, or a message that is not understood (None), is stored under its organisation's key."""
    return not isinstance(body, Rows | SampleBatch | Gap | WearableAdopted | WearableRemoved)


async def _vitals(storing: Storing, messages: Sequence[Unsealed]) -> None:
    taken = _mask(storing.vitals, messages)
    storing.readings = await add_readings(storing.connection, storing.register, storing.wearers, storing.vitals, taken)
    storing.touch("reading", (w for body in storing.vitals.bodies if body is not None and taken[body.number] for w in body.wearables))


async def _waveforms(storing: Storing, messages: Sequence[Unsealed]) -> None:
    strips = [strip for message in messages if isinstance(message.body, Waveforms) for strip in message.body.strips]
    if strips:
        await add_waveforms(storing.connection, storing.register, storing.wearers, strips, storing.keys)
    storing.touch("waveform", (strip.wearable.bytes for strip in strips))


async def _findings(storing: Storing, messages: Sequence[Unsealed]) -> None:
    """Store findings in an order that all workers keep, since each waits for its patient's alert of that kind."""
    for message in sorted(
        messages, key=lambda message: (message.body.patient, message.body.kind) if isinstance(message.body, Finding) else _NOBODY
    ):
        if isinstance(message.body, Finding):
            wearable = message.body.trigger_wearable.bytes
            key = storing.keys[storing.wearers[wearable].organisation]
            parsed = message.parsed
            if await add_finding(storing.connection, key, UUID(bytes=parsed.gateway), parsed.epoch[16:], parsed.counter, message.body):
                storing.touch("alert", [wearable])


async def _gaps(_storing: Storing, _messages: Sequence[Unsealed]) -> None:
    """Store nothing more: what a gap names has been entered into the ledger."""


async def _adoptions(storing: Storing, messages: Sequence[Unsealed]) -> None:
    for message in messages:
        if isinstance(message.body, WearableAdopted):
            await repository.adopt(storing.connection, UUID(bytes=message.parsed.gateway), message.body)


async def _removals(storing: Storing, messages: Sequence[Unsealed]) -> None:
    for message in messages:
        if isinstance(message.body, WearableRemoved):
            await repository.part(storing.connection, message.body)


STORED_BY: dict[type[Body | Rows], Callable[[Storing, Sequence[Unsealed]], Awaitable[None]]] = {
    Rows: _vitals,
    Waveforms: _waveforms,
    Finding: _findings,
    Gap: _gaps,
    WearableAdopted: _adoptions,
    WearableRemoved: _removals,
}


async def store(storing: Storing, messages: Sequence[Unsealed]) -> None:
    """Store the bodies of messages that the ledger took."""
    by_type: dict[type, list[Unsealed]] = defaultdict(list)
    for message in messages:
        by_type[type(message.body)].append(message)
    await make_room(storing.connection, _times(storing.vitals, by_type))
    for kind, of_kind in by_type.items():
        await STORED_BY[kind](storing, of_kind)


def _mask(vitals: JoinedBatches, messages: Sequence[Unsealed]) -> NDArray[np.bool_]:
    taken = np.zeros(len(vitals.bodies), dtype=np.bool_)
    taken[[message.body.number for message in messages if isinstance(message.body, Rows)]] = True
    return taken


def _times(vitals: JoinedBatches, by_type: Mapping[type, Sequence[Unsealed]]) -> NDArray[np.int64]:
    taken = _mask(vitals, by_type.get(Rows, ()))
    strips = [strip.at for m in by_type.get(Waveforms, ()) if isinstance(m.body, Waveforms) for strip in m.body.strips]
    return np.concatenate([vitals.at[taken[vitals.number]], np.array(strips, dtype=np.int64)])


async def notify(connection: Connection, touched: Touched, wearers: Mapping[bytes, Wearer]) -> None:
    """Tell the live feed, at commit, which patients have new rows: ids only, many in one announcement."""
    payloads = [(json.dumps(payload),) for payload in _announcements(touched, wearers)]
    if payloads:
        async with connection.cursor() as cursor:
            await cursor.executemany("select pg_notify('live', %s)", payloads)


def _announcements(touched: Touched, wearers: Mapping[bytes, Wearer]) -> Iterator[dict[str, object]]:
    for kind, wearables in touched.items():
        patients: defaultdict[int, set[str]] = defaultdict(set)
        for wearable in wearables:
            wearer = wearers[wearable]
            patients[wearer.organisation].add(wearer.patient.hex())
        for organisation, ids in patients.items():
            told = sorted(ids)
            for first in range(0, len(told), MOST_PATIENTS_TOLD):
                yield {"organisation": organisation, "patients": told[first : first + MOST_PATIENTS_TOLD], "kinds": [kind]}
