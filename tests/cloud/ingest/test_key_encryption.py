"""Wrapped secrets open under the same key about the same thing, and nowhere else."""

from pathlib import Path

import pytest

from cloud.ingest.key_encryption import KeyEncryption, make_key, open_key
from protocol.errors import SealBroken


def test_a_wrapped_secret_comes_back_and_nothing_else_opens_it(tmp_path: Path) -> None:
    make_key(tmp_path, b"k" * 32)
    wrapped = open_key(tmp_path).wrap(b"secret", b"epoch 1", b"n" * 12)
    assert open_key(tmp_path).unwrap(wrapped, b"epoch 1") == b"secret"
    for key, about, data in ((b"k", b"epoch 2", wrapped), (b"j", b"epoch 1", wrapped), (b"k", b"epoch 1", wrapped[:5])):
        with pytest.raises(SealBroken):
            KeyEncryption(key * 32).unwrap(data, about)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path, b"k" * 32)
    with pytest.raises(FileExistsError):
        make_key(tmp_path, b"j" * 32)
    (tmp_path / "kek.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="32"):
        open_key(tmp_path)
