"""A request that creates something, sent again with its Idempotency-Key, creates nothing more and gets the answer of the first time."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from cloud.database import Connection, value_of
from cloud.errors import Unacceptable
from cloud.request import Caller, CurrentCaller, OrganisationTransaction


@dataclass(frozen=True, slots=True)
class Doing:
    """Who asks, what exactly, and under which key (None: whoever sends it again means it again)."""

    connection: Connection
    caller: Caller
    key: str | None
    request_sha256: bytes

    async def do(self, make: Callable[[], Awaitable[str]]) -> str:
        """Return what `make` returns, or what it returned the first time; of two at once the second waits for the first.

        Raises:
            Unacceptable: the key was used for another request.
        """
        if self.key is None:
            return await make()
        name: list[object] = [self.caller.organisation, self.caller.account, self.key]
        cursor = await self.connection.execute(
            """insert into idempotency_key (organisation_id, account_id, key, request_sha256) values (%s, %s, %s, %s)
               on conflict do nothing returning true""",
            [*name, self.request_sha256],
        )
        if await cursor.fetchone() is None:
            return await self._again(name)
        answer = await make()
        await self.connection.execute(
            "update idempotency_key set answer = %s where organisation_id = %s and account_id = %s and key = %s", [answer, *name]
        )
        return answer

    async def _again(self, name: list[object]) -> str:
        cursor = await self.connection.execute(
            "select request_sha256, answer from idempotency_key where organisation_id = %s and account_id = %s and key = %s", name
        )
        row = await cursor.fetchone()
        if row is None or bytes(row[0]) != self.request_sha256 or row[1] is None:
            raise Unacceptable("this Idempotency-Key was used for another request")
        return str(row[1])


async def doing(
    connection: OrganisationTransaction,
    caller: CurrentCaller,
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=64, description="the same for each try of one request")] = None,
) -> Doing:
    """Return who asks for what; the request is its method, path and body."""
    asked = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Doing(connection, caller, idempotency_key, hashlib.sha256(asked).digest())


Once = Annotated[Doing, Depends(doing)]


async def forget_old(connection: Connection) -> int:
    """Forget keys of more than a day ago; return how many. As mediassist_watch."""
    found = await value_of(
        connection,
        "with gone as (delete from idempotency_key where made_at < clock_timestamp() - interval '1 day' returning 1) select count(*) from gone",
    )
    assert isinstance(found, int)
    return found
