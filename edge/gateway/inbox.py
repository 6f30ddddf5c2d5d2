"""The gateway's door in: it does what the cloud's order key signed and sealed to this gateway, once, and nothing else.

Beside the identity lie `receiving.key` (the key pair to which orders are sealed, wrapped by the keystore) and `orders.json` (which
order was answered last). An order is done before it is noted as answered: a crash between the two does it again, so each must bear that.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

from edge.gateway.rules_folder import RulesFolder
from protocol.errors import Foreign, Malformed, Repeated, SealBroken, UnknownOrder
from protocol.orders import NewIngestKey, Order, Standing, decode_order, read_order, write_standing
from provisioning import order_key, secret_files
from provisioning.keystore import Keystore
from provisioning.sealing_keys import PrivateKey, load_public

RECEIVING, ANSWERED = "receiving.key", "orders.json"
_ABOUT = b"receiving key"


@dataclass(frozen=True, slots=True)
class _Answered:
    """What must be known after a restart. order: the greatest number done or refused. refused: the last one not understood."""

    order: int = 0
    refused: int = 0
    standing: int = 0


class Inbox:
    """One gateway's inbox. folder: of its identity. signer: the order key's public half. ingest_key: the file that a new key replaces.

    rules: where patients' rules are kept. now: ms UTC.

    Raises:
        Malformed: signer is no order key, or `orders.json` is broken.
    """

    def __init__(
        self, gateway: UUID, folder: Path, keystore: Keystore, signer: bytes, ingest_key: Path, rules: RulesFolder, now: Callable[[], int]
    ) -> None:
        self._gateway, self._folder, self._keystore = gateway, folder, keystore
        self._signer = order_key.load_public(signer)
        self._ingest_key, self._rules, self._now = ingest_key, rules, now
        self._key = self._receiving_key()
        self._answered = self._read()

    def standing(self) -> bytes:
        """Return what to tell the cloud at each connection and after each order; each is numbered anew."""
        self._note(replace(self._answered, standing=max(self._answered.standing + 1, self._now())))
        said = self._answered
        standing = Standing(self._gateway, self._keystore.certificate_id, said.standing, said.order, said.refused, self._key.public.raw)
        return write_standing(standing, self._keystore.sign)

    def obey(self, data: bytes) -> Order:
        """Do an order, once, and return it.

        Raises:
            Malformed: not an order. Foreign: to another gateway. SealBroken: not signed by the order key, or not sealed to this gateway.
            Repeated: answered before. UnknownOrder: authentic, but not understood; noted as refused.
        """
        sealed = read_order(data)
        header = sealed.header
        if header.gateway != self._gateway:
            raise Foreign("an order to another gateway")
        order_key.check(self._signer, sealed.signature, sealed.signed)
        if header.number <= self._answered.order:
            raise Repeated("an order that was answered before")
        if header.key_id != self._key.id:
            raise SealBroken("an order sealed to a key that this gateway does not have")
        body = self._key.open(sealed.sealed, header.info())
        try:
            order = decode_order(body)
            if isinstance(order, NewIngestKey):
                load_public(order.public).seal(b"", b"")  # a key to which nothing can be sealed would end all measuring
        except (UnknownOrder, Malformed):
            self._note(replace(self._answered, order=header.number, refused=header.number))
            raise
        if isinstance(order, NewIngestKey):
            secret_files.replace(self._ingest_key, order.public)
        else:
            self._rules.keep(order)
        self._note(replace(self._answered, order=header.number))
        return order

    def _receiving_key(self) -> PrivateKey:
        path = self._folder / RECEIVING
        try:
            return PrivateKey(self._keystore.unwrap(path.read_bytes(), _ABOUT))
        except (FileNotFoundError, SealBroken, Malformed):  # the first start, or a new identity: the cloud is told at the next connection
            key = PrivateKey.generate()
            secret_files.replace(path, self._keystore.wrap(key.secret_bytes(), _ABOUT))
            return key

    def _read(self) -> _Answered:
        try:
            said = json.loads((self._folder / ANSWERED).read_bytes())
            return _Answered(int(said["order"]), int(said["refused"]), int(said["standing"]))
        except FileNotFoundError:
            return _Answered()
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed(
                f"{self._folder / ANSWERED} is broken: without it an old order could be done again; enrol this gateway anew"
            ) from error

    def _note(self, answered: _Answered) -> None:
        secret_files.replace(self._folder / ANSWERED, json.dumps(asdict(answered)).encode())
        self._answered = answered
