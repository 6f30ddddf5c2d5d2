"""Sorts a batch's arrivals out before its transaction: what is an opening, authentic, unfit, refused, or of an unknown epoch."""

import os
from collections.abc import Sequence
from functools import partial
from uuid import UUID

import structlog

from cloud.database import Database
from cloud.ingest.adoption import Adoption
from cloud.ingest.arrival import Arrival
from cloud.ingest.batch import Batch, DeadLetter
from cloud.ingest.dispatch import wearables_in, why_not
from cloud.ingest.key_encryption import KeyEncryption
from cloud.ingest.ledger import OpeningRow, epoch_columns
from cloud.ingest.meters import REFUSED
from cloud.ingest.unsealing import (
    EpochName,
    IngestKeys,
    KeyGone,
    Opened,
    Parsed,
    open_opening,
    parse,
    parse_standing,
    unseal_all,
    verified,
)
from cloud.vitals.series_register import SeriesRegister
from protocol import channels
from protocol.envelope import NO_EPOCH, EpochKeys, MessageClass, SealedOpening, digest
from protocol.errors import ProtocolError, SealBroken, UnknownEpoch
from protocol.joined_batches import BatchReader
from protocol.message import WearableAdopted
from protocol.receipts import RefusalReason, Refused

log = structlog.get_logger()

MOST_EPOCHS = 50_000
_SECRET, _RECEIPT_KEY = b"epoch secret ", b"receipt key "


