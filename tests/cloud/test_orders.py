"""An order goes from the database, sealed and signed, to its gateway, until its standing says that it was done."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.ingest import commands
from cloud.ingest.arrival import Arrival
from cloud.orders import AGAIN, give
from cloud.outbox import Outbox
from edge.gateway.inbox import Inbox
from edge.gateway.rules_folder import RulesFolder
from protocol import channels
from protocol.orders import NewIngestKey
from provisioning import ingest_keys, order_key
from provisioning.sealing_keys import PrivateKey
from tests.cloud.ingest.test_ingest_line import vitals
from tests.support.gateway import GATEWAY, NOON, Keys
from tests.support.ingest import STRANGER, Exchange

NEW = PrivateKey.generate().public


class Orders:
    """The cloud's outbox on one side, the gateway's inbox on the other."""

    def __init__(self, wire: Exchange, folder: Path) -> None:
        self.wire = wire
        signer = order_key.make(folder / "keys")
        self.public = folder / "public.bin"
        self.public.write_bytes(wire.rig.ingest_key.public.raw)
        self.rules = RulesFolder(folder / "rules", wire.rig.keystore)
        self.inbox = Inbox(GATEWAY, wire.rig.keystore.folder, wire.rig.keystore, signer.public, self.public, self.rules, lambda: NOON)
        self.seconds = 0.0
        self.outbox = Outbox(wire.database, wire.inlet, signer, lambda: datetime.now(UTC) + timedelta(seconds=self.seconds))

    async def give(self, public: bytes = NEW.raw) -> int:
        async with self.wire.database.transaction(None) as connection:
            return len(await give(connection, [GATEWAY], NewIngestKey(public), datetime.now(UTC)))

    async def stand(self, data: bytes | None = None) -> None:
        said = self.inbox.standing() if data is None else data
        await self.wire.carry(Arrival(channels.upward(GATEWAY, channels.STANDINGS), said, self.wire.settled.append))

    async def said(self) -> list[bytes]:
        """Return the orders that are due now."""
        self.wire.inlet.answers.clear()
        await self.outbox.say_due()
        assert all((gateway, what) == (GATEWAY.bytes, channels.ORDERS) for gateway, what, _ in self.wire.inlet.answers)
        return [data for _, _, data in self.wire.inlet.answers]

    def open(self) -> list[tuple]:
        return self.wire.rows("select answered_at is null, refused from gateway_order order by number")


@pytest.fixture
def orders(wire: Exchange, tmp_path: Path) -> Orders:
    return Orders(wire, tmp_path)


async def test_an_order_is_sealed_done_and_answered(orders: Orders) -> None:
    assert await orders.give() == 1
    assert await orders.give() == 0, "the same one waits already"
    assert await orders.said() == [], "nobody knows the gateway's key yet"
    await orders.stand()
    (order,) = await orders.said()
    assert NEW.raw not in order
    orders.inbox.obey(order)
    assert orders.public.read_bytes() == NEW.raw
    await orders.stand()
    assert orders.open() == [(False, False)]
    assert orders.wire.rows("select body from gateway_order") == [(b"",)], "what was said and answered is forgotten"
    orders.seconds += 3600
    assert await orders.said() == []


async def test_an_order_is_said_again_until_it_is_answered_and_one_at_a_time(orders: Orders) -> None:
    await orders.stand()
    await orders.give()
    await orders.give(PrivateKey.generate().public.raw)
    (first,) = await orders.said()
    assert await orders.said() == []
    orders.seconds = AGAIN.total_seconds() + 1
    (again,) = await orders.said()
    assert again[:33] == first[:33]
    orders.seconds = 0
    orders.inbox.obey(again)
    await orders.stand()
    assert orders.open() == [(False, False), (True, False)]
    (second,) = await orders.said()
    orders.inbox.obey(second)
    await orders.stand()
    assert orders.open() == [(False, False), (False, False)]


async def test_an_old_or_forged_standing_changes_nothing(orders: Orders, tmp_path: Path) -> None:
    old = orders.inbox.standing()
    await orders.stand()
    known = orders.wire.rows("select number, receiving_key from gateway_standing")
    await orders.stand(old)
    stranger = Inbox(
        GATEWAY,
        Keys.make(tmp_path / "stranger").folder,
        _NamedAlike(orders.wire.rig.keystore, tmp_path),
        order_key.make(tmp_path / "s").public,
        orders.public,
        orders.rules,
        lambda: NOON + 1_000_000,
    )
    await orders.stand(stranger.standing())
    await orders.wire.carry(Arrival(channels.upward(STRANGER, channels.STANDINGS), orders.inbox.standing(), orders.wire.settled.append))
    await orders.stand(b"junk")
    assert orders.wire.rows("select number, receiving_key from gateway_standing") == known
    assert orders.wire.settled == [True] * 5


class _NamedAlike(Keys):
    """A stranger's key under the gateway's certificate id."""

    def __init__(self, true: Keys, folder: Path) -> None:
        super().__init__(folder, Keys.make(folder / "other")._key)
        self._true = true

    @property
    def certificate_id(self) -> bytes:
        return self._true.certificate_id


async def test_a_rotation_reaches_the_gateway_and_it_seals_to_the_new_key(
    orders: Orders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wire, folder = orders.wire, tmp_path / "keys"
    old = ingest_keys.generate(folder)
    wire.rig.ingest_key = old
    wire.rig.restart()
    wire.new_worker()
    wire.rig.outbox.put([vitals()], NOON)
    await wire.carry(*wire.queued())
    await orders.stand()
    monkeypatch.setenv("CLOUD_KEYS", str(folder))
    monkeypatch.setenv("CLOUD_DATABASE_URL", wire.addresses.ingest)
    assert await asyncio.to_thread(commands.keys, ["rotate"]) == 0
    assert "ordered 1 of 1 gateways" in capsys.readouterr().out
    assert await asyncio.to_thread(commands.keys, ["announce"]) == 0
    assert "ordered 0 of 1 gateways" in capsys.readouterr().out
    (order,) = await orders.said()
    orders.inbox.obey(order)
    assert orders.public.read_bytes() == ingest_keys.load_private(folder).public.raw


def test_the_order_key_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CLOUD_KEYS", str(tmp_path))
    monkeypatch.setenv("CLOUD_DATABASE_URL", "postgresql:///never-asked")
    assert commands.keys(["order-key"]) == 0
    made = (tmp_path / "order.key").read_bytes()
    assert commands.keys(["order-key"]) == 0
    assert (tmp_path / "order.key").read_bytes() == made
    assert str(tmp_path / "order.pub") in capsys.readouterr().out
