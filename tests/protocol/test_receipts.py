"""Receipts: authenticated, exact, and nothing else passes for one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed, SealBroken
from protocol.receipts import (
    Receipt,
    RefusalReason,
    Refused,
    epoch_of_receipt,
    ranges_of,
    read_receipt,
    read_unknown,
    write_receipt,
    write_stored,
    write_unknown,
)

GATEWAY = UUID("00000000-0000-4000-8000-000000000001")
KEY = b"k" * 32


@given(st.sets(st.integers(0, 300)), st.integers(-1, 2**30), st.integers(0, 2**16 - 1))
def test_a_receipt_comes_back(counters: set[int], done_upto: int, busy: int) -> None:
    refused = (Refused(7, b"s" * 32, RefusalReason.SEAL_BROKEN),)
    receipt = Receipt(GATEWAY, b"e" * 16, 1700000000000, ranges_of(counters), refused, done_upto, b"h" * 32, busy)
    data = write_receipt(receipt, KEY)
    assert epoch_of_receipt(data) == receipt.epoch
    assert read_receipt(data, KEY) == receipt
    assert set(receipt.counters()) == counters


@given(st.binary(max_size=300))
def test_any_bytes_are_a_receipt_or_a_named_error(data: bytes) -> None:
    with pytest.raises((Malformed, SealBroken)):
        read_receipt(data, KEY)


def test_a_receipt_forged_without_the_key_is_refused() -> None:
    data = write_receipt(Receipt(GATEWAY, b"e" * 16, 1, ((1, 1),)), b"another key" * 3)
    with pytest.raises(SealBroken):
        read_receipt(data, KEY)


def test_unknown_names_its_epoch() -> None:
    assert read_unknown(write_unknown(b"e" * 16)) == b"e" * 16
    with pytest.raises(Malformed):
        read_unknown(b"\x01")


@given(st.integers(1, 2**20 - 1), st.integers(-1, 2**20), st.binary(min_size=32, max_size=32))
def test_the_receipt_of_one_message_is_the_same_bytes(counter: int, done_upto: int, head: bytes) -> None:
    long_way = Receipt(GATEWAY, b"e" * 16, 1700000000000, ((counter, 1),), (), done_upto, head)
    assert write_stored(GATEWAY.bytes + b"e" * 16, 1700000000000, counter, done_upto, head, KEY) == write_receipt(long_way, KEY)
