"""Signing keys in files: PKCS#8 in PEM, mode 0600, encrypted (PBES2: PBKDF2 and AES-256-CBC) by a passphrase that is kept elsewhere.

The format's key derivation is a quick one (2,048 rounds): it protects a random passphrase, not one that a person could remember.
So a passphrase shorter than 32 bytes is refused; `openssl rand -base64 32` makes one.
"""

from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning import secret_files
from provisioning.signing_key import KeyExists, KeyMissing, KeyUnusable

SHORTEST_PASSPHRASE = 32


class FileSigningKey:
    """A signing key that was read from a file."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._key.public_key()

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA P-256 signature (SHA-256, DER) over `data`."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


class FileSigningKeys:
    """The keys `NAME.key` in one folder."""

    def __init__(self, folder: Path, passphrase: bytes | None) -> None:
        """Take the folder and the passphrase of its keys; None: keys protected by their files' mode alone.

        Raises:
            KeyUnusable: the passphrase is too short to be a random one.
        """
        if passphrase is not None and len(passphrase) < SHORTEST_PASSPHRASE:
            raise KeyUnusable(
                f"a passphrase of {len(passphrase)} bytes is too short: take at least {SHORTEST_PASSPHRASE} random ones (openssl rand -base64 32)"
            )
        self._folder = folder
        self._passphrase = passphrase

    def make(self, name: str) -> FileSigningKey:
        """Make the key `name`.

        Raises:
            KeyExists: there is one already.
        """
        secret_files.make_folder(self._folder)
        key = ec.generate_private_key(ec.SECP256R1())
        encryption = serialization.BestAvailableEncryption(self._passphrase) if self._passphrase else serialization.NoEncryption()
        path = self._path(name)
        try:
            secret_files.write_once(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
        except FileExistsError as error:
            raise KeyExists(f"there is a key in {path} already") from error
        return FileSigningKey(key)

    def open(self, name: str) -> FileSigningKey:
        """Open the key `name`.

        Raises:
            KeyMissing: no such file.
            KeyUnusable: readable by others, wrong passphrase, or no ECDSA P-256 key.
        """
        path = self._path(name)
        try:
            if path.stat().st_mode & 0o077:
                raise KeyUnusable(f"{path} may be read by others: set its mode to 0600 and think about who read it")
            key = serialization.load_pem_private_key(path.read_bytes(), self._passphrase)
        except FileNotFoundError as error:
            raise KeyMissing(f"there is no key in {path}") from error
        except TypeError as error:
            wanted = "is not encrypted, yet a passphrase was given" if self._passphrase else "is encrypted: give its passphrase"
            raise KeyUnusable(f"{path} {wanted}") from error
        except ValueError as error:
            raise KeyUnusable(f"{path} does not open: another passphrase, or no private key in PEM") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeyUnusable(f"{path} is no ECDSA P-256 key")
        return FileSigningKey(key)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.key"
