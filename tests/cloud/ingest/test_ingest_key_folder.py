"""A worker learns new ingest keys, and forgets destroyed ones, while it runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.ingest.ingest_key_folder import KEEP_SECONDS, IngestKeyFolder
from provisioning import ingest_keys
from provisioning.ingest_keys import NoIngestKey

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_rotation_and_a_retirement_are_seen_within_ten_seconds(tmp_path: Path) -> None:
    seconds = [0.0]
    old = ingest_keys.generate(tmp_path)
    keys = IngestKeyFolder(tmp_path, lambda: seconds[0])
    new = ingest_keys.rotate(tmp_path, NOW)
    assert keys.get(new.id) is None
    seconds[0] += KEEP_SECONDS + 0.1
    assert {found.id for found in (keys.get(new.id), keys.get(old.id)) if found} == {new.id, old.id}
    ingest_keys.destroy(ingest_keys.load_all(tmp_path)[1])
    seconds[0] += KEEP_SECONDS + 0.1
    assert keys.get(old.id) is None


def test_a_folder_that_cannot_be_read_any_more_leaves_the_keys_in_use(tmp_path: Path) -> None:
    seconds = [0.0]
    key = ingest_keys.generate(tmp_path)
    keys = IngestKeyFolder(tmp_path, lambda: seconds[0])
    (tmp_path / "ingest.key").chmod(0o644)
    seconds[0] += KEEP_SECONDS + 0.1
    assert keys.get(key.id) is not None


def test_a_worker_does_not_start_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(NoIngestKey):
        IngestKeyFolder(tmp_path)
