"""The cloud's way to PostgreSQL: a pool, transactions that see one organisation, and what the server can do."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import LiteralString, Self, cast

from psycopg import AsyncConnection, Error, OperationalError, sql
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[TupleRow]

Away = OperationalError
"""The server is away, stopping, or chose this transaction as a deadlock's victim: the same work may succeed later."""

Rejected = Error
"""Any answer of the server but a result; when it is no `Away`, the same work fails again."""

Forbidden = InsufficientPrivilege
"""The role, or a policy of row-level security, does not allow it."""

RECONNECT_SECONDS = 2.0
"""After an outage the pool tries again by itself, ever more rarely, so long; then at each new wish for a connection. By default it would
still be waiting many seconds after the server has come back."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the server is. server: "postgresql 18.6". timescaledb: the extension is created in this database."""

    server: str
    timescaledb: bool


class Database:
    """A pool of connections under one role, opened with `async with`.

    url: libpq address of a role that row-level security binds (mediassist_app, mediassist_ingest). Every transaction is
    READ COMMITTED and UTC.
    """

    def __init__(self, url: str, *, connections: int = 8, wait_seconds: float = 10.0) -> None:
        self._url = url
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            timeout=wait_seconds,
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs={"options": "-c timezone=UTC", "application_name": "mediassist"},
            check=AsyncConnectionPool[Connection].check_connection,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, organisation: int | None) -> AsyncGenerator[Connection]:
        """Run one transaction that sees `organisation` only; with None it sees no organisation's rows.

        Commits at the end, rolls back when the block raises.

        Raises:
            psycopg.OperationalError: the server is away, takes no changes, or no connection came free in time.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                if organisation is not None:
                    await enter_organisation(connection, organisation)
                yield connection
        except ReadOnlySqlTransaction as error:
            raise Away("the server is still in recovery, or a standby: it takes nothing yet") from error

    async def announcements(self, channel: str) -> AsyncGenerator[str | None]:
        """Listen on `channel` over a connection of its own: None once it listens, then each announcement's text.

        Raises:
            Away: the server is away, or went away: what is announced meanwhile is not heard.
        """
        async with single_connection(self._url) as connection:
            await connection.execute(naming("listen {}", channel))
            yield None
            async for notify in connection.notifies():
                yield notify.payload

    async def capabilities(self) -> Capabilities:
        """Ask the server what it is."""
        async with self.transaction(None) as connection:
            return await capabilities(connection)


@asynccontextmanager
async def single_connection(url: str) -> AsyncGenerator[Connection]:
    """Open one connection outside of any pool, as a command needs it; each statement commits by itself.

    Raises:
        Away: the server is away, or lets nobody in by this address.
    """
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


def naming(statement: LiteralString, *names: str) -> sql.Composed:
    """Return a statement whose {} are filled by quoted names of roles or tables."""
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))


def as_statement(text: str) -> sql.SQL:
    """Return a file of this distribution as a statement; never anything that came from outside."""
    return sql.SQL(cast("LiteralString", text))


async def set_password(connection: Connection, role: str, password: str) -> None:
    """Give a role a password, of which only the SCRAM verifier is sent."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    await connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier)))


async def enter_organisation(connection: Connection, organisation: int) -> None:
    """Let the rest of this transaction see `organisation`."""
    await connection.execute("select set_config('mediassist.organisation', %s, true)", [str(organisation)])


async def capabilities(connection: Connection) -> Capabilities:
    """Ask the server behind `connection` what it is."""
    version = await value_of(connection, "select current_setting('server_version')")
    timescaledb = await value_of(connection, "select exists (select from pg_extension where extname = 'timescaledb')")
    return Capabilities(f"postgresql {str(version).split(' ', maxsplit=1)[0]}", bool(timescaledb))


async def value_of(connection: Connection, query: LiteralString, values: Sequence[object] | None = None) -> object:
    """Return the single value of a query that always has one."""
    row = await (await connection.execute(query, values)).fetchone()
    if row is None:
        raise LookupError(f"no row from: {query}")
    value: object = row[0]
    return value
