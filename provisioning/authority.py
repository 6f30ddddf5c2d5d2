"""The certificate authority: a root that signs issuing authorities, the newest of which signs the broker's, workers' and gateways' certificates.

It signs what `provisioning.certificates` says and no more. What it wrote down is `provisioning.authority_records`'; each line is durable
before what it tells of is handed out: there is no certificate, revocation or rotation that the list does not know. Its keys are
`provisioning.signing_key`'s: encrypted files, or a PKCS#11 token. Several processes may work on one folder.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning import certificates, revocation, secret_files
from provisioning.authority_records import AUDIT, FIRST, ROOT, AuthorityBroken, AuthorityRecords
from provisioning.certificates import certificate_id
from provisioning.durable_list import DurableList, alone
from provisioning.file_signing_keys import FileSigningKeys
from provisioning.revocation import Issued, Revocation, RevocationReason
from provisioning.signing_key import KeyMissing, KeyUnusable, SigningKeys, X509Key, make_or_open

_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_LOCK = "lock"


class NotIssued(Exception):
    """No certificate of this id was given out here."""


@dataclass(frozen=True, slots=True)
class _Signer:
    name: str
    key: X509Key
    certificate: x509.Certificate

    def at(self, now: datetime) -> certificates.Issuer:
        return certificates.Issuer(self.certificate, now, x509.random_serial_number())


class Authority:
    """An authority whose records lie in one folder; `make` or `open` it."""

    def __init__(self, records: AuthorityRecords, keys: SigningKeys, root_keys: SigningKeys) -> None:
        """Open the newest issuing authority's key; the root's stays untouched until it is needed.

        Raises:
            AuthorityBroken: the key is missing, or another one's.
            KeyUnusable: the key cannot be opened.
        """
        self.records = records
        self._keys = keys
        self._root_keys = root_keys
        self._signers: dict[str, _Signer] = {}
        self._signer(records.current)

    @classmethod
    def make(cls, folder: Path, now: datetime, keys: SigningKeys | None = None, root_keys: SigningKeys | None = None) -> Self:
        """Make a new authority in `folder`, its certificates valid from `now` (UTC).

        keys: where the issuing authorities' keys are to live; absent: in `folder`, protected by their files' mode alone.
        root_keys: where the root's key is to live, if elsewhere.

        Raises:
            FileExistsError: there is one already.
            KeyUnusable: a key cannot be made.
        """
        secret_files.make_folder(folder)
        keys = keys or FileSigningKeys(folder, None)
        root_keys = root_keys or keys
        with alone(folder / _LOCK):
            if (folder / f"{ROOT}.pem").exists():
                raise FileExistsError(f"there is an authority in {folder} already")
            root_key, issuing_key = X509Key(make_or_open(root_keys, ROOT)), X509Key(make_or_open(keys, FIRST))
            root = certificates.root(root_key.public_key(), now, x509.random_serial_number()).sign(root_key, hashes.SHA256())
            by_root = certificates.Issuer(root, now, x509.random_serial_number())
            issuing = certificates.issuing(issuing_key.public_key(), by_root).sign(root_key, hashes.SHA256())
            DurableList(folder / AUDIT).append(_line(issuing, certificate_id(root), FIRST, "authority", now))
            secret_files.replace(folder / f"{FIRST}.pem", issuing.public_bytes(_PEM))
            secret_files.write_once(folder / f"{ROOT}.pem", root.public_bytes(_PEM))
        made = cls(AuthorityRecords(folder), keys, root_keys)
        made.revocation_list(now)
        return made

    @classmethod
    def open(cls, folder: Path, keys: SigningKeys | None = None, root_keys: SigningKeys | None = None) -> Self:
        """Open the authority in `folder`; `keys` and `root_keys` as for `make`.

        Raises:
            AuthorityBroken: a file is missing or not what it should be.
            KeyUnusable: the newest issuing authority's key cannot be opened.
        """
        keys = keys or FileSigningKeys(folder, None)
        return cls(AuthorityRecords(folder), keys, root_keys or keys)

    @property
    def root(self) -> bytes:
        """Return the root's certificate (PEM): what everybody trusts."""
        return self.records.root.public_bytes(_PEM)

    def sign_request(self, pem: bytes, name: str, now: datetime, life: timedelta = certificates.GATEWAY_LIFE) -> bytes:
        """Return a client certificate for `name` and the issuing authority's (PEM, in this order) for a request (PEM).

        Raises:
            Refused: by the policy, with its reason; the refusal is on the list too.
            AuthorityBroken: the issuing authority was taken back: rotate first.
        """
        try:
            csr = certificates.check_request(pem, name)
        except certificates.Refused as refused:
            self.records.write({"at": now.isoformat(), "name": name, "refused": refused.reason.value})
            raise
        by = self._current()
        return self._sign(certificates.client(csr, name, by.at(now), life), by, name, "client", now)

    def sign_server(self, key: ec.EllipticCurvePublicKey, hosts: tuple[str, ...], now: datetime) -> bytes:
        """Return a server certificate for `hosts` and the issuing authority's (PEM, in this order).

        Raises:
            AuthorityBroken: the issuing authority was taken back: rotate first.
        """
        by = self._current()
        return self._sign(certificates.server(key, hosts, by.at(now)), by, hosts[0], "server", now)

    def revoke(self, certificate: bytes, reason: RevocationReason, now: datetime) -> Revocation:
        """Take a certificate back for ever: the next revocation list and each status answer tell it.

        certificate: its id (8 bytes), a gateway's, a program's or an issuing authority's. What was taken back before stays as it was.

        Raises:
            NotIssued: no such certificate was given out here.
        """
        with alone(self.records.folder / _LOCK):
            self.records.refresh()
            known = self.records.find(certificate)
            if known is None:
                raise NotIssued(f"no certificate {certificate.hex()} was given out here")
            before = self.records.revocation(certificate)
            if before is not None:
                return before
            revoked = Revocation(known, now, reason)
            self.records.write_revocation(revoked)
        self.records.refresh()
        return revoked

    def revocation_list(self, now: datetime, life: timedelta = revocation.LIST_LIFE) -> bytes:
        """Return signed revocation lists (PEM, one after another): the root's, and of each issuing authority whose certificates still live.

        The root's list lives a year and is signed again when half of that is over, or when it lacks an issuing authority that was taken
        back. Where the root's key is away its last list is given as long as it is whole and valid.

        Raises:
            AuthorityBroken: the root's list must be signed and its key is not here, or a record is broken.
            KeyUnusable: a key cannot be opened.
        """
        with alone(self.records.folder / _LOCK):
            self.records.refresh()
            lists = [self._root_list(now)]
            lists += [self._list(self._signer(name), now, life) for name in self.records.living(now)]
        return b"".join(crl.public_bytes(_PEM) for crl in lists)

    def living(self, now: datetime) -> list[str]:
        """Return the names of the issuing authorities that are needed: the newest, and each that has certificates which have not ended."""
        self.records.refresh()
        return self.records.living(now)

    def status(self, certificate: bytes, now: datetime) -> bytes:
        """Return the signed status (OCSP response, DER, RFC 6960) of the certificate of this id (8 bytes): good or revoked.

        An id that was never given out, an issuing authority's (its root's list tells of it), and one of an issuing authority that is no
        longer needed get the answer "unauthorized".
        """
        self.records.refresh()
        known = self.records.find(certificate)
        issuer = self._issuer(known, now) if known else None
        if known is None or issuer is None:
            return revocation.cannot_answer(readable=True)
        return self._answer(revocation.question_about(known.serial, self.records.issuing[issuer]), issuer, now)

    def answer(self, request: bytes, now: datetime) -> bytes:
        """Return the answer (DER) to an OCSP request (DER): good, revoked or unknown, signed by the issuing authority it asks about.

        Unreadable requests and those about other authorities get the unsigned answers that RFC 6960 has for them.
        """
        self.records.refresh()
        question = revocation.read_question(request)
        if question is None:
            return revocation.cannot_answer(readable=False)
        for name in self.records.living(now):
            if revocation.asks_about(question, self.records.issuing[name]):
                return self._answer(question, name, now)
        return revocation.cannot_answer(readable=True)

    def rotate_issuing(self, now: datetime) -> bytes:
        """Make a new issuing authority under the same root, and sign by it from now on; return its certificate (PEM).

        The one before stays valid, with its list, until its certificates have ended.

        Raises:
            AuthorityBroken: the root's key is not here.
            KeyUnusable: a key cannot be made or opened.
        """
        with alone(self.records.folder / _LOCK):
            self.records.refresh()
            name = self.records.next_name()
            root = self._signer(ROOT)
            key = make_or_open(self._keys, name)
            builder = certificates.issuing(key.public_key, root.at(now), generation=len(self.records.issuing) + 1)
            certificate = builder.sign(root.key, hashes.SHA256())
            self.records.write(_line(certificate, certificate_id(self.records.root), name, "authority", now))
            secret_files.write_once(self.records.path(name, "pem"), certificate.public_bytes(_PEM))
            self._list(root, now, revocation.ROOT_LIST_LIFE)
        self._current()
        return certificate.public_bytes(_PEM)

    def _current(self) -> _Signer:
        """Return the newest issuing authority, another process's rotation included."""
        self.records.refresh()
        signer = self._signer(self.records.current)
        if self.records.revocation(certificate_id(signer.certificate)) is not None:
            raise AuthorityBroken(f"the issuing authority {signer.name} was taken back: rotate, then sign")
        return signer

    def _signer(self, name: str) -> _Signer:
        signer = self._signers.get(name)
        if signer is None:
            certificate = self.records.root if name == ROOT else self.records.issuing[name]
            try:
                key = (self._root_keys if name == ROOT else self._keys).open(name)
            except KeyMissing as error:
                raise AuthorityBroken(f"the authority in {self.records.folder} cannot sign as {name}: {error}") from error
            if certificate.public_key() != key.public_key:
                raise AuthorityBroken(f"the key {name!r} is not the key of {self.records.path(name, 'pem')}")
            signer = _Signer(name, X509Key(key), certificate)
            if name != ROOT:
                self._signers[name] = signer
        return signer

    def _sign(self, builder: x509.CertificateBuilder, by: _Signer, name: str, use: str, now: datetime) -> bytes:
        certificate = builder.sign(by.key, hashes.SHA256())
        self.records.write(_line(certificate, certificate_id(by.certificate), name, use, now))
        return certificate.public_bytes(_PEM) + by.certificate.public_bytes(_PEM)

    def _root_list(self, now: datetime) -> x509.CertificateRevocationList:
        before = self.records.list_of(ROOT)
        whole = before is not None and revocation.lists_all(before, self.records.revocations(), self.records.root, now)
        if before is not None and whole and not revocation.needs_signing(before, now):
            return before
        try:
            signer = self._signer(ROOT)
        except (AuthorityBroken, KeyUnusable):
            if before is not None and whole and (before.next_update_utc or now) > now:
                return before
            raise
        return self._list(signer, now, revocation.ROOT_LIST_LIFE)

    def _list(self, signer: _Signer, now: datetime, life: timedelta) -> x509.CertificateRevocationList:
        before = self.records.list_of(signer.name)
        number = max(int(now.timestamp()), 0 if before is None else revocation.number_of(before) + 1)
        builder = revocation.revocation_list(self.records.revocations(), signer.certificate, number, now, life)
        crl = builder.sign(signer.key, hashes.SHA256())
        self.records.keep_list(signer.name, crl.public_bytes(_PEM))
        return crl

    def _issuer(self, known: Issued, now: datetime) -> str | None:
        living = self.records.living(now)
        return next((name for name in living if certificate_id(self.records.issuing[name]) == known.issuer), None)

    def _answer(self, question: revocation.Question, issuer: str, now: datetime) -> bytes:
        signer = self._signer(issuer)
        known = self.records.find_serial(question.serial)
        taken_back = self.records.revocation(known.id) if known else None
        builder = revocation.answer(question, signer.certificate, known, taken_back, now)
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(_DER)


def _line(certificate: x509.Certificate, issuer: bytes, name: str, use: str, now: datetime) -> dict[str, str]:
    """Return the audit line of a certificate that is about to be handed out."""
    return {
        "at": now.isoformat(),
        "name": name,
        "use": use,
        "certificate": certificate_id(certificate).hex(),
        "serial": f"{certificate.serial_number:x}",
        "issuer": issuer.hex(),
        "until": certificate.not_valid_after_utc.isoformat(),
    }
