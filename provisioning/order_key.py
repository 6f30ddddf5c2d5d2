"""The key by which the cloud signs its orders: ECDSA P-256 in `order.key` (mode 0600); gateways are given `order.pub` at enrolment.

`order.pub` is the uncompressed point (65 bytes). A gateway that has none obeys nobody.
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from protocol.errors import Malformed, SealBroken
from provisioning import secret_files

PRIVATE, PUBLIC = "order.key", "order.pub"


class NoOrderKey(Exception):
    """The folder holds no order key, or a broken one: the message says which file."""


class OrderKey:
    """The order key itself; only the worker opens it."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> bytes:
        """The public half, as gateways are given it."""
        return self._key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def sign(self, data: bytes) -> bytes:
        """Return the signature (ECDSA, SHA-256, DER) over `data`."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def make(folder: Path, private_name: str = PRIVATE, public_name: str = PUBLIC) -> OrderKey:
    """Make the order key in `folder`; under other names, a key of this kind for another use.

    Raises:
        FileExistsError: there is one; gateways obey no other.
    """
    secret_files.make_folder(folder)
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret_files.write_once(folder / private_name, pem)
    key = OrderKey(private)
    secret_files.replace(folder / public_name, key.public)
    return key


def open_key(folder: Path, private_name: str = PRIVATE) -> OrderKey:
    """Open the order key in `folder`, or the key of another use by its name.

    Raises:
        NoOrderKey: no key there, one that others may read, or no ECDSA P-256 key.
    """
    path = folder / private_name
    try:
        if path.stat().st_mode & 0o077:
            raise NoOrderKey(f"{path} may be read by others: set its mode to 0600 and think about who read it")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError as error:
        raise NoOrderKey(
            f"no {path.stem} key in {path}: make one with `mediassist ingest-keys order-key`, or `mediassist certificate make-key`"
        ) from error
    except ValueError as error:
        raise NoOrderKey(f"{path} is no private key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NoOrderKey(f"{path} is no ECDSA P-256 key")
    return OrderKey(key)


def load_public(point: bytes) -> ec.EllipticCurvePublicKey:
    """Read what a gateway was given.

    Raises:
        Malformed: no point of P-256.
    """
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise Malformed("not the public half of an order key") from error


def check(public: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> None:
    """Check a signature.

    Raises:
        SealBroken: it does not hold.
    """
    try:
        public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SealBroken("a signature does not hold") from error
