"""Where each kind of body goes: a table from type to a small function, all inside the batch's transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cloud.alerts.intake import add_finding
from cloud.data_keys.data_key import DataKey
from cloud.database import Connection
from cloud.ingest.unsealing import Unsealed
from cloud.vitals.intake import Wearer, add_readings, add_waveforms, make_room
from protocol.findings import Finding
from protocol.message import Body, Gap, Waveforms
from protocol.samples import SampleBatch

Touched = dict[UUID, set[str]]
"""patient -> kinds of rows that are new: reading, waveform, alert"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What one transaction stored, for metrics and the live feed."""

    readings: int = 0
    touched: Touched = field(default_factory=dict[UUID, set[str]])


def wearables_in(body: Body) -> set[UUID]:
    """Return the wearables that a body speaks of."""
    match body:
        case SampleBatch():
            return set(body.wearables)
        case Waveforms(strips):
            return {strip.wearable for strip in strips}
        case Finding():
            return {body.trigger_wearable}
        case Gap():
            return set()


def why_not(body: Body, gateway: UUID, wearers: Mapping[UUID, Wearer]) -> str | None:
    """Return why a body may not be stored as what it says, or None: its wearables and patient must be this gateway's."""
    for wearable in wearables_in(body):
        wearer = wearers.get(wearable)
        if wearer is None or wearer.gateway != gateway:
            return "unknown_wearable"
    if isinstance(body, Finding) and wearers[body.trigger_wearable].patient != body.patient:
        return "unknown_patient"
    return None


async def store(
    connection: Connection, messages: Sequence[Unsealed], wearers: Mapping[UUID, Wearer], keys: Mapping[int, DataKey]
) -> Stored:
    """Store the bodies of messages that the ledger took. keys: of their organisations."""
    touched: Touched = {}

    def touch(kind: str, wearables: Iterable[UUID]) -> None:
        for wearable in wearables:
            touched.setdefault(wearers[wearable].patient, set()).add(kind)

    batches = [m.body for m in messages if isinstance(m.body, SampleBatch)]
    strips = [strip for m in messages if isinstance(m.body, Waveforms) for strip in m.body.strips]
    await make_room(connection, [int(at) for batch in batches for at in batch.at] + [strip.at for strip in strips])
    readings = 0
    if batches:
        readings = await add_readings(connection, wearers, batches)
        touch("reading", (wearable for batch in batches for wearable in batch.wearables))
    if strips:
        await add_waveforms(connection, wearers, strips, keys)
        touch("waveform", (strip.wearable for strip in strips))
    for message in messages:
        if isinstance(message.body, Finding):
            key = keys[wearers[message.body.trigger_wearable].organisation]
            parsed = message.parsed
            if await add_finding(connection, key, parsed.gateway, parsed.epoch, parsed.counter, message.body):
                touch("alert", [message.body.trigger_wearable])
    return Stored(readings, touched)


async def notify(connection: Connection, touched: Touched, wearers: Mapping[UUID, Wearer]) -> None:
    """Tell the live feed, at commit, which patients have new rows: ids only."""
    organisations = {wearer.patient: wearer.organisation for wearer in wearers.values()}
    for patient, kinds in touched.items():
        payload = json.dumps({"organisation": organisations[patient], "patient": str(patient), "kinds": sorted(kinds)})
        await connection.execute("select pg_notify('live', %s)", (payload,))
