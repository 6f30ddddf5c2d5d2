"""From arrived bytes to what they say: openings verified, messages unsealed and decoded, each refusal with its reason.

Pure but for the epochs it is given: `Known` is what the database and the key files say, looked up before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

from cloud.ingest.arrival import Arrival
from protocol import channels
from protocol.envelope import EpochKeys, MessageClass, SealedOpening, digest, message_class, read_opening
from protocol.errors import Malformed, ProtocolError, SealBroken, Undecodable, UnknownEpoch
from protocol.joined_batches import BatchReader, JoinedBatches, Rows
from protocol.message import Body, decode_body
from protocol.orders import SignedStanding, Standing, read_standing
from provisioning.ingest_keys import PrivateKey

EpochName = bytes
"""gateway (16 bytes) and epoch (16), as they stand in every message"""

Name = bytes
"""A message's name, for ever: EpochName and counter (8 bytes, big-endian). Names sort as the ledger does."""


def counter_of(name: Name) -> int:
    """Return the counter in a message's name."""
    return int.from_bytes(name[32:])


class IngestKeys(Protocol):
    """The ingest keys that are here; a mapping will do."""

    def get(self, key_id: bytes, /) -> PrivateKey | None:
        """Return the key of an id, or None."""
        ...


class KeyGone(UnknownEpoch):
    """An authentic opening whose ingest key is not here: a repeat when its epoch is stored, else of an unknown epoch."""


class Parsed(NamedTuple):
    """An arrival whose form is right: an opening, or a message of some class, of the gateway that its topic names. A tuple, for speed."""

    arrival: Arrival
    gateway: bytes
    epoch: EpochName
    name: Name
    what: SealedOpening | MessageClass

    @property
    def counter(self) -> int:
        """Its number within the epoch."""
        return counter_of(self.name)


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified opening. secret: 32 bytes, to be wrapped before it is stored."""

    parsed: Parsed
    sealed: SealedOpening
    keys: EpochKeys
    secret: bytes


@dataclass(slots=True)
class Unsealed:
    """An authentic message. body: where its readings are among the joined ones, or what it says; None when it is not understood (`why`)."""

    parsed: Parsed
    sha256: bytes
    body: Body | Rows | None = None
    why: str = ""


def parse(arrival: Arrival) -> Parsed:
    """Read topic and clear part.

    Raises:
        Malformed, Foreign: with the reason.
    """
    gateway, what = channels.sender(arrival.topic)
    data = arrival.data
    if what == channels.MESSAGES:
        of_class = message_class(data)
        channels.require_same(gateway, data[1:17])
        return Parsed(arrival, gateway, data[1:33], data[1:41], of_class)
    if what == channels.STANDINGS:
        raise Malformed("a standing is no message")
    sealed = read_opening(data)
    channels.require_same(gateway, data[1:17])
    return Parsed(arrival, gateway, data[1:33], data[1:33] + bytes(8), sealed)


def open_opening(
    parsed: Parsed, sealed: SealedOpening, certificates: Mapping[tuple[UUID, bytes], bytes], ingest_keys: IngestKeys
) -> Opened:
    """Verify an opening and take its secret.

    certificates: DER by (gateway, certificate id), every one ever issued and not revoked for compromise.

    Raises:
        UnknownEpoch: its certificate is not known here. KeyGone: its ingest key is not. SealBroken: its signature or seal does not hold.
    """
    opening = sealed.opening
    certificate = certificates.get((opening.gateway, opening.certificate_id))
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
    channels.require_same(gateway, signed.standing.gateway.bytes)
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


def unseal_all(
    parsed: Sequence[Parsed],
    reader: BatchReader,
    keys_of: Callable[[EpochName], EpochKeys | None],
    refuse: Callable[[Parsed, ProtocolError], None],
) -> tuple[list[Unsealed], JoinedBatches]:
    """Unseal and decode messages (no openings), the readings of all of them at once.

    refuse: is told of each message that is of an unknown epoch (`UnknownEpoch`) or was altered (`SealBroken`).
    """
    messages: list[Unsealed] = []
    of_vitals: list[Unsealed] = []
    bodies: list[bytes] = []
    for one in parsed:
        data = one.arrival.data
        keys = keys_of(one.epoch)
        if keys is None:
            refuse(one, UnknownEpoch("a message of an epoch whose opening is not stored"))
            continue
        try:
            plain = keys.unseal(data)
        except SealBroken as error:
            refuse(one, error)
            continue
        message = Unsealed(one, digest(data))
        messages.append(message)
        if one.what is MessageClass.VITAL:
            of_vitals.append(message)
            bodies.append(plain)
        else:
            _decode(message, one.what, plain)
    joined = reader.join(bodies)
    for number, message in enumerate(of_vitals):
        message.body, message.why = joined.bodies[number], joined.unfit.get(number, "")
    return messages, joined


def _decode(message: Unsealed, what: SealedOpening | MessageClass, plain: bytes) -> None:
    try:
        message.body = decode_body(what if isinstance(what, MessageClass) else MessageClass.OPENING, plain)
    except Undecodable as error:
        message.why = str(error)
