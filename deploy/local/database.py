"""The demonstration's database: the embedded server, or one of the person's own (`MEDIASSIST_DATABASE_URL`), with our tables in it."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from psycopg.conninfo import make_conninfo

from cloud import migrate
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.processes import Supervisor
from provisioning import secret_files

APP, INGEST, WATCH = "mediassist_app", "mediassist_ingest", "mediassist_watch"


@dataclass(frozen=True, slots=True)
class Database:
    """Where each party connects. owner: a superuser, or one who may become mediassist_owner."""

    owner: str
    app: str
    ingest: str
    watch: str
    embedded: EmbeddedPostgres | None

    def forget(self) -> None:
        """Remove what the embedded server left outside the state folder."""
        if self.embedded:
            self.embedded.forget()


def open_database(state: Path, url: str | None, processes: Supervisor) -> Database:
    """Start the embedded server, unless `url` names another; bring its tables to this version.

    Raises:
        MayNotEnter, ProcessFailed: the embedded server cannot run here.
        MigrationRefused, psycopg.Error: the other server is away, or is not ours to change.
    """
    passwords = _passwords(state / "cloud" / "passwords.json")
    if url:
        database = Database(
            url,
            make_conninfo(url, user=APP, password=passwords[APP]),
            make_conninfo(url, user=INGEST, password=passwords[INGEST]),
            make_conninfo(url, user=WATCH, password=passwords[WATCH]),
            None,
        )
    else:
        embedded = EmbeddedPostgres(state / "postgres")
        embedded.prepare()
        processes.start(embedded.program, seconds=60)
        database = Database(embedded.url, embedded.url_as(APP), embedded.url_as(INGEST), embedded.url_as(WATCH), embedded)
    migrate.migrate(
        database.owner, datetime.now(UTC), app_password=passwords[APP], ingest_password=passwords[INGEST], watch_password=passwords[WATCH]
    )
    return database


def _passwords(path: Path) -> Mapping[str, str]:
    known = cast("dict[str, str]", json.loads(path.read_text())) if path.exists() else {}
    if missing := {role: secrets.token_urlsafe(24) for role in (APP, INGEST, WATCH) if role not in known}:
        secret_files.make_folder(path.parent)
        known |= missing
        secret_files.replace(path, json.dumps(known).encode())
    return known
