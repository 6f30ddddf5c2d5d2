"""Coming in, being recognised, and leaving: sessions kept on the server, known by the hash of a random token."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.access import repository
from cloud.access.brake import Brake
from cloud.access.passwords import Passwords
from cloud.database import Database
from cloud.errors import TooManyAttempts, WrongCredentials
from cloud.request import Caller

_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """The way in. idle, longest: a session ends after the one without a request, after the other in any case."""

    database: Database
    passwords: Passwords
    brake: Brake
    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)

    async def enter(self, email: str, password: str, address: str, now: datetime) -> tuple[str, Caller]:
        """Begin a session; return its token, which only the browser keeps, and the caller.

        Raises:
            TooManyAttempts: this address has failed too often with this e-mail address.
            WrongCredentials: no account has this e-mail address and password.
        """
        email = email.strip().lower()
        wait = self.brake.attempt(address, email, now)
        if wait:
            raise TooManyAttempts("too many failed attempts: try again later", wait)
        async with self.database.transaction(None) as connection:
            row = await repository.account_to_sign_in(connection, email)
        if not await self.passwords.fits(row.password_hash if row else None, password) or row is None:
            raise WrongCredentials("wrong e-mail address or password")
        self.brake.release(address, email)
        token = secrets.token_urlsafe(32)
        caller = Caller(row.id, row.organisation_id, _sha256(token))
        async with self.database.transaction(row.organisation_id) as connection:
            await repository.add_session(connection, caller.token_sha256, row, now, now + self.longest)
        return token, caller

    async def caller_of(self, token: str, now: datetime) -> Caller | None:
        """Recognise a session's token, and note (once a minute) that it was used; None when the session is over."""
        caller, used_at = await self._open(_sha256(token), now)
        if caller is not None and now - used_at >= _NOTED_EVERY:
            async with self.database.transaction(caller.organisation) as connection:
                await repository.touch_session(connection, caller.token_sha256, now)
        return caller

    async def is_open(self, caller: Caller, now: datetime) -> bool:
        """Say whether the caller's session goes on; does not count as its use."""
        found, _ = await self._open(caller.token_sha256, now)
        return found is not None

    async def leave(self, caller: Caller) -> None:
        """End the caller's session."""
        async with self.database.transaction(caller.organisation) as connection:
            await repository.end_session(connection, caller.token_sha256)

    async def _open(self, token_sha256: bytes, now: datetime) -> tuple[Caller | None, datetime]:
        async with self.database.transaction(None) as connection:
            row = await repository.open_session(connection, token_sha256, now - self.idle, now)
        if row is None:
            return None, now
        return Caller(row.account_id, row.organisation_id, token_sha256), row.used_at


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
