"""What an authority wrote down, readable without any key: its certificates, what it gave out and refused, and what it took back.

On disk: `root.pem`; `issuing.pem`, then `issuing-2.pem` and so on, one a rotation; `issued.jsonl`, the audit list, one line for each
certificate given or refused, revocation and rotation; `revoked.jsonl`; the newest revocation list of each authority, `NAME.crl`.
"""

import threading
from datetime import datetime
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from provisioning import revocation, secret_files
from provisioning.certificates import certificate_id
from provisioning.durable_list import DurableList, ListBroken
from provisioning.revocation import Issued, Revocation, RevocationReason

ROOT, FIRST = "root", "issuing"
AUDIT, REVOKED = "issued.jsonl", "revoked.jsonl"


class AuthorityBroken(Exception):
    """The authority's files are not what they should be: the message says which."""


class AuthorityRecords:
    """The records in one folder; they follow what other processes append."""

    def __init__(self, folder: Path) -> None:
        """Read the certificates in `folder`.

        Raises:
            AuthorityBroken: a file is missing or not what it should be.
        """
        self.folder = folder
        self.root = self._certificate(ROOT)
        self.issuing: dict[str, x509.Certificate] = {FIRST: self._certificate(FIRST)}
        self.current = FIRST
        """Name of the issuing authority that signs now: the newest."""
        self._audit = DurableList(folder / AUDIT)
        self._taken_back = DurableList(folder / REVOKED)
        self._issued: dict[bytes, Issued] = {}
        self._by_serial: dict[int, Issued] = {}
        self._last_end: dict[bytes, datetime] = {}
        self._revoked: dict[bytes, Revocation] = {}
        self._reading = threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Take in what was written since: rotations, certificates, revocations.

        Raises:
            AuthorityBroken: a file cannot be read.
        """
        with self._reading:
            self._read_certificates()
            try:
                self._read_lists()
            except (ListBroken, KeyError, ValueError) as error:
                raise AuthorityBroken(f"the lists of the authority in {self.folder} cannot be read: {error}") from error

    def _read_certificates(self) -> None:
        for number in count(len(self.issuing) + 1):
            name = f"{FIRST}-{number}"
            if not self.path(name, "pem").exists():
                break
            self.issuing[name] = self._certificate(name)
            self.current = name
        for certificate in self.issuing.values():
            self._know(_authority(certificate, self.root))

    def _read_lists(self) -> None:
        for line in self._audit.new():
            if "serial" in line:
                self._know(self._issued_line(line))
            elif known := self.find(bytes.fromhex(line.get("revoked", ""))):
                self._take_back(known, line)
        for line in self._taken_back.new():
            self._take_back(self._issued_line(line), line)

    def _know(self, issued: Issued) -> None:
        self._issued.setdefault(issued.id, issued)
        self._last_end[issued.issuer] = max(issued.until, self._last_end.get(issued.issuer, issued.until))
        self._by_serial.setdefault(issued.serial, issued)

    def _take_back(self, known: Issued, line: dict[str, str]) -> None:
        revoked = Revocation(known, datetime.fromisoformat(line["at"]), RevocationReason(line["reason"]))
        self._revoked.setdefault(known.id, revoked)

    def _issued_line(self, line: dict[str, str]) -> Issued:
        issuer = bytes.fromhex(line["issuer"]) if "issuer" in line else certificate_id(self.issuing[FIRST])
        until = datetime.fromisoformat(line["until"])
        return Issued(bytes.fromhex(line["certificate"]), issuer, int(line["serial"], 16), line["name"], until)

    def path(self, name: str, kind: str) -> Path:
        """Return where the authority `name` keeps its `pem` or `crl`."""
        return self.folder / f"{name}.{kind}"

    def next_name(self) -> str:
        """Return the name of the issuing authority after the newest."""
        return f"{FIRST}-{len(self.issuing) + 1}"

    def issued(self) -> list[Issued]:
        """Return every certificate given out, the issuing authorities' own among them."""
        return list(self._issued.values())

    def find(self, certificate: bytes) -> Issued | None:
        """Return the certificate of this id (8 bytes), if it was given out here."""
        return self._issued.get(certificate)

    def find_serial(self, serial: int) -> Issued | None:
        """Return the certificate of this serial number, if it was given out here."""
        return self._by_serial.get(serial)

    def of_name(self, name: str, now: datetime) -> list[Issued]:
        """Return the certificates of a gateway or worker that have not ended and were not taken back."""
        return [known for known in self._issued.values() if known.name == name and known.until > now and known.id not in self._revoked]

    def revocations(self) -> list[Revocation]:
        """Return every revocation, the oldest first."""
        return list(self._revoked.values())

    def revocation(self, certificate: bytes) -> Revocation | None:
        """Return when and why the certificate of this id was taken back, if it was."""
        return self._revoked.get(certificate)

    def last_end(self, issuer: bytes) -> datetime | None:
        """Return when the last certificate of this issuer ends, if it gave any."""
        return self._last_end.get(issuer)

    def living(self, now: datetime) -> list[str]:
        """Return the names of the issuing authorities that are needed: the newest, and each that has certificates which have not ended."""
        ends = {name: self.last_end(certificate_id(issuer)) for name, issuer in self.issuing.items()}
        return [name for name, end in ends.items() if name == self.current or (end is not None and end > now)]

    def lists_due(self, now: datetime) -> list[str]:
        """Return the names of the authorities whose revocation list must be signed: none yet, half its life over, or one revoked not on it."""
        return [name for name in (ROOT, *self.living(now)) if self._due(self.list_of(name), name, now)]

    def _due(self, crl: x509.CertificateRevocationList | None, name: str, now: datetime) -> bool:
        if crl is None or revocation.needs_signing(crl, now):
            return True
        return not revocation.lists_all(crl, self._revoked.values(), self.root if name == ROOT else self.issuing[name], now)

    def kept_lists(self, now: datetime) -> bytes:
        """Return the newest revocation lists (PEM, one after another) of the root and each living issuing authority."""
        kept = [self.list_of(name) for name in (ROOT, *self.living(now))]
        return b"".join(crl.public_bytes(serialization.Encoding.PEM) for crl in kept if crl is not None)

    def list_of(self, name: str) -> x509.CertificateRevocationList | None:
        """Return the newest revocation list of the authority `name`, if it signed one.

        Raises:
            AuthorityBroken: the file is no revocation list.
        """
        path = self.path(name, "crl")
        try:
            return x509.load_pem_x509_crl(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise AuthorityBroken(f"{path} is no revocation list in PEM: remove it, the next one is numbered by the clock") from error

    def keep_list(self, name: str, pem: bytes) -> None:
        """Keep the newest revocation list of the authority `name`."""
        secret_files.replace(self.path(name, "crl"), pem)

    def write(self, line: dict[str, str]) -> None:
        """Append to the audit list, durable before this returns."""
        self._audit.append(line)

    def write_revocation(self, revoked: Revocation) -> None:
        """Append to the audit list, then to the list of revocations, both durable before this returns; either alone suffices to know it."""
        known = revoked.certificate
        line = {"at": revoked.at.isoformat(), "name": known.name, "reason": revoked.reason.value}
        self.write({**line, "revoked": known.id.hex()})
        told = {
            "certificate": known.id.hex(),
            "issuer": known.issuer.hex(),
            "serial": f"{known.serial:x}",
            "until": known.until.isoformat(),
        }
        self._taken_back.append({**line, **told})

    def _certificate(self, name: str) -> x509.Certificate:
        path = self.path(name, "pem")
        try:
            return x509.load_pem_x509_certificate(path.read_bytes())
        except FileNotFoundError as error:
            raise AuthorityBroken(f"there is no authority in {self.folder}: {path.name} is missing") from error
        except ValueError as error:
            raise AuthorityBroken(f"{path} is no certificate in PEM") from error


def _authority(certificate: x509.Certificate, root: x509.Certificate) -> Issued:
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    until = certificate.not_valid_after_utc
    return Issued(certificate_id(certificate), certificate_id(root), certificate.serial_number, str(name), until)
