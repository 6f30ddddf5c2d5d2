"""A key file opens for its owner and passphrase, and for nobody else."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning.file_signing_keys import FileSigningKeys
from provisioning.signing_key import KeyUnusable

PASSPHRASE = b"a passphrase of 32 random bytes!"


def test_what_lies_on_the_disk_is_encrypted(tmp_path: Path) -> None:
    FileSigningKeys(tmp_path, PASSPHRASE).make("root")
    path = tmp_path / "root.key"
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_passphrase_or_none_opens_nothing(tmp_path: Path) -> None:
    FileSigningKeys(tmp_path, PASSPHRASE).make("root")
    with pytest.raises(KeyUnusable, match="another passphrase"):
        FileSigningKeys(tmp_path, PASSPHRASE[::-1]).open("root")
    with pytest.raises(KeyUnusable, match="give its passphrase"):
        FileSigningKeys(tmp_path, None).open("root")


def test_a_passphrase_for_a_bare_key_is_refused(tmp_path: Path) -> None:
    FileSigningKeys(tmp_path, None).make("root")
    with pytest.raises(KeyUnusable, match="not encrypted"):
        FileSigningKeys(tmp_path, PASSPHRASE).open("root")


def test_a_passphrase_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="too short"):
        FileSigningKeys(tmp_path, b"correct horse")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    FileSigningKeys(tmp_path, PASSPHRASE).make("root")
    (tmp_path / "root.key").chmod(0o640)
    with pytest.raises(KeyUnusable, match="0600"):
        FileSigningKeys(tmp_path, PASSPHRASE).open("root")


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    pem = other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "root.key").write_bytes(pem)
    (tmp_path / "root.key").chmod(0o600)
    with pytest.raises(KeyUnusable, match="P-256"):
        FileSigningKeys(tmp_path, None).open("root")


def test_openssl_opens_it_by_the_same_passphrase(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    FileSigningKeys(tmp_path, PASSPHRASE).make("root")
    opened = subprocess.run(
        ["openssl", "pkey", "-in", str(tmp_path / "root.key"), "-passin", "stdin", "-noout", "-text"],
        input=PASSPHRASE,
        capture_output=True,
        check=True,
    )
    assert b"prime256v1" in opened.stdout
