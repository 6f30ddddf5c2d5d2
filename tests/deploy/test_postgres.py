"""The embedded PostgreSQL starts where it is put and leaves nothing."""

import os
import shutil
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.local import postgres, unprivileged

AS_ROOT = os.geteuid() == 0


def test_it_starts_on_a_unix_socket_and_leaves_nothing() -> None:
    with postgres.temporary() as url, psycopg.connect(url) as connection:
        row = connection.execute("select current_user, current_setting('listen_addresses'), current_setting('data_directory')").fetchone()
        assert row is not None
        assert row[:2] == ("postgres", "")
        cluster = Path(row[2])
        assert [process for process in psutil.process_iter(["cmdline"]) if str(cluster) in (process.info["cmdline"] or [])]
    assert not cluster.parent.parent.exists()
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(cluster) in (process.info["cmdline"] or [])]


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    server = postgres.EmbeddedPostgres(tmp_path / ("long" * 30) / "postgres")
    assert len(str(server.sockets)) < 80
    short = server.sockets
    server.forget()
    assert not short.exists()


@pytest.mark.skipif(not AS_ROOT, reason="no root here: only root changes to another user")
def test_a_folder_closed_to_the_server_is_named_where_it_cannot_be_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(unprivileged.MayNotEnter, match="may not enter"):
        postgres.EmbeddedPostgres(closed / "postgres").prepare()
