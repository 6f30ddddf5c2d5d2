"""What gmqtt would have given one by one arrives, and leaves, as MQTT 5 says it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.arrival import Arrival
from cloud.ingest.bulk_client import BulkClient, _variable


class Link:
    """The connection's end of the client."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def is_closing(self) -> bool:
        return False

    def send_package(self, data: bytes) -> None:
        self.sent.append(data)


def a_client() -> tuple[BulkClient, Link, list[Arrival]]:
    client, link, arrivals = BulkClient("w", 10, 100), Link(), list[Arrival]()
    client.take = arrivals.append
    client._connection = link
    client._connack_received.set()
    client.new_link()
    return client, link, arrivals


def publish(number: int, properties: bytes = b"\x00", payload: bytes = b"data", qos: int = 1) -> tuple[int, bytes]:
    topic = b"g/1/up/message"
    return 0x30 | qos << 1, len(topic).to_bytes(2) + topic + (number.to_bytes(2) if qos else b"") + properties + payload


async def test_what_is_settled_in_one_turn_is_acknowledged_in_one_write() -> None:
    client, link, arrivals = a_client()
    for number in (7, 8, 9):
        client._package_handler._handle_packet(*publish(number))
    assert [(a.topic, a.data) for a in arrivals] == [("g/1/up/message", b"data")] * 3
    for arrival in arrivals[:2]:
        arrival.settle(True)
    arrivals[2].settle(False)
    client.say("g/1/down/receipt", b"x" * 200)
    assert link.sent == []
    await asyncio.sleep(0)
    ((write),) = link.sent
    assert write[:8] == b"\x40\x02\x00\x07\x40\x02\x00\x08"
    assert write[8:] == b"\x30\xdb\x01\x00\x10g/1/down/receipt\x00" + b"x" * 200


async def test_nothing_is_acknowledged_on_another_link() -> None:
    client, link, arrivals = a_client()
    client._package_handler._handle_packet(*publish(7))
    client._package_handler._handle_packet(*publish(8))
    arrivals[0].settle(True)
    client.new_link()
    arrivals[1].settle(True)
    await asyncio.sleep(0)
    assert link.sent == []


async def test_properties_are_passed_over_and_qos_0_is_not_acknowledged() -> None:
    client, link, arrivals = a_client()
    expiry = bytes([5, 2]) + (60).to_bytes(4)
    client._package_handler._handle_packet(*publish(7, expiry, b"after"))
    client._package_handler._handle_packet(*publish(0, expiry, b"unasked", qos=0))
    assert [a.data for a in arrivals] == [b"after", b"unasked"]
    arrivals[1].settle(True)
    await asyncio.sleep(0)
    assert link.sent == []


async def test_a_publish_that_is_none_is_an_error_and_no_arrival() -> None:
    client, _, arrivals = a_client()
    with pytest.raises(ValueError, match="properties"):
        client._package_handler._handle_packet(*publish(7, bytes([2, 0xFE, 0]), b""))
    assert arrivals == []


@given(st.integers(0, (1 << 28) - 1))
def test_a_length_is_what_mqtt_reads(number: int) -> None:
    digits = _variable(number)
    assert sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits)) == number
    assert all(digit & 0x80 for digit in digits[:-1])
    assert not digits[-1] & 0x80
