"""Signing keys in a PKCS#11 token (a hardware security module, a smart card, SoftHSM): made there, never to leave it.

Keys are found by their label. A private key is made sensitive and not extractable: the token signs, and nobody reads the key.
"""

import hashlib
from pathlib import Path
from typing import Any

import pkcs11
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from pkcs11.types import Session, SignMixin, Token
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from provisioning.signing_key import KeyExists, KeyMissing, KeyUnusable

_HALF = 32
_STAYS = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}


class Pkcs11SigningKey:
    """A signing key in a token."""

    def __init__(self, private: SignMixin, public: ec.EllipticCurvePublicKey) -> None:
        self._private = private
        self._public = public

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA P-256 signature (SHA-256, DER) over `data`; the token sees the hash alone.

        Raises:
            KeyUnusable: the token refuses, or is gone.
        """
        try:
            raw = self._private.sign(hashlib.sha256(data).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        except pkcs11.PKCS11Error as error:
            raise KeyUnusable(f"the PKCS#11 token does not sign: {_what(error)}") from error
        return utils.encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))


class Pkcs11SigningKeys:
    """The keys of one token, under labels that begin with `prefix`."""

    def __init__(self, module: Path, token: str, pin: str, prefix: str = "mediassist-") -> None:
        """Open the token labelled `token` by the PKCS#11 library `module` (for SoftHSM: libsofthsm2.so).

        Raises:
            KeyUnusable: no such library or token, or the PIN is wrong.
        """
        self._prefix = prefix
        self._where = f"token {token!r} of {module}"
        try:
            self._session = _log_in(pkcs11.lib(str(module)).get_token(token_label=token), pin)
        except pkcs11.NoSuchToken as error:
            raise KeyUnusable(f"there is no {self._where}") from error
        except pkcs11.PinIncorrect as error:
            raise KeyUnusable(f"{self._where} refuses the PIN: a few more wrong ones may lock it") from error
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise KeyUnusable(f"{self._where} does not open: {_what(error)}") from error

    def make(self, name: str) -> Pkcs11SigningKey:
        """Make the key `name` in the token.

        Raises:
            KeyExists: there is one already.
            KeyUnusable: the token refuses.
        """
        label = self._prefix + name
        try:
            if self._found(label, pkcs11.ObjectClass.PRIVATE_KEY):
                raise KeyExists(f"there is a key {label!r} in {self._where} already")
            curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
            self._session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(
                store=True, label=label, id=label.encode(), private_template=_STAYS
            )
        except pkcs11.PKCS11Error as error:
            raise KeyUnusable(f"{self._where} makes no key: {_what(error)}") from error
        return self.open(name)

    def open(self, name: str) -> Pkcs11SigningKey:
        """Return the key `name` of the token.

        Raises:
            KeyMissing: no key of this label.
            KeyUnusable: several of this label, another kind of key, or the token refuses.
        """
        label = self._prefix + name
        try:
            private = self._found(label, pkcs11.ObjectClass.PRIVATE_KEY)
            public = self._found(label, pkcs11.ObjectClass.PUBLIC_KEY)
            if not private or not public:
                raise KeyMissing(f"there is no key {label!r} in {self._where}")
            if len(private) > 1 or len(public) > 1:
                raise KeyUnusable(f"there are several keys {label!r} in {self._where}: remove the wrong one")
            half = serialization.load_der_public_key(encode_ec_public_key(public[0]))
        except (pkcs11.PKCS11Error, ValueError) as error:
            raise KeyUnusable(f"the key {label!r} in {self._where} cannot be used: {_what(error)}") from error
        if not isinstance(half, ec.EllipticCurvePublicKey) or not isinstance(half.curve, ec.SECP256R1):
            raise KeyUnusable(f"the key {label!r} in {self._where} is no ECDSA P-256 key")
        return Pkcs11SigningKey(private[0], half)

    def close(self) -> None:
        """End the session; the last one of a process logs out."""
        self._session.close()

    def _found(self, label: str, kind: pkcs11.ObjectClass) -> list[Any]:
        wanted = {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.CLASS: kind, pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC}
        return list(self._session.get_objects(wanted))


def _log_in(token: Token, pin: str) -> Session:
    """Return a session; a process logs in to a token once, and its further sessions share that, whatever PIN they were given."""
    try:
        return token.open(rw=True, user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        return token.open(rw=True)


def _what(error: Exception) -> str:
    return str(error) or type(error).__name__
