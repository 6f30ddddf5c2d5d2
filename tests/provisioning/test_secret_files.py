"""Secrets are written whole, for their owner alone, and never over one another by accident."""

from pathlib import Path

import pytest

from provisioning import secret_files


def test_a_secret_is_written_once(tmp_path: Path) -> None:
    secret_files.write_once(tmp_path / "secret", b"first")
    with pytest.raises(FileExistsError):
        secret_files.write_once(tmp_path / "secret", b"second")
    assert (tmp_path / "secret").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_replaced_secret_keeps_its_mode(tmp_path: Path) -> None:
    secret_files.write_once(tmp_path / "secret", b"first")
    secret_files.replace(tmp_path / "secret", b"second")
    assert (tmp_path / "secret").read_bytes() == b"second"
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_folder_for_secrets_is_its_owner_s_alone(tmp_path: Path) -> None:
    assert secret_files.make_folder(tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_what_is_published_is_for_all_to_read(tmp_path: Path) -> None:
    secret_files.publish(tmp_path / "lists", b"first")
    secret_files.publish(tmp_path / "lists", b"second")
    assert (tmp_path / "lists").read_bytes() == b"second"
    assert (tmp_path / "lists").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["lists"]
