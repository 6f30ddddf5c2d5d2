"""SQL of organisations, accounts and sessions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.access.account import Account, Organisation, Role
from cloud.database import Connection, Forbidden


@dataclass(frozen=True, slots=True)
class SignInRow:
    """What is known about an e-mail address before anyone has signed in."""

    id: UUID
    organisation_id: int
    password_hash: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that is open at the moment asked for."""

    account_id: UUID
    organisation_id: int
    used_at: datetime


async def account_to_sign_in(connection: Connection, email: str) -> SignInRow | None:
    """Find an account by e-mail address, in any organisation."""
    async with connection.cursor(row_factory=class_row(SignInRow)) as cursor:
        await cursor.execute("select id, organisation_id, password_hash from account_to_sign_in(%s)", [email])
        return await cursor.fetchone()


async def open_session(connection: Connection, token_sha256: bytes, used_since: datetime, now: datetime) -> SessionRow | None:
    """Find a session, in any organisation, that has not expired and was used since."""
    async with connection.cursor(row_factory=class_row(SessionRow)) as cursor:
        await cursor.execute("select account_id, organisation_id, used_at from open_session(%s, %s, %s)", [token_sha256, used_since, now])
        return await cursor.fetchone()


async def add_session(connection: Connection, token_sha256: bytes, row: SignInRow, now: datetime, expires_at: datetime) -> None:
    """Begin a session; the account's expired ones go."""
    await connection.execute("delete from session where account_id = %s and expires_at <= %s", [row.id, now])
    await connection.execute(
        """insert into session (token_sha256, account_id, organisation_id, made_at, used_at, expires_at)
           values (%s, %s, %s, %s, %s, %s)""",
        [token_sha256, row.id, row.organisation_id, now, now, expires_at],
    )


async def touch_session(connection: Connection, token_sha256: bytes, now: datetime) -> None:
    """Note that a session was used."""
    await connection.execute("update session set used_at = %s where token_sha256 = %s", [now, token_sha256])


async def end_session(connection: Connection, token_sha256: bytes) -> None:
    """End a session; ending one that is not there is fine."""
    await connection.execute("delete from session where token_sha256 = %s", [token_sha256])


async def account(connection: Connection, wanted: UUID) -> Account | None:
    """Return an account of the transaction's organisation."""
    cursor = await connection.execute(
        """select a.id, a.name, a.email, a.role, o.id, o.name
           from account a join organisation o on o.id = a.organisation_id where a.id = %s""",
        [wanted],
    )
    row = await cursor.fetchone()
    return None if row is None else Account(row[0], row[1], row[2], Role(row[3]), Organisation(row[4], row[5]))


async def add_organisation(connection: Connection, organisation: Organisation) -> None:
    """Add an organisation, or rename it; the transaction must be its own, as the owner."""
    await connection.execute(
        "insert into organisation (id, name) values (%s, %s) on conflict (id) do update set name = excluded.name",
        [organisation.id, organisation.name],
    )


async def add_account(connection: Connection, new: Account, password_hash: str) -> None:
    """Add an account, or give the one with this e-mail address a new name, role and password; as the owner.

    Raises:
        LookupError: the e-mail address belongs to an account of another organisation.
    """
    try:
        cursor = await connection.execute(
            """insert into account (id, organisation_id, email, name, role, password_hash) values (%s, %s, %s, %s, %s, %s)
               on conflict (email) do update
                   set name = excluded.name, role = excluded.role, password_hash = excluded.password_hash
                   where account.organisation_id = excluded.organisation_id
               returning id""",
            [new.id, new.organisation.id, new.email.lower(), new.name, str(new.role), password_hash],
        )
        known = await cursor.fetchone() is not None
    except Forbidden:  # servers before 18 ask the policy of the row in the way before the condition
        known = False
    if not known:
        raise LookupError("this e-mail address belongs to an account of another organisation: use another")
