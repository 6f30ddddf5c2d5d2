"""Seals: any bytes are a message or a named error, and nothing altered passes."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.envelope import EpochKeys, Header, MessageClass, Opening, digest, message_class, read_header, read_opening, write_opening
from protocol.errors import Malformed, SealBroken

GATEWAY = UUID("00000000-0000-4000-8000-000000000001")
EPOCH = bytes(range(16))
KEYS = EpochKeys(b"s" * 32)


def header(counter: int = 1) -> Header:
    return Header(GATEWAY, EPOCH, counter, MessageClass.VITAL, digest(b"opening"))


@given(st.binary(max_size=200))
def test_a_sealed_body_comes_back(body: bytes) -> None:
    message = KEYS.seal(header(), body)
    assert read_header(message) == header()
    assert KEYS.unseal(message) == body


@given(st.data())
def test_one_changed_bit_breaks_the_seal_or_the_form(data: st.DataObject) -> None:
    message = bytearray(KEYS.seal(header(), b"blood pressure"))
    place = data.draw(st.integers(0, len(message) * 8 - 1))
    message[place // 8] ^= 1 << place % 8
    with pytest.raises((SealBroken, Malformed)):
        _ = message_class(bytes(message)), KEYS.unseal(bytes(message))


def test_another_secret_does_not_open_it() -> None:
    message = KEYS.seal(header(), b"x")
    with pytest.raises(SealBroken):
        EpochKeys(b"t" * 32).unseal(message)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_header_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_header(data)


@given(st.binary(max_size=1600))
def test_any_bytes_are_an_opening_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_opening(data)


@given(st.binary(min_size=1, max_size=1200), st.binary(min_size=1, max_size=80), st.integers(0, 2**40))
def test_an_opening_comes_back(sealed: bytes, signature: bytes, made_at: int) -> None:
    opening = Opening(GATEWAY, EPOCH, b"k" * 8, b"c" * 8, made_at, bytes(15) + b"\x07", 12, b"h" * 32)
    read = read_opening(write_opening(opening, sealed, lambda _: signature))
    assert (read.opening, read.sealed_secret, read.signature) == (opening, sealed, signature)
    assert read.opening.info().endswith(opening.clear())
