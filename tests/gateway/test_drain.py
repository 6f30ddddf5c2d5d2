"""The drain: an opening before what it opens, everything again at a reconnect, nothing freed but by a receipt."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.gateway.disk import DiskThread
from edge.gateway.drain import OPENING_AGAIN_SECONDS, STANDING_AGAIN_SECONDS, Drain
from edge.gateway.inbox import Inbox
from edge.gateway.outbox import Parcel
from edge.gateway.rules_folder import RulesFolder
from edge.gateway.uplink import Connected, Said
from protocol import channels
from protocol.orders import NewIngestKey, Order, OrderHeader, encode_order, read_standing, write_order
from protocol.receipts import Receipt, write_receipt, write_unknown
from protocol.samples import Reading, batch_of
from provisioning import order_key
from provisioning.sealing_keys import PrivateKey, load_public
from tests.support.gateway import BELT, GATEWAY, NOON, FakeUplink, Rig


class Bench:
    """A drain over a fake uplink, with time set by hand."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        self.uplink = FakeUplink()
        self.seconds = 100.0
        self.refused: list[str] = []
        self.thread = DiskThread()
        self.drain = Drain(self.rig.outbox, self.uplink, self.thread, lambda: NOON, lambda: self.seconds, lambda: 0.5, self.refused.append)

    def put(self, count: int = 1) -> bytes:
        parcel = Parcel(batch_of([Reading(BELT, 1, NOON, 70.0, 1)]), NOON, NOON)
        self.rig.outbox.put([parcel] * count, NOON)
        self.drain.wake()
        return self.rig.rows()[-1][0]

    def sent(self) -> list[tuple[str, int]]:
        return [(what, 0 if what == channels.OPENINGS else int.from_bytes(data[33:41], "big")) for what, data in self.uplink.sent]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.005)

    async def until_sent(self, count: int) -> None:
        await self.until(lambda: len(self.uplink.sent) >= count)


