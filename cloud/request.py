"""What a request brings along: who calls, and one transaction that sees the caller's organisation only."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import HTTPConnection

from cloud.data_keys.data_keys import DataKeys
from cloud.database import Connection, Database
from cloud.errors import NotSignedIn

COOKIE = "mediassist_session"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. token_sha256: names the session, and is all that is stored of its token."""

    account: UUID
    organisation: int
    token_sha256: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """What was refused (RFC 9457). type: names the kind of refusal, and is no address to visit. title: the kind. detail: in a sentence."""

    type: str
    title: str
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What requests need, placed in `app.state.surroundings` by the assembly.

    keys: the folder of the cloud's keys. now: the process's clock, UTC (a demonstration's may run fast). find_caller: token -> caller, or None when its session is over.
    data_keys: open what is stored under organisations' keys.
    """

    database: Database
    keys: Path
    now: Callable[[], datetime]
    find_caller: Callable[[str], Awaitable[Caller | None]]
    data_keys: DataKeys


def surroundings(connection: HTTPConnection) -> Surroundings:
    """Return what the assembly placed."""
    found: object = connection.app.state.surroundings
    assert isinstance(found, Surroundings)
    return found


async def current_caller(connection: HTTPConnection) -> Caller:
    """Return who calls.

    Raises:
        NotSignedIn: no session cookie, or its session is over.
    """
    token = connection.cookies.get(COOKIE)
    caller = await surroundings(connection).find_caller(token) if token else None
    if caller is None:
        raise NotSignedIn("sign in first")
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def organisation_transaction(connection: HTTPConnection, caller: CurrentCaller) -> AsyncGenerator[Connection]:
    """Open the request's one transaction; it commits before the answer is sent."""
    async with surroundings(connection).database.transaction(caller.organisation) as transaction:
        yield transaction


OrganisationTransaction = Annotated[Connection, Depends(organisation_transaction, scope="function")]


def entity_tag(version: int) -> str:
    """Return a version as a strong entity tag (RFC 9110)."""
    return f'"{version}"'


def data_keys_of(connection: HTTPConnection) -> DataKeys:
    """Return what opens rows that lie under the caller's organisation's keys."""
    return surroundings(connection).data_keys


OrganisationKeys = Annotated[DataKeys, Depends(data_keys_of)]
