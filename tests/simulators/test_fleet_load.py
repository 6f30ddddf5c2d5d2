"""A load is what it says: so many messages, in order of their times, readings numbered without a hole."""

from itertools import pairwise
from uuid import UUID

import numpy as np

from protocol.envelope import MessageClass
from protocol.findings import Finding
from protocol.message import Waveforms, decode_body
from protocol.samples import SampleBatch
from simulators.fleet_gateway import READINGS, FleetGateway, open_gateway, wearable_of
from simulators.fleet_load import Load, Sender
from tests.support.gateway import an_ingest_key

NOON = 1_800_000_000_000


def fleet(count: int) -> list[FleetGateway]:
    key = an_ingest_key().public
    return [
        open_gateway(UUID(int=number + 1), key.seal, key.id, b"certific", lambda _: b"s" * 70, lambda n: b"d" * n, NOON)
        for number in range(count)
    ]


def test_everybody_speaks_in_turn_and_every_record_is_another() -> None:
    gateways = fleet(3)
    sender = Sender(3, NOON, 7, np.random.default_rng(0))
    items = list(sender.items(Load(rate=10.0, seconds=1.2, strips=2, findings=5.0)))
    assert all(one[0] <= other[0] for one, other in pairwise(items))
    bodies = [(gateways[place], of_class, decode_body(of_class, make(gateways[place]))) for _, place, of_class, make in items]
    assert [of_class for _, of_class, _ in bodies].count(MessageClass.VITAL) == 12
    for gateway in gateways:
        batches = [body for speaker, _, body in bodies if speaker is gateway and isinstance(body, SampleBatch)]
        assert {batch.wearables for batch in batches} == {(wearable_of(gateway.id),)}
        records = np.concatenate([batch.record for batch in batches])
        assert np.array_equal(np.unique(records), (7 << 32) + np.arange(10 * len(batches)))
        assert np.array_equal(np.unique(np.concatenate([batch.at for batch in batches])), NOON + 1000 * np.arange(10 * len(batches)))
        assert gateway.records * 3 == READINGS * len(batches)
    assert sum(isinstance(body, Finding) for _, _, body in bodies) == 6


def test_what_waited_is_of_different_lengths_and_goes_on_where_it_ended() -> None:
    gateways = fleet(40)
    sender = Sender(40, NOON, 7, np.random.default_rng(0))
    items = list(sender.backlog(rate=100.0, most=5))
    assert [due for due, *_ in items] == [number / 100 for number in range(len(items))]
    for _, place, of_class, make in items:
        decode_body(of_class, make(gateways[place]))
    sent = [gateway.records // 10 for gateway in gateways]
    assert sum(sent) == len(items)
    assert set(sent) == set(range(6))
    _, place, of_class, make = next(sender.items(Load(rate=1.0, seconds=1.0)))
    body = decode_body(of_class, make(gateways[place]))
    assert isinstance(body, SampleBatch)
    assert int(body.record.min()) == (7 << 32) + 10 * sent[place]


def test_strips_of_one_wearable_continue_each_other() -> None:
    (gateway,) = fleet(1)
    sender = Sender(1, NOON, 7, np.random.default_rng(0))
    items = [item for item in sender.items(Load(rate=0.1, seconds=30, strips=1)) if item[2] is MessageClass.WAVEFORM]
    strips = [body.strips[0] for _, _, _, make in items if isinstance(body := decode_body(MessageClass.WAVEFORM, make(gateway)), Waveforms)]
    assert [strip.first_sample - (7 << 32) for strip in strips] == [0, 1300, 2600]
    assert [strip.at - NOON for strip in strips] == [0, 10_000, 20_000]
    assert sender.strips == 3