class Sorting:
    """Knows keys: of ingest, of epochs (kept in memory, asked of the database when missing), and who may speak of whom."""

    def __init__(self, database: Database, adoption: Adoption, ingest_keys: IngestKeys, key_encryption: KeyEncryption) -> None:
        self._database, self._adoption = database, adoption
        self._ingest_keys, self._key_encryption = ingest_keys, key_encryption
        self._epochs: dict[EpochName, EpochKeys] = {}
        self._reader = BatchReader()
        self.register = SeriesRegister(database)

    def keys_of(self, epoch: EpochName) -> EpochKeys | None:
        """Return an epoch's keys, as far as they are in memory."""
        return self._epochs.get(epoch)

    def forget_epochs(self) -> None:
        """Ask the database again: it may have been restored."""
        self._epochs.clear()

    async def sort(self, arrivals: Sequence[Arrival]) -> Batch:
        """Sort arrivals out; nothing is written."""
        batch = Batch()
        standings = [arrival for arrival in arrivals if arrival.topic.endswith(f"/{channels.STANDINGS}")]
        await self._standings(standings, batch)
        messages = [arrival for arrival in arrivals if arrival not in standings] if standings else arrivals
        parsed = [p for arrival in messages if (p := self._parse(arrival, batch)) is not None]
        batch.organisations = await self._adoption.organisations({p.gateway for p in parsed})
        known = [p for p in parsed if p.gateway in batch.organisations or self._refuse(batch, p, "unknown_gateway")]
        await self._load({p.epoch for p in known})
        await self._openings([p for p in known if isinstance(p.what, SealedOpening)], batch)
        headed = [p for p in known if isinstance(p.what, MessageClass)]
        batch.messages, batch.vitals = unseal_all(headed, self._reader, self._epochs.get, partial(self._refuse_message, batch))
        await self._fit(batch)
        return batch

    @staticmethod
    def _parse(arrival: Arrival, batch: Batch) -> Parsed | None:
        try:
            return parse(arrival)
        except ProtocolError as error:
            REFUSED.labels(error.reason).inc()
            log.warning("arrival.refused", reason=error.reason)
            batch.dead.append(DeadLetter(None, None, None, digest(arrival.data), error.reason))
            return None

    async def _standings(self, arrivals: Sequence[Arrival], batch: Batch) -> None:
        for arrival in arrivals:
            try:
                signed = parse_standing(arrival)
                name = (signed.standing.gateway, signed.standing.certificate_id)
                batch.standings.append(verified(signed, await self._adoption.certificates([name])))
            except ProtocolError as error:
                REFUSED.labels(error.reason).inc()
                log.warning("standing.refused", reason=error.reason)

    def _refuse(self, batch: Batch, parsed: Parsed, reason: str) -> bool:
        """Note bytes that are not authentic; the gateway is told when its receipt key is known. Always False."""
        REFUSED.labels(reason).inc()
        epoch = parsed.epoch
        log.warning("message.refused", gateway=parsed.gateway.hex(), epoch=epoch[16:].hex(), counter=parsed.counter, reason=reason)
        sha256 = digest(parsed.arrival.data)
        batch.dead.append(DeadLetter(UUID(bytes=parsed.gateway), epoch[16:], parsed.counter, sha256, reason))
        if epoch in self._epochs:
            batch.refused.setdefault(epoch, []).append(Refused(parsed.counter, sha256, RefusalReason.SEAL_BROKEN))
        return False

    def _refuse_message(self, batch: Batch, parsed: Parsed, error: ProtocolError) -> None:
        if isinstance(error, UnknownEpoch):
            REFUSED.labels(error.reason).inc()
            batch.unknown.add(parsed.epoch)
        else:
            self._refuse(batch, parsed, error.reason)

    async def _openings(self, parsed: Sequence[Parsed], batch: Batch) -> None:
        sealed = [(p, p.what) for p in parsed if isinstance(p.what, SealedOpening)]
        certificates = await self._adoption.certificates((s.opening.gateway, s.opening.certificate_id) for _, s in sealed)
        for one, opening in sealed:
            try:
                opened = open_opening(one, opening, certificates, self._ingest_keys)
            except UnknownEpoch as error:
                if isinstance(error, KeyGone) and one.epoch in self._epochs:
                    batch.openings.append((one, None))
                    continue
                REFUSED.labels(error.reason).inc()
                batch.unknown.add(one.epoch)
            except SealBroken as error:
                self._refuse(batch, one, error.reason)
            else:
                self._epochs[one.epoch] = opened.keys
                batch.openings.append((one, self._row(opened, batch.organisations[one.gateway])))

    def _row(self, opened: Opened, organisation: int) -> OpeningRow:
        opening = opened.sealed.opening
        about = opening.gateway.bytes + opening.epoch
        wrap = self._key_encryption.wrap
        return OpeningRow(
            gateway=opening.gateway,
            epoch=opening.epoch,
            organisation=organisation,
            certificate_id=opening.certificate_id,
            ingest_key_id=opening.ingest_key_id,
            made_at=opening.made_at,
            wrapped_secret=wrap(opened.secret, _SECRET + about, os.urandom(12)),
            receipt_key=wrap(opened.keys.receipt_key, _RECEIPT_KEY + about, os.urandom(12)),
            previous=None if opening.previous == NO_EPOCH else opening.previous,
            previous_count=opening.previous_count,
            previous_head=opening.previous_head,
        )

    async def _load(self, epochs: set[EpochName]) -> None:
        missing = sorted(epochs - self._epochs.keys())
        if not missing:
            return
        if len(self._epochs) > MOST_EPOCHS:
            self._epochs.clear()
            missing = sorted(epochs)
        async with self._database.transaction(None) as connection:
            cursor = await connection.execute(
                "select uuid_send(gateway_id) || epoch, wrapped_secret from epoch join unnest(%s, %s) as wanted(g, e)"
                " on gateway_id = g and epoch = e where wrapped_secret is not null",
                epoch_columns(missing),
                binary=True,
            )
            rows: list[tuple[EpochName, bytes]] = await cursor.fetchall()
        for epoch, wrapped in rows:
            self._epochs[epoch] = EpochKeys(self._key_encryption.unwrap(wrapped, _SECRET + epoch))

    async def _fit(self, batch: Batch) -> None:
        bodies = [m.body for m in batch.messages if m.body is not None]
        batch.wearers = await self._adoption.wearers(wearable for body in bodies for wearable in wearables_in(body))
        adopting = [m.parsed.gateway for m in batch.messages if isinstance(m.body, WearableAdopted)]
        residents = await self._adoption.residents(adopting)
        for message in batch.messages:
            name = message.parsed.name
            reason = "undecodable" if message.body is None else why_not(message.body, message.parsed.gateway, batch.wearers, residents)
            if reason is not None:
                batch.unfit[name] = reason
                REFUSED.labels(reason).inc()
                log.warning(
                    "message.kept_sealed",
                    gateway=message.parsed.gateway.hex(),
                    counter=message.parsed.counter,
                    reason=reason,
                    why=message.why,
                )