@pytest.fixture
async def bench(tmp_path: Path):
    made = Bench(tmp_path)
    task = asyncio.create_task(made.drain.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_opening_goes_first_and_once(bench: Bench) -> None:
    bench.put(3)
    await bench.until_sent(4)
    assert bench.sent() == [("opening", 0), ("message", 3), ("message", 2), ("message", 1)]


async def test_a_carrier_that_took_it_frees_nothing_and_a_receipt_does(bench: Bench) -> None:
    epoch = bench.put()
    await bench.until_sent(2)
    assert bench.rig.outbox.depth() == 2
    bench.uplink.queue.put_nowait(Said(channels.RECEIPTS, bench.rig.receipt(epoch, [0, 1])))
    await bench.until(lambda: bench.rig.outbox.depth() == 0)


async def test_an_order_is_done_and_its_answer_goes_up_also_when_it_comes_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    signer = order_key.make(tmp_path / "cloud")
    public = tmp_path / "public.bin"
    keystore = bench.rig.keystore
    inbox = Inbox(GATEWAY, keystore.folder, keystore, signer.public, public, RulesFolder(tmp_path / "rules", keystore), lambda: NOON)
    refuse = bench.refused.append
    obeyed: list[Order] = []
    drain = Drain(
        bench.rig.outbox, bench.uplink, bench.thread, lambda: NOON, lambda: bench.seconds, lambda: 0.5, refuse, inbox, obeyed.append
    )
    task = asyncio.create_task(drain.run())
    bench.uplink.queue.put_nowait(Connected())
    await bench.until_sent(1)
    key = load_public(read_standing(bench.uplink.sent[0][1]).standing.receiving_key)
    header, new = OrderHeader(GATEWAY, 7, key.id), PrivateKey.generate().public.raw
    order = write_order(header, key.seal(encode_order(NewIngestKey(new)), header.info()), signer.sign)
    for count in (2, 3):
        bench.uplink.queue.put_nowait(Said(channels.ORDERS, order))
        await bench.until_sent(count)
    bench.uplink.queue.put_nowait(Said(channels.ORDERS, b"junk"))
    await bench.until(lambda: len(bench.refused) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert public.read_bytes() == new
    assert obeyed == [NewIngestKey(new)]
    assert [what for what, _ in bench.uplink.sent] == [channels.STANDINGS] * 3
    assert [read_standing(data).standing.answered for _, data in bench.uplink.sent] == [0, 7, 7]
    assert bench.refused == ["repeated", "malformed"]


async def test_a_standing_that_nobody_took_is_said_again_soon_and_any_now_and_then(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    keystore = bench.rig.keystore
    rules = RulesFolder(tmp_path / "rules", keystore)
    inbox = Inbox(
        GATEWAY, keystore.folder, keystore, order_key.make(tmp_path / "cloud").public, tmp_path / "public.bin", rules, lambda: NOON
    )
    refuse = bench.refused.append
    drain = Drain(bench.rig.outbox, bench.uplink, bench.thread, lambda: NOON, lambda: bench.seconds, lambda: 0.5, refuse, inbox)
    task = asyncio.create_task(drain.run())
    bench.uplink.taken = False
    bench.uplink.queue.put_nowait(Connected())
    await bench.until_sent(1)
    bench.uplink.taken = True
    for _ in range(100):  # that nobody took it is known a little later; much less than STANDING_AGAIN_SECONDS in all
        if len(bench.uplink.sent) > 1:
            break
        bench.seconds += 3
        await asyncio.sleep(0.05)
    await bench.until_sent(2)
    bench.seconds += STANDING_AGAIN_SECONDS - 1
    drain.wake()
    await asyncio.sleep(0.1)
    assert len(bench.uplink.sent) == 2
    bench.seconds += 2
    await bench.until_sent(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    numbers = [read_standing(data).standing.number for _, data in bench.uplink.sent]
    assert numbers == sorted(set(numbers))


async def test_a_gateway_without_an_order_key_obeys_nobody(bench: Bench) -> None:
    bench.uplink.queue.put_nowait(Said(channels.ORDERS, b"anything"))
    await bench.until(lambda: bench.refused == ["order"])
    assert bench.uplink.sent == []


async def test_without_a_receipt_it_is_sent_again_after_the_back_off(bench: Bench) -> None:
    bench.put()
    await bench.until_sent(2)
    bench.seconds += 9.9
    bench.drain.wake()
    await asyncio.sleep(0.1)
    assert len(bench.sent()) == 2
    bench.seconds += 0.2
    await bench.until_sent(4)
    assert bench.sent()[2:] == [("opening", 0), ("message", 1)]


async def test_at_a_reconnect_everything_unreceipted_goes_again_and_before_it_its_opening_even_if_held(bench: Bench) -> None:
    epoch = bench.put(2)
    await bench.until_sent(3)
    bench.uplink.queue.put_nowait(Said(channels.RECEIPTS, bench.rig.receipt(epoch, [0, 1])))
    await bench.until(lambda: bench.rig.outbox.depth() == 1)
    bench.uplink.queue.put_nowait(Connected())
    await bench.until_sent(5)
    assert bench.sent()[3:] == [("opening", 0), ("message", 2)]


async def test_what_the_broker_gave_to_nobody_is_sent_again_soon(bench: Bench) -> None:
    bench.uplink.taken = False
    bench.put()
    await bench.until_sent(2)
    bench.seconds += 3
    await bench.until_sent(4)


async def test_an_unknown_epoch_brings_its_opening_again_at_most_once_in_ten_seconds(bench: Bench) -> None:
    epoch = bench.put()
    await bench.until_sent(2)
    for _ in range(3):
        bench.uplink.queue.put_nowait(Said(channels.UNKNOWN, write_unknown(epoch)))
    await bench.until(bench.uplink.queue.empty)
    assert bench.sent().count(("opening", 0)) == 1
    bench.seconds += OPENING_AGAIN_SECONDS - 3
    for _ in range(2):
        bench.uplink.queue.put_nowait(Said(channels.UNKNOWN, write_unknown(epoch)))
    await bench.until(bench.uplink.queue.empty)
    assert bench.sent().count(("opening", 0)) == 1
    bench.seconds += 3.1
    bench.uplink.queue.put_nowait(Said(channels.UNKNOWN, write_unknown(epoch)))
    await bench.until(lambda: bench.sent().count(("opening", 0)) == 2)


async def test_busy_stretches_the_back_off(bench: Bench) -> None:
    epoch = bench.put()
    await bench.until_sent(2)
    busy = write_receipt(Receipt(GATEWAY, epoch, generation=0, busy=60), bench.rig.keys(epoch).receipt_key)
    bench.uplink.queue.put_nowait(Said(channels.RECEIPTS, busy))
    await bench.until(bench.uplink.queue.empty)
    bench.seconds += 11
    await bench.until_sent(4)
    bench.seconds += 30
    bench.drain.wake()
    await asyncio.sleep(0.1)
    assert len(bench.sent()) == 4, "60 s were asked for, 11 of them before"


async def test_what_is_no_receipt_is_refused_counted_and_disturbs_nothing(bench: Bench) -> None:
    epoch = bench.put()
    await bench.until_sent(2)
    genuine = bench.rig.receipt(epoch, [0, 1])
    for bad in (b"", b"\x01" * 200, genuine[:-1] + b"\x00"):
        bench.uplink.queue.put_nowait(Said(channels.RECEIPTS, bad))
    bench.uplink.queue.put_nowait(Said(channels.UNKNOWN, b"?"))
    bench.uplink.queue.put_nowait(Said("something else", b""))
    bench.uplink.queue.put_nowait(Said(channels.RECEIPTS, genuine))
    await bench.until(lambda: bench.rig.outbox.depth() == 0)
    assert sorted(bench.refused) == ["malformed", "malformed", "seal_broken", "topic", "unknown_epoch"]
