"""One batch, from arrived bytes to rows: what is refused, what is stored, and what each gateway is to be told.

The order of statements is that of the delivery protocol: openings and ledger first, then `done_upto`, then the rows, then COMMIT;
receipts are written from what this returns, after the commit and never before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cloud.data_keys.data_key import DataKey, row
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Connection
from cloud.ingest import ledger
from cloud.ingest.dispatch import Storing, needs_key, notify, store, wearables_in
from cloud.ingest.unsealing import EpochName, Name, Parsed, Unsealed
from cloud.vitals.series_register import SeriesRegister
from cloud.vitals.wearer import Wearer
from protocol.envelope import digest, previous_of
from protocol.joined_batches import NOTHING_JOINED, JoinedBatches
from protocol.message import Gap, GivenUp
from protocol.orders import Standing
from protocol.receipts import Refused

MOST_DEAD_LETTERS = 1000
"""A gateway's dead letters beyond this are counted, not kept: a broken one cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The ids of something that was not stored as what it says, and why. Nothing of its content."""

    gateway: UUID | None
    epoch: bytes | None
    counter: int | None
    sha256: bytes
    reason: str


@dataclass(slots=True)
class Batch:
    """Arrivals, sorted out before the transaction.

    openings: authentic; without a row: its ingest key is gone, but its epoch is stored, so it is a repeat.
    messages: authentic; those whose body is None, or with a word in `unfit`, are kept sealed.
    refused: by epoch, bytes that were not authentic. unknown: epochs whose opening is not here.
    standings: authentic ones of gateways, in the order of their coming.
    """

    openings: list[tuple[Parsed, ledger.OpeningRow | None]] = field(default_factory=list[tuple[Parsed, ledger.OpeningRow | None]])
    messages: list[Unsealed] = field(default_factory=list[Unsealed])
    vitals: JoinedBatches = NOTHING_JOINED
    unfit: dict[Name, str] = field(default_factory=dict[Name, str])
    wearers: Mapping[bytes, Wearer] = field(default_factory=dict[bytes, Wearer])
    organisations: Mapping[bytes, int] = field(default_factory=dict[bytes, int])
    dead: list[DeadLetter] = field(default_factory=list[DeadLetter])
    refused: dict[EpochName, list[Refused]] = field(default_factory=dict[EpochName, list[Refused]])
    unknown: set[EpochName] = field(default_factory=set[EpochName])
    standings: list[Standing] = field(default_factory=list[Standing])


@dataclass(frozen=True, slots=True)
class Committed:
    """What the transaction did. done: (done_upto, head) by epoch. new: what was not there before. readings: how many were stored."""

    generation: int
    done: Mapping[EpochName, tuple[int, bytes | None]]
    new: set[Name]
    readings: int


async def commit(connection: Connection, batch: Batch, register: SeriesRegister, data_keys: DataKeys) -> Committed:
    """Do the batch's work inside the caller's READ COMMITTED transaction.

    Raises:
        LookupError: a message's epoch has no row although its secret was in memory (the database was restored): roll back.
    """
    generation = await _generation(connection)
    register.enter(generation)
    if batch.openings:
        await ledger.open_epochs(connection, [row for _, row in batch.openings if row is not None])
    statuses = await ledger.enter(connection, _entries(batch))
    gaps = await ledger.enter_gaps(connection, _given_up(batch.messages))
    epochs = {m.parsed.epoch for m in batch.messages} | {o.epoch for o, _ in batch.openings}
    done = await ledger.progress(connection, epochs | {name[:32] for name in gaps})
    if epochs - done.keys():
        raise LookupError("an epoch in memory has no row in the database")
    await ledger.note_given_up(connection, batch.organisations, _gaps(batch.messages))
    new, late = ledger.taken(statuses, gaps, done)
    await ledger.forget(connection, late)
    # The carrier may deliver the same bytes twice within a batch.
    taken = list({m.parsed.name: m for m in batch.messages if m.parsed.name in new}.values())
    fit = [m for m in taken if m.body is not None and m.parsed.name not in batch.unfit]
    unfit = [m for m in taken if m.body is None or m.parsed.name in batch.unfit]
    keys = await data_keys.for_writing(connection, _sealing_organisations(fit, unfit, batch))
    storing = Storing(connection, register, batch.wearers, keys, batch.vitals)
    if fit:
        await store(storing, fit)
    await _keep_sealed(connection, unfit, batch, keys)
    await _bury(connection, batch.dead)
    await notify(connection, storing.touched, batch.wearers)
    return Committed(generation, done, new, storing.readings)


def _entries(batch: Batch) -> Iterable[ledger.Entry]:
    """Return each name once."""
    entries = [ledger.Entry(m.parsed.name, m.sha256, previous_of(m.parsed.arrival.data)) for m in batch.messages]
    entries += [ledger.Entry(o.name, digest(o.arrival.data), bytes(32)) for o, _ in batch.openings]
    return {entry.name: entry for entry in entries}.values()


def _given_up(messages: Sequence[Unsealed]) -> list[Name]:
    return [
        m.parsed.name[:16] + item.epoch + counter.to_bytes(8)
        for m in messages
        if isinstance(m.body, Gap)
        for item in m.body.given_up
        for counter in range(item.first, item.last + 1)
    ]


def _gaps(messages: Sequence[Unsealed]) -> list[tuple[bytes, GivenUp]]:
    return [(m.parsed.gateway, item) for m in messages if isinstance(m.body, Gap) for item in m.body.given_up]


def _sealing_organisations(fit: Sequence[Unsealed], unfit: Sequence[Unsealed], batch: Batch) -> set[int]:
    """Return whose data these messages become that are stored under a key."""
    wearables = {wearable for m in fit if m.body is not None and needs_key(m.body) for wearable in wearables_in(m.body)}
    return {batch.wearers[w].organisation for w in wearables} | {batch.organisations[m.parsed.gateway] for m in unfit}


async def _keep_sealed(connection: Connection, messages: Sequence[Unsealed], batch: Batch, keys: Mapping[int, DataKey]) -> None:
    for message in messages:
        name = message.parsed.name
        gateway, epoch, counter = UUID(bytes=name[:16]), name[16:32], message.parsed.counter
        key = keys[batch.organisations[name[:16]]]
        place = row("undecoded", gateway.bytes, epoch, counter)
        await connection.execute(
            "insert into undecoded(gateway_id, organisation_id, epoch, counter, bytes, key_version) values (%s, %s, %s, %s, %s, %s)",
            (gateway, key.organisation, epoch, counter, key.seal(message.parsed.arrival.data, place), key.version),
        )
        reason = batch.unfit.get(name, "undecodable")
        await _bury(connection, [DeadLetter(gateway, epoch, counter, message.sha256, reason)])


async def _bury(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    for letter in letters:
        await connection.execute(
            "insert into dead_letter(gateway_id, epoch, counter, sha256, reason) select %s, %s, %s, %s, %s"
            " where (select count(*) from (select from dead_letter where gateway_id is not distinct from %s limit %s) as known) < %s",
            (
                letter.gateway,
                letter.epoch,
                letter.counter,
                letter.sha256,
                letter.reason,
                letter.gateway,
                MOST_DEAD_LETTERS,
                MOST_DEAD_LETTERS,
            ),
        )


async def _generation(connection: Connection) -> int:
    row = await (await connection.execute("select generation from store")).fetchone()
    if row is None:
        raise LookupError("the database has no generation: run `mediassist database migrate`")
    return int(row[0])
