"""What is sealed to the ingest key is opened by it alone, about the same thing alone, after a restart too."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.errors import Malformed, SealBroken
from provisioning import ingest_keys
from provisioning.ingest_keys import NoIngestKey, PrivateKey


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def key(folder: Path) -> PrivateKey:
    return ingest_keys.generate(folder)


def test_an_epoch_s_secret_travels_to_the_stored_key(key: PrivateKey, folder: Path) -> None:
    gateway_s = ingest_keys.load_public(ingest_keys.public_bytes(key))
    sealed = gateway_s.seal(b"s" * 32, b"epoch 1")
    assert len(sealed) == 1168
    assert ingest_keys.load_private(folder).open(sealed, b"epoch 1") == b"s" * 32
    assert gateway_s.id == key.id == ingest_keys.load_private(folder).id
    assert len(key.id) == 8
    assert (folder / "ingest.pub").read_bytes() == ingest_keys.public_bytes(gateway_s)


def test_it_opens_nothing_bound_to_something_else(key: PrivateKey) -> None:
    with pytest.raises(SealBroken):
        key.open(key.public.seal(b"secret", b"epoch 1"), b"epoch 2")


def test_another_key_opens_nothing(key: PrivateKey, tmp_path: Path) -> None:
    with pytest.raises(SealBroken):
        ingest_keys.generate(tmp_path).open(key.public.seal(b"secret", b""), b"")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=1300))
def test_any_bytes_are_a_broken_seal(key: PrivateKey, junk: bytes) -> None:
    with pytest.raises(SealBroken):
        key.open(junk, b"")


@given(st.binary(max_size=1300))
def test_any_bytes_are_no_public_key(junk: bytes) -> None:
    with pytest.raises(Malformed):
        ingest_keys.load_public(junk)


def test_the_key_file_is_its_owner_s_alone_and_is_never_overwritten(key: PrivateKey, folder: Path) -> None:
    assert (folder / "ingest.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        ingest_keys.generate(folder)
    assert ingest_keys.load_private(folder).id == key.id


def test_a_missing_open_or_short_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoIngestKey, match="no ingest key"):
        ingest_keys.load_private(tmp_path)
    path = tmp_path / "ingest.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(NoIngestKey, match="5 bytes"):
        ingest_keys.load_private(tmp_path)
    path.chmod(0o644)
    with pytest.raises(NoIngestKey, match="read by others"):
        ingest_keys.load_private(tmp_path)
