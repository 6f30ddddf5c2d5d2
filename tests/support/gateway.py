"""A gateway's parts with real keys and a real file, a clock that is set by hand, and fakes of its two ports."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from edge.firmware_bridge.wearable import KnownWearable, Said
from edge.gateway.disk import Disk
from edge.gateway.household import write_household
from edge.gateway.keyring import Keyring
from edge.gateway.outbox import Outbox
from edge.gateway.spool import Spool, Spooled
from edge.gateway.uplink import Arrival
from protocol.envelope import EpochKeys, Header, read_header, read_opening
from protocol.message import Body, decode_body
from protocol.receipts import Receipt, RefusalReason, Refused, ranges_of, write_receipt
from provisioning import secret_files
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore
from provisioning.sealing_keys import PrivateKey

GATEWAY = UUID("00000000-0000-4000-8000-00000000000a")
BELT = UUID("00000000-0000-4000-8000-0000000000b1")
PATIENT = UUID("00000000-0000-4000-8000-0000000000a1")
NOON = 1_800_000_000_000


class Keys(FileKeystore):
    """A real keystore that needs no certificate to name itself."""

    @property
    def certificate_id(self) -> bytes:
        return b"certific"


def an_ingest_key() -> PrivateKey:
    return PrivateKey.generate()


def everything(spool: Spool) -> list[Spooled]:
    """Return all that is in a spool, folded or not."""
    return spool.between(-1, spool.newest(), 1 << 30)


def a_gateways_folder(state: Path, key: PrivateKey | None = None) -> Path:
    """Make the folder of a gateway that was enrolled and adopted: a real certificate, one belt. key: of the cloud that it seals to."""
    authority = Authority.make(state.with_name("authority"), datetime.now(UTC))
    device = FileKeystore.make(state / "identity")
    device.take(authority.sign_request(device.request(GATEWAY.hex), GATEWAY.hex, datetime.now(UTC)), authority.root)
    secret_files.make_folder(state / "ingest")
    (state / "ingest" / "public.bin").write_bytes((key or an_ingest_key()).public.raw)
    write_household(state / "household.json", [KnownWearable(BELT, PATIENT, "C0:11:22:33:00:01", "heart_rate_belt")])
    return state


@dataclass
class Rig:
    """One gateway's disk side, and the cloud's keys to read what it says."""

    folder: Path
    ingest_key: PrivateKey = field(default_factory=an_ingest_key)
    capacity: int = 1 << 30

    def __post_init__(self) -> None:
        self.keystore = Keys.make(self.folder / "identity")
        self.start()

    def start(self) -> None:
        """Start as a new process would: nothing in memory."""
        self.disk = Disk(self.folder / "gateway.sqlite")
        keyring = Keyring(GATEWAY, self.keystore, lambda: self.ingest_key.public, secrets.token_bytes)
        self.outbox = Outbox(self.disk, keyring, self.capacity)

    def restart(self) -> None:
        self.disk.close()
        self.start()

    def rows(self, state: str = "queued") -> list[tuple[bytes, int, bytes]]:
        """Return (epoch, counter, bytes) in order of making."""
        return (
            self.disk.read()
            .execute(
                "select epoch, counter, bytes from message join epoch e using (epoch) where state = ? order by e.number, counter", (state,)
            )
            .fetchall()
        )

    def keys(self, epoch: bytes) -> EpochKeys:
        """Open an epoch as the cloud would, from its opening on the disk."""
        opening = self.outbox.opening(epoch)
        assert opening is not None
        sealed = read_opening(opening)
        return EpochKeys(self.ingest_key.open(sealed.sealed_secret, sealed.opening.info()))

    def said(self) -> list[tuple[Header, Body]]:
        """Return every message on the disk, unsealed."""
        messages = [(epoch, data) for state in ("queued", "held") for epoch, counter, data in self.rows(state) if counter]
        unsealed = [(read_header(data), self.keys(epoch).unseal(data)) for epoch, data in messages]
        return [(header, decode_body(header.of_class, body)) for header, body in unsealed]

    def receipt(self, epoch: bytes, counters: Sequence[int] = (), generation: int = 5, refused: Sequence[tuple[int, bytes]] = ()) -> bytes:
        said = tuple(Refused(counter, sha256, RefusalReason.SEAL_BROKEN) for counter, sha256 in refused)
        return write_receipt(Receipt(GATEWAY, epoch, generation, ranges_of(counters), said), self.keys(epoch).receipt_key)


class FakeUplink:
    """An uplink made of a list and a queue."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.queue: asyncio.Queue[Arrival] = asyncio.Queue()
        self.connected = True
        self.taken = True

    def send(self, what: str, data: bytes) -> Future[bool]:
        self.sent.append((what, data))
        result: Future[bool] = Future()
        result.set_result(self.taken)
        return result

    async def arrivals(self) -> AsyncIterator[Arrival]:
        while True:
            yield await self.queue.get()


class FakeWearables:
    """Wearables made of a queue; remembers what it was told to forget."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Said] = asyncio.Queue()
        self.kept: list[tuple[UUID, int, int]] = []
        self.adopted: list[KnownWearable] = []
        self.parted: list[UUID] = []

    async def notifications(self) -> AsyncIterator[Said]:
        while True:
            yield await self.queue.get()

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        self.kept.append((wearable, session, sequence))

    async def adopt(self, wearable: KnownWearable) -> None:
        self.adopted.append(wearable)

    async def part(self, wearable: UUID) -> None:
        self.parted.append(wearable)
