"""Golden envelopes come out of today's program, and out of the bare library by the guide's words; RFC 9180's own vectors open."""

import hmac
import json
import struct
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.envelope import EpochKeys, Header, MessageClass, read_header, read_opening
from protocol.errors import SealBroken
from protocol.message import decode_body
from protocol.orders import decode_order, read_order, read_standing
from protocol.receipts import Receipt, RefusalReason, Refused, read_receipt, read_unknown, write_receipt
from provisioning.sealing_keys import PrivateKey, key_id
from tests.house.sources import ROOT
from tests.vectors import ENVELOPES, RFC_9180, envelopes

GOLDEN = json.loads(ENVELOPES.read_text())
SECRET = bytes.fromhex(GOLDEN["secret"])
KEMS = {0x0020: hpke.KEM.X25519, 0x0010: hpke.KEM.P256, 0x0012: hpke.KEM.P521}
KDFS = {1: hpke.KDF.HKDF_SHA256, 2: hpke.KDF.HKDF_SHA384, 3: hpke.KDF.HKDF_SHA512}
AEADS = {1: hpke.AEAD.AES_128_GCM, 2: hpke.AEAD.AES_256_GCM, 3: hpke.AEAD.CHACHA20_POLY1305}
CURVES: dict[int, ec.EllipticCurve] = {0x0010: ec.SECP256R1(), 0x0012: ec.SECP521R1()}

messages = pytest.mark.parametrize("golden", GOLDEN["messages"], ids=lambda golden: f"counter {golden['counter']}")
openings = pytest.mark.parametrize("golden", GOLDEN["openings"], ids=lambda golden: golden["suite"])
receipts = pytest.mark.parametrize("golden", GOLDEN["receipts"], ids=["stored", "refused"])


def test_the_generator_writes_the_committed_file() -> None:
    assert envelopes() == GOLDEN


@messages
def test_a_message_is_sealed_to_the_very_bytes_and_read_again(golden: dict[str, Any]) -> None:
    header = Header(
        UUID(golden["gateway"]),
        bytes.fromhex(golden["epoch"]),
        golden["counter"],
        MessageClass(golden["class"]),
        bytes.fromhex(golden["previous"]),
    )
    data, body = bytes.fromhex(golden["bytes"]), bytes.fromhex(golden["body"])
    assert EpochKeys(SECRET).seal(header, body) == data
    assert read_header(data) == header
    assert EpochKeys(SECRET).unseal(data) == body
    decode_body(header.of_class, body)


@messages
def test_the_guide_s_words_give_the_same_message(golden: dict[str, Any]) -> None:
    clear = bytes.fromhex("01" + golden["gateway"] + golden["epoch"]) + struct.pack(">QB", golden["counter"], golden["class"])
    clear += bytes.fromhex(golden["previous"])
    nonce = struct.pack(">IQ", 0, golden["counter"])
    sealed = AESGCM(bytes.fromhex(GOLDEN["message_key"])).encrypt(nonce, bytes.fromhex(golden["body"]), clear)
    assert (clear + sealed).hex() == golden["bytes"]
    assert sha256(clear + sealed).hexdigest() == golden["sha256"]


@openings
def test_an_opening_is_verified_and_gives_the_secret(golden: dict[str, Any]) -> None:
    (stored,) = (key for key in GOLDEN["ingest_keys"] if key["suite"] == golden["suite"])
    key = PrivateKey(bytes.fromhex(stored["private"]))
    sealed = read_opening(bytes.fromhex(golden["bytes"]))
    assert key.public.raw.hex() == stored["public"]
    assert sealed.opening.ingest_key_id == key.id == key_id(bytes.fromhex(stored["public"]))
    assert key.open(sealed.sealed_secret, sealed.opening.info()) == SECRET
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(GOLDEN["device_public_key"]))
    point.verify(sealed.signature, sealed.signed, ec.ECDSA(hashes.SHA256()))


@openings
def test_an_opening_that_says_anything_else_does_not_open(golden: dict[str, Any]) -> None:
    (stored,) = (key for key in GOLDEN["ingest_keys"] if key["suite"] == golden["suite"])
    for place in range(1, 113):
        altered = bytearray.fromhex(golden["bytes"])
        altered[place] ^= 1
        sealed = read_opening(bytes(altered))
        with pytest.raises(SealBroken):
            PrivateKey(bytes.fromhex(stored["private"])).open(sealed.sealed_secret, sealed.opening.info())


@receipts
def test_a_receipt_is_written_to_the_very_bytes_and_read_again(golden: dict[str, Any]) -> None:
    receipt = Receipt(
        UUID(golden["gateway"]),
        bytes.fromhex(golden["epoch"]),
        golden["generation"],
        tuple((first, n) for first, n in golden["stored"]),
        tuple(Refused(counter, bytes.fromhex(seen), RefusalReason(reason)) for counter, seen, reason in golden["refused"]),
        golden["done_upto"],
        bytes.fromhex(golden["head"]),
        golden["busy"],
    )
    key = EpochKeys(SECRET).receipt_key
    assert write_receipt(receipt, key).hex() == golden["bytes"]
    assert read_receipt(bytes.fromhex(golden["bytes"]), key) == receipt


