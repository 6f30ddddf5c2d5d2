"""Orders and standings: they come back as they were, and any bytes are one of them or a named error."""

from contextlib import suppress
from uuid import UUID

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed, UnknownOrder
from protocol.orders import (
    NewIngestKey,
    OrderHeader,
    Standing,
    decode_order,
    encode_order,
    read_order,
    read_standing,
    write_order,
    write_standing,
)

GATEWAY = UUID("00000000-0000-4000-8000-000000000001")
LARGEST = (1 << 63) - 1
numbers = st.integers(0, LARGEST)


@given(st.binary(min_size=1, max_size=1300), st.binary(min_size=1, max_size=72), numbers)
def test_an_order_comes_back(sealed: bytes, signature: bytes, number: int) -> None:
    header = OrderHeader(GATEWAY, number, b"k" * 8)
    data = write_order(header, sealed, lambda _: signature)
    read = read_order(data)
    assert (read.header, read.sealed, read.signature) == (header, sealed, signature)
    assert read.signed == b"mediassist order 1" + data[: -len(signature)]


@given(numbers, numbers, numbers, st.binary(max_size=1216), st.binary(min_size=1, max_size=72))
def test_a_standing_comes_back(number: int, answered: int, refused: int, key: bytes, signature: bytes) -> None:
    standing = Standing(GATEWAY, b"c" * 8, number, answered, refused, key)
    read = read_standing(write_standing(standing, lambda _: signature))
    assert (read.standing, read.signature) == (standing, signature)


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda rest: b"\x01" + rest))
def test_any_bytes_are_an_order_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_order(data)


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda rest: b"\x01" + rest))
def test_any_bytes_are_a_standing_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_standing(data)


@given(st.binary(max_size=200) | st.dictionaries(st.text(max_size=8), st.binary(max_size=8) | st.text(max_size=8)).map(cbor2.dumps))
def test_any_body_is_an_order_or_a_named_error(data: bytes) -> None:
    with suppress(Malformed, UnknownOrder):
        decode_order(data)


def test_a_body_comes_back_and_one_of_a_newer_program_is_named() -> None:
    assert decode_order(encode_order(NewIngestKey(b"k" * 32))) == NewIngestKey(b"k" * 32)
    with pytest.raises(UnknownOrder):
        decode_order(cbor2.dumps({"order": "dance"}))
    with pytest.raises(Malformed):
        decode_order(cbor2.dumps({"order": "ingest_key"}))
