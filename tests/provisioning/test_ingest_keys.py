"""What is sealed to the ingest key is opened by it alone, about the same thing alone, after a restart too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocol.errors import SealBroken
from provisioning import ingest_keys
from provisioning.ingest_keys import NoIngestKey, PrivateKey, Suite

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


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
    with pytest.raises(NoIngestKey, match="not 5"):
        ingest_keys.load_private(tmp_path)
    path.chmod(0o644)
    with pytest.raises(NoIngestKey, match="read by others"):
        ingest_keys.load_private(tmp_path)


def test_after_a_rotation_both_keys_open_and_the_new_one_is_current(tmp_path: Path) -> None:
    old = ingest_keys.generate(tmp_path)
    sealed = old.public.seal(b"secret", b"")
    new = ingest_keys.rotate(tmp_path, NOON)
    current, older = ingest_keys.load_all(tmp_path)
    assert (current.key.id, current.succeeded_at) == (new.id, None) == (ingest_keys.load_private(tmp_path).id, None)
    assert (older.key.id, older.succeeded_at) == (old.id, NOON)
    assert ingest_keys.by_id([current, older])[old.id].open(sealed, b"") == b"secret"
    assert (tmp_path / "ingest.pub").read_bytes() == new.public.raw
    assert older.path.stat().st_mode & 0o777 == 0o600


def test_keys_for_small_firmware_stand_beside_the_hybrid_ones(tmp_path: Path) -> None:
    hybrid = ingest_keys.generate(tmp_path)
    small = ingest_keys.rotate(tmp_path, NOON, Suite.X25519)
    assert {stored.key.id for stored in ingest_keys.load_all(tmp_path)} == {hybrid.id, small.id}
    assert len((tmp_path / "ingest-x25519.pub").read_bytes()) == 32
    ingest_keys.rotate(tmp_path, NOON, Suite.X25519)
    assert ingest_keys.load_private(tmp_path).id == hybrid.id


def test_a_rotation_that_was_killed_half_way_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = ingest_keys.generate(tmp_path)

    def killed(_suite: Suite) -> PrivateKey:
        raise KeyboardInterrupt

    monkeypatch.setattr(PrivateKey, "generate", killed)
    with pytest.raises(KeyboardInterrupt):
        ingest_keys.rotate(tmp_path, NOON)
    monkeypatch.undo()
    assert [stored.key.id for stored in ingest_keys.load_all(tmp_path)] == [old.id]
    ingest_keys.rotate(tmp_path, NOON + timedelta(hours=1))
    _, older = ingest_keys.load_all(tmp_path)
    assert (older.key.id, older.succeeded_at) == (old.id, NOON + timedelta(hours=1))


def test_an_older_key_whose_name_does_not_fit_it_is_named(tmp_path: Path) -> None:
    ingest_keys.generate(tmp_path)
    ingest_keys.rotate(tmp_path, NOON)
    (older,) = (tmp_path / "retiring").glob("*.key")
    renamed = older.rename(older.with_name(f"20260301T120000Z-{'0' * 16}.key"))
    with pytest.raises(NoIngestKey, match="not the one that its name says"):
        ingest_keys.load_all(tmp_path)
    renamed.rename(older.with_name("yesterday-x.key"))
    with pytest.raises(NoIngestKey, match="when it was succeeded"):
        ingest_keys.load_all(tmp_path)


def test_a_key_of_the_other_suite_in_its_place_is_named(tmp_path: Path) -> None:
    ingest_keys.generate(tmp_path, Suite.X25519)
    (tmp_path / "ingest-x25519.key").rename(tmp_path / "ingest.key")
    with pytest.raises(NoIngestKey, match="of x25519, not of mlkem768"):
        ingest_keys.load_private(tmp_path)
    with pytest.raises(NoIngestKey, match="no ingest key"):
        ingest_keys.load_all(tmp_path / "nowhere")
