"""Certificates for a fleet, made once and kept in a folder: ten thousand take minutes."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from provisioning import certificates
from provisioning.authority import Authority

_NAMES = UUID("6f1d6c0e-8a43-4f6a-9b1c-7d8f2e4a5b60")
_LEFT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Identities:
    """An authority, and gateways with the file of key, certificate and chain (PEM) each."""

    authority: Authority
    root: Path
    gateways: tuple[tuple[UUID, Path], ...]


def keep(folder: Path, count: int, tell: Callable[[str], None]) -> Identities:
    """Return identities for `count` gateways, those of an earlier run where they are still good."""
    now = datetime.now(UTC)
    names = [uuid5(_NAMES, str(number)) for number in range(count)]
    files = [folder / "gateways" / f"{name.hex}.pem" for name in names]
    if files[0].exists() and x509.load_pem_x509_certificate(files[0].read_bytes()).not_valid_after_utc < now + _LEFT:
        shutil.rmtree(folder)
    (folder / "gateways").mkdir(parents=True, exist_ok=True)
    records = folder / "authority"
    authority = Authority.open(records) if (records / "root.pem").exists() else Authority.make(records, now)
    root = folder / "root.pem"
    root.write_bytes(authority.root)
    lacking = [(name, file) for name, file in zip(names, files, strict=True) if not file.exists()]
    for number, (name, file) in enumerate(lacking):
        if number % 2000 == 0:
            tell(f"certificates: {number} of {len(lacking)} made")
        key = ec.generate_private_key(ec.SECP256R1())
        chain = authority.sign_request(certificates.request(key, name.hex), name.hex, now)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        beside = file.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_bytes(secret + chain)
        beside.rename(file)
    return Identities(authority, root, tuple(zip(names, files, strict=True)))
