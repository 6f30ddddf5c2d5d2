"""Both sides of an OSCORE context fit each other, and none is like another."""

import json
from pathlib import Path

import pytest

from provisioning import oscore_context


def test_the_sides_share_a_secret_and_call_each_other_by_the_same_names() -> None:
    gateway, sensor = (json.loads(side) for side in oscore_context.new_pair())
    assert gateway["secret_hex"] == sensor["secret_hex"]
    assert gateway["salt_hex"] == sensor["salt_hex"]
    assert len(bytes.fromhex(gateway["secret_hex"])) == 16
    assert (gateway["sender-id_hex"], gateway["recipient-id_hex"]) == (sensor["recipient-id_hex"], sensor["sender-id_hex"])
    assert gateway["sender-id_hex"] != sensor["sender-id_hex"]


def test_no_two_pairs_share_anything_secret() -> None:
    pairs = [json.loads(oscore_context.new_pair()[0]) for _ in range(50)]
    assert len({pair["secret_hex"] for pair in pairs}) == 50


def test_a_context_is_written_once_for_its_owner_alone(tmp_path: Path) -> None:
    oscore_context.write(tmp_path / "context", b"{}")
    assert (tmp_path / "context" / "settings.json").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        oscore_context.write(tmp_path / "context", b"other")
    assert (tmp_path / "context" / "settings.json").read_bytes() == b"{}"
