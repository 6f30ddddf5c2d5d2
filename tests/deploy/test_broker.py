"""The broker keeps its identity from run to run, and it is its own user's alone."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.broker import Broker, ends_before
from deploy.local.system_programs import ProgramMissing
from provisioning.authority import Authority
from tests.support.broker import CACHE


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def test_a_second_preparation_keeps_identity_and_port(folder: Path) -> None:
    authority = Authority.make(folder / "authority", datetime.now(UTC))
    try:
        broker = Broker(folder / "broker", CACHE)
    except ProgramMissing as missing:
        pytest.skip(str(missing))
    broker.prepare(authority, ("ingest-1",))
    certificate = folder / "broker" / "identity" / "cert.pem"
    before = certificate.read_bytes()
    again = Broker(folder / "broker", CACHE)
    again.prepare(authority, ("ingest-1",))
    assert (again.port, certificate.read_bytes()) == (broker.port, before)
    assert (folder / "broker" / "identity" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert not ends_before(certificate, datetime.now(UTC))
    assert ends_before(certificate, datetime.now(UTC) + timedelta(days=91))
    assert ends_before(folder / "nothing", datetime.now(UTC))
