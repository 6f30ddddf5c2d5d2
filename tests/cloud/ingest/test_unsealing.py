"""Openings of either suite and standings: what is altered anywhere is a named error, and so are any bytes on any topic."""

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.arrival import Arrival
from cloud.ingest.unsealing import open_opening, parse, parse_standing, verified
from protocol import channels
from protocol.envelope import Opening, SealedOpening, write_opening
from protocol.errors import ProtocolError
from protocol.orders import Standing, write_standing
from provisioning.sealing_keys import PrivateKey, Suite
from tests.support.gateway import GATEWAY, NOON
from tests.support.ingest import CertifiedKeys

KEYS = {suite: PrivateKey.generate(suite) for suite in Suite}
BY_ID = {key.id: key for key in KEYS.values()}
ANYWHERE = st.integers(0, 1 << 20)


class Said:
    """What one gateway says, and how the worker takes it."""

    def __init__(self, folder: Path) -> None:
        self.keystore = CertifiedKeys.make(folder)
        der = self.keystore.certificate.public_bytes(serialization.Encoding.DER)
        self.certificates = {(GATEWAY, self.keystore.certificate_id): der}

    def opening(self, suite: Suite) -> bytes:
        opening = Opening(GATEWAY, b"e" * 16, KEYS[suite].id, self.keystore.certificate_id, NOON)
        return write_opening(opening, KEYS[suite].public.seal(b"s" * 32, opening.info()), self.keystore.sign)

    def standing(self) -> bytes:
        return write_standing(Standing(GATEWAY, self.keystore.certificate_id, 3, 2, 1, KEYS[Suite.X25519].public.raw), self.keystore.sign)

    def open(self, data: bytes) -> bytes:
        parsed = parse(Arrival(channels.upward(GATEWAY, channels.OPENINGS), data, lambda _: None))
        assert isinstance(parsed.what, SealedOpening)
        return open_opening(parsed, parsed.what, self.certificates, BY_ID).secret

    def hear(self, data: bytes) -> Standing:
        return verified(parse_standing(Arrival(channels.upward(GATEWAY, channels.STANDINGS), data, lambda _: None)), self.certificates)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    return Said(tmp_path_factory.mktemp("identity"))


def changed(data: bytes, place: int) -> bytes:
    place %= len(data) * 8
    return data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]


@pytest.mark.parametrize("suite", list(Suite))
@given(place=ANYWHERE)
def test_an_opening_opens_and_one_changed_bit_anywhere_is_a_named_error(said: Said, suite: Suite, place: int) -> None:
    data = said.opening(suite)
    assert said.open(data) == b"s" * 32
    with pytest.raises(ProtocolError):
        said.open(changed(data, place))


@given(place=ANYWHERE)
def test_a_standing_is_heard_and_one_changed_bit_anywhere_is_a_named_error(said: Said, place: int) -> None:
    assert said.hear(said.standing()).answered == 2
    with pytest.raises(ProtocolError):
        said.hear(changed(said.standing(), place))


FORMED = st.binary(max_size=300).map(lambda rest: b"\x01" + GATEWAY.bytes + rest)


@given(st.sampled_from([channels.OPENINGS, channels.MESSAGES, channels.STANDINGS, "other"]), st.binary(max_size=300) | FORMED)
def test_any_bytes_on_any_topic_are_a_named_error_or_of_the_right_form(what: str, data: bytes) -> None:
    for read in (parse, parse_standing):
        with suppress(ProtocolError):
            read(Arrival(channels.upward(GATEWAY, what), data, lambda _: None))
