"""A statement that others can check: canonical JSON (RFC 8785's order and form for what is in it), signed by the cloud (ECDSA P-256, SHA-256)."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning import order_key
from provisioning.order_key import OrderKey

PRIVATE, PUBLIC = "certificate.key", "certificate.pub"
"""A key of its own: the application that signs certificates must not be able to sign orders to gateways."""

_ABOUT = b"mediassist completeness certificate 1\n"
"""Signed with it, so that nothing else that the key signs can be taken for a certificate."""


class NotGenuine(Exception):
    """The certificate is not of the form, or its signature does not fit."""


def canonical(statement: Mapping[str, object]) -> bytes:
    """Return a statement of texts, integers, lists and maps as bytes: sorted names, no spaces, UTF-8."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(statement: Mapping[str, object], key: OrderKey) -> dict[str, object]:
    """Return the certificate of a statement."""
    signature = base64.b64encode(key.sign(_ABOUT + canonical(statement))).decode()
    return {"statement": statement, "key": key.public.hex(), "signature": signature}


def make_key(folder: Path) -> OrderKey:
    """Make the key that signs certificates.

    Raises:
        FileExistsError: there is one.
    """
    return order_key.make(folder, PRIVATE, PUBLIC)


def open_key(folder: Path) -> OrderKey:
    """Open the key that signs certificates.

    Raises:
        NoOrderKey: there is none, or it is not to be used.
    """
    return order_key.open_key(folder, PRIVATE)


def check(certificate: object, key: bytes) -> Mapping[str, object]:
    """Return the statement of a certificate that was signed by `key` (uncompressed point, 65 bytes).

    Raises:
        NotGenuine: it was not.
    """
    body = cast("dict[str, object]", certificate) if isinstance(certificate, dict) else {}
    if not isinstance(body.get("statement"), dict):
        raise NotGenuine("not a certificate")
    statement = cast("dict[str, object]", body["statement"])
    try:
        signature = base64.b64decode(str(body.get("signature")), validate=True)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        public.verify(signature, _ABOUT + canonical(statement), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise NotGenuine("the signature is not this key's, or the statement was altered") from error
    return statement


def check_file(file: Path, key: Path) -> Mapping[str, object]:
    """Return the statement of a certificate in a file. key: the file `certificate.pub`.

    Raises:
        NotGenuine, OSError: it is none, or a file cannot be read.
    """
    try:
        body: object = json.loads(file.read_text())
    except ValueError as error:
        raise NotGenuine("not JSON") from error
    return check(body, key.read_bytes())
