"""The ingest key is changed while everything runs: the gateway is ordered to the new one over the real broker, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from deploy.local.site import ROOT
from provisioning import ingest_keys
from tests.support.stack import Stack, eventually, whole_stack


def _epochs_under(stack: Stack, key: bytes) -> int:
    with psycopg.connect(stack.database_url) as connection:
        found = connection.execute("select count(*) from epoch where ingest_key_id = %s", [key]).fetchone()
    assert found is not None
    return int(found[0])


def _ingest_keys(stack: Stack, keys: Path, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "CLOUD_KEYS": str(keys), "CLOUD_DATABASE_URL": stack.site.database.ingest}
    command = [sys.executable, "-m", "mediassist", "ingest-keys", *words]
    return subprocess.run(command, env=settings, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("stack")
def test_a_rotation_reaches_a_running_gateway_and_its_next_epoch_is_sealed_to_the_new_key() -> None:
    with whole_stack(patients=1) as stack:
        stack.stored(10)
        keys = stack.site.cloud.folder / "keys"
        old = ingest_keys.load_private(keys)
        rotated = _ingest_keys(stack, keys, "rotate")
        assert (rotated.returncode, rotated.stderr) == (0, "")
        new = ingest_keys.load_private(keys)
        assert _epochs_under(stack, old.id) >= 1
        known = stack.site.households[0].folder / "ingest" / "public.bin"
        eventually(lambda: known.read_bytes() == new.public.raw, 60, "the gateway takes the new key")
        stack.kill_nine(stack.site.households[0].name)
        eventually(lambda: _epochs_under(stack, new.id) >= 1, 90, "an epoch under the new key is stored")
        refused = _ingest_keys(stack, keys, "retire", old.id.hex())
        assert refused.returncode == 1
        assert "less than 90 days ago" in refused.stderr
        readings, samples = stack.settle()
        assert (readings.lost, readings.duplicated, readings.invented) == (0, 0, 0)
        assert (samples.lost, samples.duplicated, samples.invented) == (0, 0, 0)
