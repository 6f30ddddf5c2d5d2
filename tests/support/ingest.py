"""The real ingest line over a real database, and a real gateway's outbox whose bytes are carried over by hand."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from cloud.data_keys.data_key import row
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Database
from cloud.ingest.adoption import Adoption
from cloud.ingest.arrival import Arrival
from cloud.ingest.batch import Committed
from cloud.ingest.generation import claim
from cloud.ingest.ingest_line import IngestLine
from cloud.ingest.key_encryption import KeyEncryption
from cloud.ingest.sorting import Sorting
from protocol import channels
from provisioning.certificates import certificate_id
from tests.support.gateway import BELT, GATEWAY, PATIENT, Keys, Rig
from tests.support.postgres import Addresses

KEK = KeyEncryption(b"k" * 32)
DATA_KEYS = DataKeys(KEK, os.urandom)
STRANGER = UUID("00000000-0000-4000-8000-0000000000ff")


class FakeInlet:
    """An inlet that remembers what was answered."""

    def __init__(self) -> None:
        self.answers: list[tuple[bytes, str, bytes]] = []
        self.take: Callable[[Arrival], None] | None = None
        self.left = False

    async def listen(self, take: Callable[[Arrival], None]) -> None:
        self.take = take
        await asyncio.Event().wait()

    def leave(self) -> None:
        self.left = True

    def answer(self, gateway: bytes, what: str, data: bytes) -> None:
        self.answers.append((gateway, what, data))


class CertifiedKeys(Keys):
    """A real keystore with a certificate of its own making: the worker looks certificates up, it does not judge chains."""

    _certificate: x509.Certificate | None = None

    @property
    def certificate(self) -> x509.Certificate:
        if self._certificate is None:
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, GATEWAY.hex)])
            start = datetime(2026, 1, 1, tzinfo=UTC)
            builder = x509.CertificateBuilder(name, name, self.public_key, 7, start, start + timedelta(days=30))
            self._certificate = builder.sign(self._key, hashes.SHA256())
        return self._certificate

    @property
    def certificate_id(self) -> bytes:
        return certificate_id(self.certificate)


@dataclass
class Exchange:
    """A gateway on one side, the worker on the other, and this between them."""

    addresses: Addresses
    rig: Rig
    database: Database
    inlet: FakeInlet = field(default_factory=FakeInlet)
    settled: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.new_worker()

    def new_worker(self) -> None:
        """A worker with nothing in memory."""
        key = self.rig.ingest_key
        sorting = Sorting(self.database, Adoption(self.database), {key.id: key}, KEK)
        self.line = IngestLine(self.database, self.inlet, sorting, DATA_KEYS, fold_after=0)

    def arrival(self, counter: int, data: bytes, gateway: UUID = GATEWAY) -> Arrival:
        what = channels.MESSAGES if counter else channels.OPENINGS
        return Arrival(channels.upward(gateway, what), data, self.settled.append)

    def queued(self) -> list[Arrival]:
        return [self.arrival(counter, data) for _, counter, data in self.rig.rows("queued")]

    async def carry(self, *arrivals: Arrival) -> Committed:
        return await self.line.process(list(arrivals))

    def bring_back(self) -> list[str]:
        """Give every answer to the gateway; return the kinds."""
        answers, self.inlet.answers = self.inlet.answers, []
        for _, what, data in answers:
            if what == channels.RECEIPTS:
                self.rig.outbox.receive(data, 0)
        return [what for _, what, _ in answers]

    async def kept_sealed(self) -> list[tuple[int, bytes]]:
        """Return (counter, bytes) of what was kept sealed, as it arrived."""
        rows = self.rows("select gateway_id, epoch, counter, bytes, key_version from undecoded order by counter")
        async with self.database.transaction(None) as connection:
            ring = await DATA_KEYS.for_reading(connection, (version for *_, version in rows))
        return [(c, ring.open(version, sealed, row("undecoded", g.bytes, e, c))) for g, e, c, sealed, version in rows]

    def rows(self, query: LiteralString, *values: object) -> list[tuple]:
        with psycopg.connect(self.addresses.superuser) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []


@contextlib.asynccontextmanager
async def exchange(addresses: Addresses, folder: Path) -> AsyncIterator[Exchange]:
    """Plant one organisation with one patient, gateway and belt; open the worker's database."""
    rig = Rig(folder)
    rig.keystore = CertifiedKeys.make(folder / "certified")
    rig.restart()
    with psycopg.connect(addresses.superuser) as connection:
        connection.execute(
            "truncate organisation, account, session, patient, gateway, gateway_certificate, wearable, series, reading, waveform,"
            " clock_evidence, finding, alert, epoch, epoch_end, lost_epoch, ledger, undecoded, dead_letter, store, gateway_order, gateway_standing,"
            " roll_up_late, given_up, reading_by_minute, reading_by_hour, reading_by_day, coverage, patient_rules, baseline, told_rules cascade"
        )
        connection.execute("update roll_up set promised = '1970-01-01 00:00+00', done = '1970-01-01 00:00+00'")
        connection.execute("insert into organisation values (1, 'North')")
        connection.execute("insert into patient values (%s, 1, 'P', '1950-01-01', 'UTC')", [PATIENT])
        connection.execute("insert into gateway values (%s, 1, 'home')", [GATEWAY])
        der = rig.keystore.certificate.public_bytes(serialization.Encoding.DER)
        connection.execute("insert into gateway_certificate values (%s, %s, 1, %s, now())", [rig.keystore.certificate_id, GATEWAY, der])
        connection.execute(
            "insert into wearable(id, organisation_id, gateway_id, patient_id, kind, address) values (%s, 1, %s, %s, 'heart_rate_belt', 'C0')",
            [BELT, GATEWAY, PATIENT],
        )
    async with Database(addresses.ingest) as database:
        async with database.transaction(None) as connection:
            await claim(connection, 1000)
        yield Exchange(addresses, rig, database)
