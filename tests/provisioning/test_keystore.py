"""The device key signs and wraps, and stays in its file."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.errors import SealBroken
from provisioning.keystore import FileKeystore, KeystoreError


@pytest.fixture
def keystore(tmp_path: Path) -> FileKeystore:
    return FileKeystore.make(tmp_path / "identity")


def test_a_signature_is_checked_with_the_public_key(keystore: FileKeystore) -> None:
    signature = keystore.sign(b"opening")
    keystore.public_key.verify(signature, b"opening", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        keystore.public_key.verify(signature, b"another opening", ec.ECDSA(hashes.SHA256()))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain=st.binary(max_size=64), about=st.binary(max_size=16))
def test_what_is_wrapped_unwraps_after_a_restart(keystore: FileKeystore, plain: bytes, about: bytes) -> None:
    sealed = keystore.wrap(plain, about)
    assert FileKeystore.open(keystore.folder).unwrap(sealed, about) == plain
    assert keystore.wrap(plain, about) != sealed


def test_it_unwraps_nothing_said_about_something_else(keystore: FileKeystore) -> None:
    with pytest.raises(SealBroken):
        keystore.unwrap(keystore.wrap(b"reading", b"1"), b"2")


def test_another_device_unwraps_nothing(keystore: FileKeystore, tmp_path: Path) -> None:
    with pytest.raises(SealBroken):
        FileKeystore.make(tmp_path / "other").unwrap(keystore.wrap(b"reading", b"1"), b"1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_any_bytes_are_a_broken_seal(keystore: FileKeystore, junk: bytes) -> None:
    with pytest.raises(SealBroken):
        keystore.unwrap(junk, b"")


def test_the_key_file_is_its_owner_s_alone(keystore: FileKeystore) -> None:
    path = keystore.folder / "key.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(KeystoreError, match="read by others"):
        FileKeystore.open(keystore.folder)


def test_a_key_is_never_made_over_another(keystore: FileKeystore) -> None:
    before = (keystore.folder / "key.pem").read_bytes()
    with pytest.raises(FileExistsError):
        FileKeystore.make(keystore.folder)
    assert (keystore.folder / "key.pem").read_bytes() == before
    assert [path.name for path in keystore.folder.iterdir()] == ["key.pem"]


def test_a_device_that_is_not_enrolled_says_so(keystore: FileKeystore, tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="enrol"):
        _ = keystore.certificate_id
    with pytest.raises(KeystoreError, match="enrol"):
        FileKeystore.open(tmp_path / "nowhere")


def test_junk_in_the_key_file_is_named(keystore: FileKeystore) -> None:
    (keystore.folder / "key.pem").write_bytes(b"junk")
    with pytest.raises(KeystoreError, match="no private key"):
        FileKeystore.open(keystore.folder)
