"""A gateway seals to the key that its file holds when an epoch opens."""

from pathlib import Path

import pytest

from edge.gateway.ingest_key_file import IngestKeyFile
from protocol.errors import Malformed
from provisioning.sealing_keys import PrivateKey, Suite


def test_a_new_key_counts_from_the_next_asking(tmp_path: Path) -> None:
    old, new = PrivateKey.generate(), PrivateKey.generate(Suite.X25519)
    path = tmp_path / "public.bin"
    path.write_bytes(old.public.raw)
    file = IngestKeyFile(path)
    assert file.current().id == old.id
    path.write_bytes(new.public.raw)
    assert file.current().id == new.id


def test_a_file_that_is_gone_or_broken_later_does_not_stop_the_gateway(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    path = tmp_path / "public.bin"
    path.write_bytes(key.public.raw)
    file = IngestKeyFile(path)
    path.write_bytes(b"half")
    assert file.current().id == key.id
    path.unlink()
    assert file.current().id == key.id


def test_a_gateway_does_not_start_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        IngestKeyFile(tmp_path / "public.bin")
    (tmp_path / "public.bin").write_bytes(b"half")
    with pytest.raises(Malformed):
        IngestKeyFile(tmp_path / "public.bin")
