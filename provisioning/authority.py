"""The certificate authority: a root that signs one issuing authority, which signs the broker's, workers' and gateways' certificates.

On disk: `root.key`, `root.pem`, `issuing.key`, `issuing.pem` and `issued.jsonl`, one line for each certificate given or refused. The line is
durable before the certificate is handed out: there is no certificate that the list does not know.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning import certificates, secret_files

_PEM = serialization.Encoding.PEM


class AuthorityBroken(Exception):
    """The authority's files are not what they should be: the message says which."""


@dataclass(frozen=True, slots=True)
class _Signer:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def at(self, now: datetime) -> certificates.Issuer:
        return certificates.Issuer(self.certificate, now, x509.random_serial_number())


class Authority:
    """An authority whose keys lie in one folder; `make` or `open` it."""

    def __init__(self, folder: Path, root: x509.Certificate, issuing: _Signer) -> None:
        self._list = folder / "issued.jsonl"
        self._root = root
        self._issuing = issuing

    @classmethod
    def make(cls, folder: Path, now: datetime) -> Self:
        """Make a new authority in `folder`, its certificates valid from `now` (UTC).

        Raises:
            FileExistsError: there is one already.
        """
        secret_files.make_folder(folder)
        root_key, issuing_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = certificates.root(root_key.public_key(), now, x509.random_serial_number()).sign(root_key, hashes.SHA256())
        by_root = _Signer(root_key, root).at(now)
        issuing = certificates.issuing(issuing_key.public_key(), by_root).sign(root_key, hashes.SHA256())
        for name, key, certificate in (("root", root_key, root), ("issuing", issuing_key, issuing)):
            secret_files.write_once(folder / f"{name}.key", _key_pem(key))
            secret_files.write_once(folder / f"{name}.pem", certificate.public_bytes(_PEM))
        return cls(folder, root, _Signer(issuing_key, issuing))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the authority in `folder`; the root's key stays untouched.

        Raises:
            AuthorityBroken: a file is missing or not what it should be.
        """
        try:
            key = serialization.load_pem_private_key((folder / "issuing.key").read_bytes(), None)
            issuing = x509.load_pem_x509_certificate((folder / "issuing.pem").read_bytes())
            root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        except (FileNotFoundError, ValueError) as error:
            raise AuthorityBroken(f"the authority in {folder} cannot be opened: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or issuing.public_key() != key.public_key():
            raise AuthorityBroken(f"{folder}/issuing.key is not the key of issuing.pem")
        return cls(folder, root, _Signer(key, issuing))

    @property
    def root(self) -> bytes:
        """Return the root's certificate (PEM): what everybody trusts."""
        return self._root.public_bytes(_PEM)

    @property
    def issuers(self) -> tuple[x509.Certificate, ...]:
        """Return the certificates whose keys sign certificates and revocation lists."""
        return (self._issuing.certificate,)

    def sign_request(self, pem: bytes, name: str, now: datetime, life: timedelta = certificates.GATEWAY_LIFE) -> bytes:
        """Return a client certificate for `name` and the issuing authority's (PEM, in this order) for a request (PEM).

        Raises:
            Refused: by the policy, with its reason; the refusal is on the list too.
        """
        try:
            csr = certificates.check_request(pem, name)
        except certificates.Refused as refused:
            self._write({"at": now.isoformat(), "name": name, "refused": refused.reason.value})
            raise
        return self._sign(certificates.client(csr, name, self._issuing.at(now), life), name, "client", now)

    def sign_server(self, key: ec.EllipticCurvePublicKey, hosts: tuple[str, ...], now: datetime) -> bytes:
        """Return a server certificate for `hosts` and the issuing authority's (PEM, in this order)."""
        return self._sign(certificates.server(key, hosts, self._issuing.at(now)), hosts[0], "server", now)

    def _sign(self, builder: x509.CertificateBuilder, name: str, use: str, now: datetime) -> bytes:
        certificate = builder.sign(self._issuing.key, hashes.SHA256())
        self._write(
            {
                "at": now.isoformat(),
                "name": name,
                "use": use,
                "certificate": certificates.certificate_id(certificate).hex(),
                "serial": f"{certificate.serial_number:x}",
                "until": certificate.not_valid_after_utc.isoformat(),
            }
        )
        return certificate.public_bytes(_PEM) + self._issuing.certificate.public_bytes(_PEM)

    def _write(self, line: dict[str, str]) -> None:
        with os.fdopen(os.open(self._list, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
