"""The gateway's one SQLite file: spool, outbox and what must be known after a restart, in transactions that are on disk when they end."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from provisioning import secret_files

Given = ParamSpec("Given")
Result = TypeVar("Result")

SCHEMA_VERSION = 3
PAGE_BYTES = 1024
"""A transaction writes whole pages: small ones wear a card's flash less. A file that was made with others keeps them."""

_SCHEMA = """
create table spool (
    id integer primary key,
    wearable blob not null,
    session integer,
    sequence integer,
    at integer not null,
    arrived_at integer not null,
    waveform integer not null,
    sealed blob not null
);
create table heard (
    wearable blob primary key,
    session integer not null,
    sequence integer not null,
    clock text not null
) without rowid;
create table watch (
    patient blob primary key,
    upto integer not null,
    memory text not null
) without rowid;
create table said (
    finding blob primary key,
    at integer not null
) without rowid;
create table epoch (
    number integer primary key,
    epoch blob not null unique,
    count integer not null,
    head blob not null,
    receipt_key blob not null,
    over integer not null default 0
);
create table message (
    epoch blob not null,
    counter integer not null,
    class integer not null,
    from_ms integer not null,
    to_ms integer not null,
    bytes blob not null,
    sha256 blob not null,
    state text not null check (state in ('queued', 'held')),
    receipted_at integer,
    primary key (epoch, counter)
);
create index message_by_state on message (state, class);
create table state (
    generation integer not null,
    owes_gone integer not null,
    size integer not null,
    folded_upto integer not null default 0
);
insert into state (generation, owes_gone, size) values (0, 0, 0);
create trigger message_grows after insert on message begin
    update state set size = size + length(new.bytes);
end;
create trigger message_shrinks after delete on message begin
    update state set size = size - length(old.bytes);
end;
"""

_FROM_1 = """
alter table state add column folded_upto integer not null default 0;
update state set folded_upto = coalesce((select max(id) from spool where folded = 1), 0);
drop index spool_by_folded;
alter table spool drop column folded;
"""
_FROM_2 = """
update state set folded_upto = min(folded_upto, coalesce((select max(id) from spool), 0));
update watch set upto = min(upto, coalesce((select max(id) from spool), 0));
"""
"""A program of layout 2 could give ids anew that counted as folded."""
_UPGRADES = {1: _FROM_1 + _FROM_2, 2: _FROM_2}


class DiskError(Exception):
    """The gateway's file cannot be used as it is; the message says why."""


class Disk:
    """One connection to one file; `synchronous=FULL` and WAL, so a transaction that ended is on the disk.

    Not for two threads at once: the line gives it one thread of its own.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it with mode 0600.

        Raises:
            DiskError: not a database, or one that a newer program wrote.
        """
        path.touch(mode=0o600, exist_ok=True)
        self._link = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._link.execute(f"pragma page_size = {PAGE_BYTES}")
            self._link.execute("pragma journal_mode = wal")
            self._link.execute("pragma synchronous = full")
            (version,) = self._link.execute("pragma user_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise DiskError(f"{path.name} is not a gateway's database: {error}") from error
        if version == 0:
            self._link.executescript(f"begin; {_SCHEMA} pragma user_version = {SCHEMA_VERSION}; commit;")
        elif version in _UPGRADES:
            self._link.executescript(f"begin; {_UPGRADES[version]} pragma user_version = {SCHEMA_VERSION}; commit;")
        elif version != SCHEMA_VERSION:
            raise DiskError(f"{path.name} has layout {version}; this program knows {SCHEMA_VERSION}: run the newer program")
        secret_files.sync_folder(path.parent)  # a rollback journal that came back after a power cut would undo everything

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Run one transaction; it is durable when the block has ended, and undone when it raised."""
        self._link.execute("begin immediate")
        try:
            yield self._link
        except BaseException:
            self._link.execute("rollback")
            raise
        try:
            self._link.execute("commit")
        except sqlite3.Error:
            if self._link.in_transaction:
                self._link.execute("rollback")
            raise

    def read(self) -> sqlite3.Connection:
        """Return the connection for a query outside any transaction."""
        return self._link

    def close(self) -> None:
        """Close the file."""
        self._link.close()


class DiskThread:
    """The one thread that may touch the gateway's file, so that no fsync holds up the radio."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "disk")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown()

    def __call__(self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Awaitable[Result]:
        """Run `work` there and return what it returns; jobs run in the order they were given."""
        return asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
