"""The door of access: sign in, who am I, sign out."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, Field

from cloud.access import account as words
from cloud.access import repository
from cloud.access.account import Role
from cloud.access.sign_in import SignIn
from cloud.errors import NotSignedIn
from cloud.request import COOKIE, CurrentCaller, OrganisationTransaction, Problem, surroundings

routes = APIRouter(prefix="/api/session", tags=["access"])


class Credentials(BaseModel):
    """What a person types to sign in."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class Organisation(BaseModel):
    """A clinic or practice."""

    id: int
    name: str


class Account(BaseModel):
    """The person who is signed in."""

    id: UUID
    name: str
    email: str
    role: Role
    organisation: Organisation

    @classmethod
    def of(cls, account: words.Account) -> "Account":
        """Say an account."""
        organisation = Organisation(id=account.organisation.id, name=account.organisation.name)
        return cls(id=account.id, name=account.name, email=account.email, role=account.role, organisation=organisation)


def way_in(request: Request) -> tuple[SignIn, Callable[[], datetime]]:
    """Return what the assembly placed in `app.state`: the way in, and the wall clock that sessions go by."""
    sign_in: object = request.app.state.sign_in
    assert isinstance(sign_in, SignIn)
    wall: Callable[[], datetime] = request.app.state.wall
    return sign_in, wall


@routes.post("", responses={429: {"model": Problem, "description": "too many failed attempts"}})
async def sign_in(credentials: Credentials, request: Request, response: Response) -> Account:
    """Begin a session; the browser keeps its token in a cookie that scripts cannot read."""
    way, wall = way_in(request)
    address = request.client.host if request.client else ""
    token, caller = await way.enter(credentials.email, credentials.password, address, wall())
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=bool(request.app.state.secure_cookie), path="/")
    async with surroundings(request).database.transaction(caller.organisation) as connection:
        account = await repository.account(connection, caller.account)
    if account is None:
        raise NotSignedIn("the account is gone")
    return Account.of(account)


@routes.get("")
async def current_account(caller: CurrentCaller, connection: OrganisationTransaction) -> Account:
    """Say who is signed in."""
    account = await repository.account(connection, caller.account)
    if account is None:
        raise NotSignedIn("the account is gone")
    return Account.of(account)


@routes.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(caller: CurrentCaller, request: Request, response: Response) -> None:
    """End the session."""
    way, _ = way_in(request)
    await way.leave(caller)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
