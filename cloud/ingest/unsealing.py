"""From arrived bytes to what they say: openings verified, messages unsealed and decoded, each refusal with its reason.

Pure but for the epochs it is given: `Known` is what the database and the key files say, looked up before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

from cloud.ingest.arrival import Arrival
from protocol import channels
from protocol.envelope import EpochKeys, Header, SealedOpening, digest, read_header, read_opening
from protocol.errors import Malformed, SealBroken, Undecodable, UnknownEpoch
from protocol.message import Body, decode_body
from protocol.orders import SignedStanding, Standing, read_standing
from provisioning.ingest_keys import PrivateKey

EpochName = tuple[UUID, bytes]


class IngestKeys(Protocol):
    """The ingest keys that are here; a mapping will do."""

    def get(self, key_id: bytes, /) -> PrivateKey | None:
        """Return the key of an id, or None."""
        ...


class KeyGone(UnknownEpoch):
    """An authentic opening whose ingest key is not here: a repeat when its epoch is stored, else of an unknown epoch."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """An arrival whose form is right: an opening or a message header of the gateway that its topic names."""

    arrival: Arrival
    gateway: UUID
    epoch: bytes
    counter: int
    what: SealedOpening | Header


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified opening. secret: 32 bytes, to be wrapped before it is stored."""

    parsed: Parsed
    sealed: SealedOpening
    keys: EpochKeys
    secret: bytes


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An authentic message. body: None when it is not understood; `why` then says so."""

    parsed: Parsed
    header: Header
    sha256: bytes
    body: Body | None
    why: str = ""


def parse(arrival: Arrival) -> Parsed:
    """Read topic and clear part.

    Raises:
        Malformed, Foreign: with the reason.
    """
    gateway, what = channels.sender(arrival.topic)
    if what == channels.STANDINGS:
        raise Malformed("a standing is no message")
    if what == channels.OPENINGS:
        sealed = read_opening(arrival.data)
        channels.require_same(gateway, sealed.opening.gateway)
        return Parsed(arrival, gateway, sealed.opening.epoch, 0, sealed)
    header = read_header(arrival.data)
    channels.require_same(gateway, header.gateway)
    return Parsed(arrival, gateway, header.epoch, header.counter, header)


def open_opening(
    parsed: Parsed, sealed: SealedOpening, certificates: Mapping[tuple[UUID, bytes], bytes], ingest_keys: IngestKeys
) -> Opened:
    """Verify an opening and take its secret.

    certificates: DER by (gateway, certificate id), every one ever issued and not revoked for compromise.

    Raises:
        UnknownEpoch: its certificate is not known here. KeyGone: its ingest key is not. SealBroken: its signature or seal does not hold.
    """
    opening = sealed.opening
    certificate = certificates.get((parsed.gateway, opening.certificate_id))
    if certificate is None:
        raise UnknownEpoch("an opening names a certificate that is not known here")
    _require_signed(certificate, sealed.signature, sealed.signed)
    key = ingest_keys.get(opening.ingest_key_id)
    if key is None:
        raise KeyGone("an opening names an ingest key that is not known here")
    secret = key.open(sealed.sealed_secret, opening.info())
    return Opened(parsed, sealed, EpochKeys(secret), secret)


def _require_signed(certificate: bytes, signature: bytes, signed: bytes) -> None:
    public = load_der_x509_certificate(certificate).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise SealBroken("a gateway's certificate holds no elliptic-curve key")
    try:
        public.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise SealBroken("a signature by the device key does not hold") from error


def parse_standing(arrival: Arrival) -> SignedStanding:
    """Read a gateway's standing; nothing in it is verified yet.

    Raises:
        Malformed, Foreign: with the reason.
    """
    gateway, _ = channels.sender(arrival.topic)
    signed = read_standing(arrival.data)
    channels.require_same(gateway, signed.standing.gateway)
    return signed


def verified(signed: SignedStanding, certificates: Mapping[tuple[UUID, bytes], bytes]) -> Standing:
    """Return an authentic standing. certificates: as for `open_opening`.

    Raises:
        SealBroken: its certificate is not known here, or its signature does not hold.
    """
    standing = signed.standing
    certificate = certificates.get((standing.gateway, standing.certificate_id))
    if certificate is None:
        raise SealBroken("a standing names a certificate that is not known here")
    _require_signed(certificate, signed.signature, signed.signed)
    return standing


def unseal(parsed: Parsed, header: Header, keys_of: Callable[[EpochName], EpochKeys | None]) -> Unsealed:
    """Unseal and decode a message.

    Raises:
        UnknownEpoch: its opening is not here. SealBroken: altered.
    """
    keys = keys_of((parsed.gateway, parsed.epoch))
    if keys is None:
        raise UnknownEpoch("a message of an epoch whose opening is not stored")
    data = parsed.arrival.data
    plain = keys.unseal(header, data)
    try:
        return Unsealed(parsed, header, digest(data), decode_body(header.of_class, plain))
    except Undecodable as error:
        return Unsealed(parsed, header, digest(data), None, str(error))
