"""Golden envelopes: bytes that this program and any other that speaks its protocol must read, and write where no dice are rolled.

`python -m tests.vectors` writes `envelopes.json` anew. Messages and receipts come out the same every time; an opening and an order are
never the same twice, so those of the file are kept: remove the file to have new keys and openings, and then write the example in
docs/guides/envelope.md anew. The keys in it are for tests alone. `rfc9180.json` holds facts from the appendix A of RFC 9180.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.envelope import EpochKeys, Header, MessageClass, Opening, digest, write_opening
from protocol.message import Gap, GapReason, GivenUp, class_of, encode_body
from protocol.orders import NewIngestKey, OrderHeader, Standing, encode_order, write_order, write_standing
from protocol.receipts import Receipt, RefusalReason, Refused, write_receipt, write_unknown
from protocol.samples import Reading, batch_of
from provisioning.sealing_keys import PrivateKey, Suite

FOLDER = Path(__file__).parent
ENVELOPES, RFC_9180 = FOLDER / "envelopes.json", FOLDER / "rfc9180.json"

GATEWAY = UUID("6d656469-6173-4973-8000-000000000001")
WEARABLE = UUID("6d656469-6173-4973-8000-0000000000b1")
NOON = 1_800_000_000_000
SECRET = bytes(range(32))
PREVIOUS = {"previous": bytes(range(0x20, 0x30)), "previous_count": 12, "previous_head": bytes(range(0x60, 0x80))}
EPOCHS = {Suite.HYBRID: bytes(range(0xA0, 0xB0)), Suite.X25519: bytes(range(0xC0, 0xD0))}
EPOCH = EPOCHS[Suite.X25519]
"""Of the messages and receipts, and of the guide's example: its opening is the short one."""


def derived(info: bytes) -> bytes:
    """Return one of the two keys of the epoch, by the library alone."""
    return HKDF(hashes.SHA256(), 32, None, info).derive(SECRET)


def kept() -> dict[str, Any]:
    """Return what the file holds; empty when it is not there."""
    return json.loads(ENVELOPES.read_text()) if ENVELOPES.exists() else {}


def fresh_openings() -> dict[str, Any]:
    """Make keys and an opening to each; rolls dice."""
    device = ec.generate_private_key(ec.SECP256R1())
    point = device.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    ingest_keys, openings = [], []
    for suite in Suite:
        key = PrivateKey.generate(suite)
        ingest_keys.append({"suite": suite, "id": key.id.hex(), "private": key.secret_bytes().hex(), "public": key.public.raw.hex()})
        opening = Opening(GATEWAY, EPOCHS[suite], key.id, bytes(range(0x10, 0x18)), NOON, **PREVIOUS)
        sealed = key.public.seal(SECRET, opening.info())
        data = write_opening(opening, sealed, lambda signed: device.sign(signed, ec.ECDSA(hashes.SHA256())))
        openings.append({"suite": suite, "bytes": data.hex()})
    return {"device_public_key": point.hex(), "ingest_keys": ingest_keys, "openings": openings}


def fresh_orders() -> dict[str, Any]:
    """Make the cloud's order key, the gateway's receiving key, an order and a standing; rolls dice."""
    device, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    points = [
        key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint) for key in (device, signer)
    ]
    receiving, new = PrivateKey.generate(Suite.X25519), PrivateKey.generate(Suite.X25519).public.raw
    header, body = OrderHeader(GATEWAY, NOON, receiving.id), encode_order(NewIngestKey(new))
    sealed = receiving.public.seal(body, header.info())
    standing = Standing(GATEWAY, bytes(range(0x10, 0x18)), NOON + 1, NOON, 0, receiving.public.raw)
    return {
        "device_public_key": points[0].hex(),
        "order_public_key": points[1].hex(),
        "receiving_private": receiving.secret_bytes().hex(),
        "body": body.hex(),
        "order": write_order(header, sealed, lambda signed: signer.sign(signed, ec.ECDSA(hashes.SHA256()))).hex(),
        "standing": write_standing(standing, lambda signed: device.sign(signed, ec.ECDSA(hashes.SHA256()))).hex(),
    }


def messages(opening: bytes) -> list[dict[str, Any]]:
    """Return an epoch's first messages, each naming its predecessor."""
    bodies = (
        batch_of([Reading(WEARABLE, 1, NOON, 70.0, 1), Reading(WEARABLE, 1, NOON + 1000, 71.0, 2)]),
        Gap((GivenUp(PREVIOUS["previous"], 3, 4, MessageClass.WAVEFORM, NOON - 2000, NOON - 1000, GapReason.FULL),)),
    )
    made: list[dict[str, Any]] = []
    previous = digest(opening)
    for counter, body in enumerate(bodies, 1):
        header, plain = Header(GATEWAY, EPOCH, counter, class_of(body), previous), encode_body(body)
        data = EpochKeys(SECRET).seal(header, plain)
        previous = digest(data)
        made.append(
            {
                "gateway": GATEWAY.hex,
                "epoch": EPOCH.hex(),
                "counter": counter,
                "class": int(header.of_class),
                "previous": header.previous.hex(),
                "body": plain.hex(),
                "bytes": data.hex(),
                "sha256": previous.hex(),
            }
        )
    return made


def receipts(head: bytes) -> list[dict[str, Any]]:
    """Return a receipt for all that was sent, and one that refuses."""
    both = (
        Receipt(GATEWAY, EPOCH, NOON - 86_400_000, ((0, 3),), (), 2, head, 0),
        Receipt(GATEWAY, EPOCH, NOON - 86_400_000, (), (Refused(3, bytes(range(32)), RefusalReason.SEAL_BROKEN),), 2, head, 30),
    )
    return [
        {
            "gateway": GATEWAY.hex,
            "epoch": EPOCH.hex(),
            "generation": receipt.generation,
            "stored": [list(each) for each in receipt.stored],
            "refused": [[each.counter, each.sha256.hex(), int(each.reason)] for each in receipt.refused],
            "done_upto": receipt.done_upto,
            "head": receipt.head.hex(),
            "busy": receipt.busy,
            "bytes": write_receipt(receipt, EpochKeys(SECRET).receipt_key).hex(),
        }
        for receipt in both
    ]


def envelopes() -> dict[str, Any]:
    """Return the vectors, ready for JSON: all binary is hexadecimal."""
    before = kept()
    openings = {key: before[key] for key in ("device_public_key", "ingest_keys", "openings")} if before else fresh_openings()
    (opening,) = (each["bytes"] for each in openings["openings"] if each["suite"] == Suite.X25519)
    said = messages(bytes.fromhex(opening))
    return {
        "about": "Golden envelopes of protocol version 1; docs/guides/envelope.md says how to read them. These keys are for tests alone.",
        "secret": SECRET.hex(),
        "message_key": derived(b"message 1").hex(),
        "receipt_key": derived(b"receipt 1").hex(),
        **openings,
        "messages": said,
        "receipts": receipts(bytes.fromhex(said[-1]["sha256"])),
        "orders": before.get("orders") or fresh_orders(),
        "unknown": {"epoch": EPOCH.hex(), "bytes": write_unknown(EPOCH).hex()},
    }