@receipts
def test_the_guide_s_words_authenticate_the_same_receipt(golden: dict[str, Any]) -> None:
    data = bytes.fromhex(golden["bytes"])
    assert hmac.digest(bytes.fromhex(GOLDEN["receipt_key"]), data[:-16], "sha256")[:16] == data[-16:]


def test_an_unknown_names_its_epoch() -> None:
    assert read_unknown(bytes.fromhex(GOLDEN["unknown"]["bytes"])).hex() == GOLDEN["unknown"]["epoch"]


def test_an_order_is_verified_and_opened_by_the_guide_s_words() -> None:
    golden = GOLDEN["orders"]
    data, key = bytes.fromhex(golden["order"]), PrivateKey(bytes.fromhex(golden["receiving_private"]))
    length = int.from_bytes(data[33:35], "big")
    assert data[25:33] == sha256(key.public.raw).digest()[:8]
    assert key.open(data[35 : 35 + length], b"mediassist order 1" + data[:33] + bytes(2)).hex() == golden["body"]
    _check(golden["order_public_key"], data[35 + length :], b"mediassist order 1" + data[: 35 + length])
    assert read_order(data).header.number == int.from_bytes(data[17:25], "big")
    decode_order(bytes.fromhex(golden["body"]))


def test_a_standing_is_verified_by_the_guide_s_words() -> None:
    data = bytes.fromhex(GOLDEN["orders"]["standing"])
    length = int.from_bytes(data[49:51], "big")
    _check(GOLDEN["orders"]["device_public_key"], data[51 + length :], b"mediassist standing 1" + data[: 51 + length])
    standing = read_standing(data).standing
    assert standing.receiving_key == data[51 : 51 + length]
    assert [standing.number, standing.answered, standing.refused] == [int.from_bytes(data[at : at + 8], "big") for at in (25, 33, 41)]


def _check(point: str, signature: bytes, signed: bytes) -> None:
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(point))
    public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))


def test_the_guide_s_example_is_the_golden_one() -> None:
    example = (ROOT / "docs/guides/envelope.md").read_text("utf-8").split("## A worked example")[1]
    written = example.split("```")[1::2]
    said = {line.split(" = ")[0]: line.split(" = ")[1] for block in written for line in block.strip().splitlines()}
    alone = {key["suite"]: key for key in GOLDEN["ingest_keys"]}["x25519"]
    opening = {each["suite"]: each for each in GOLDEN["openings"]}["x25519"]["bytes"]
    first, stored = GOLDEN["messages"][0], GOLDEN["receipts"][0]
    assert said == {
        "ingest_private": alone["private"],
        "ingest_public": alone["public"],
        "device_public": GOLDEN["device_public_key"],
        "secret": GOLDEN["secret"],
        "info": (b"mediassist opening 1").hex() + opening[: 113 * 2],
        "enc": opening[115 * 2 : 147 * 2],
        "sealed": opening[147 * 2 : 195 * 2],
        "signature": opening[195 * 2 :],
        "sha256_of_opening": sha256(bytes.fromhex(opening)).hexdigest(),
        "message_key": GOLDEN["message_key"],
        "receipt_key": GOLDEN["receipt_key"],
        "nonce": "00" * 11 + "01",
        "header": first["bytes"][: 74 * 2],
        "body": first["body"],
        "ciphertext": first["bytes"][74 * 2 : -32],
        "tag": first["bytes"][-32:],
        "receipt": stored["bytes"],
    }


@pytest.mark.parametrize("vector", json.loads(RFC_9180.read_text())["vectors"], ids=lambda vector: f"{vector['section']} {vector['suite']}")
def test_the_library_opens_rfc_9180_s_base_mode(vector: dict[str, Any]) -> None:
    """`Suite.decrypt` takes no associated data, which each of the RFC's vectors has: the library tests itself by this same function."""
    secret = bytes.fromhex(vector["private_key"])
    if vector["kem_id"] == 0x0020:
        key: Any = x25519.X25519PrivateKey.from_private_bytes(secret)
        assert key.public_key().public_bytes_raw().hex() == vector["public_key"]
    else:
        key = ec.derive_private_key(int.from_bytes(secret), CURVES[vector["kem_id"]])
    suite = hpke.Suite(KEMS[vector["kem_id"]], KDFS[vector["kdf_id"]], AEADS[vector["aead_id"]])
    sealed, info, aad = (bytes.fromhex(each) for each in (vector["enc"] + vector["ct"], vector["info"], vector["aad"]))
    assert openssl.hpke._decrypt_with_aad(suite, sealed, key, info, aad).hex() == vector["pt"]
    with pytest.raises(InvalidTag):
        openssl.hpke._decrypt_with_aad(suite, sealed, key, info, aad + b"\x00")
