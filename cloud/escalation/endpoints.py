"""The door of escalation: the organisation's ladder and its roster."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, status
from pydantic import AwareDatetime, BaseModel, Field

from cloud.access.account import Role
from cloud.access.administrators import administrator
from cloud.alerts.life_cycle import USUAL_LADDER
from cloud.errors import Absent, Unacceptable
from cloud.escalation import repository
from cloud.idempotency import Once
from cloud.request import CurrentCaller, OrganisationTransaction, Problem, surroundings
from protocol.findings import Priority

LONGEST_DUTY = timedelta(days=62)

routes = APIRouter(prefix="/api/escalation", tags=["escalation"])


class LadderStep(BaseModel):
    """Whoever is on call at `level` is told; unless somebody takes the alert, the next level `seconds` later, the last again and again."""

    priority: Priority
    level: Annotated[int, Field(ge=0, le=9)]
    seconds: Annotated[int, Field(ge=30, le=604_800)]


class Ladder(BaseModel):
    """An organisation's ladder. own: false where it has written none and goes by the usual one."""

    own: bool
    steps: list[LadderStep]


class Duty(BaseModel):
    """Somebody is on call at one level, from since to until."""

    account: UUID
    level: Annotated[int, Field(ge=0, le=9)] = 0
    since: AwareDatetime
    until: AwareDatetime


class DutyOut(BaseModel):
    """A duty on the roster."""

    id: UUID
    account: UUID
    name: str
    level: int
    since: datetime
    until: datetime


class Colleague(BaseModel):
    """Somebody of the organisation who can be on call."""

    id: UUID
    name: str
    role: Role


@routes.get("/ladder")
async def ladder(connection: OrganisationTransaction) -> Ladder:
    """Return when whom is told of an alert that nobody takes."""
    own = await repository.steps(connection)
    if own:
        return Ladder(
            own=True, steps=[LadderStep(priority=Priority(each.priority), level=each.level, seconds=each.seconds) for each in own]
        )
    usual = [
        LadderStep(priority=priority, level=level, seconds=int(pause.total_seconds()))
        for priority, pauses in USUAL_LADDER.items()
        for level, pause in enumerate(pauses)
    ]
    return Ladder(own=False, steps=usual)


@routes.put("/ladder", dependencies=[Depends(administrator)])
async def put_ladder(
    steps: Annotated[list[LadderStep], Field(max_length=30)], caller: CurrentCaller, connection: OrganisationTransaction
) -> Ladder:
    """Write the organisation's ladder; an empty list goes back to the usual one."""
    for priority, of_it in groupby(sorted(steps, key=lambda each: (each.priority, each.level)), key=lambda each: each.priority):
        levels = [each.level for each in of_it]
        if levels != list(range(len(levels))):
            raise Unacceptable(f"the levels of {priority} alerts are 0, 1, 2, .. without a gap")
    await repository.put_steps(
        connection, caller.organisation, [repository.Step(each.priority, each.level, each.seconds) for each in steps]
    )
    return await ladder(connection)


@routes.get("/people")
async def people(connection: OrganisationTransaction) -> list[Colleague]:
    """Return whom the roster may name: everybody who can sign in, by name."""
    return [Colleague(id=account, name=name, role=Role(role)) for account, name, role in await repository.people(connection)]


@routes.get("/roster")
async def roster(connection: OrganisationTransaction, request: Request) -> list[DutyOut]:
    """Return who is on call now and later."""
    rows = await repository.roster(connection, surroundings(request).now())
    return [
        DutyOut(id=duty.id, account=duty.account, name=name, level=duty.level, since=duty.since, until=duty.until) for duty, name in rows
    ]


@routes.post("/roster", status_code=status.HTTP_201_CREATED, dependencies=[Depends(administrator)])
async def add_duty(duty: Duty, caller: CurrentCaller, connection: OrganisationTransaction, once: Once) -> UUID:
    """Put somebody of the organisation on call; return the duty's id. With an Idempotency-Key: once."""
    if not timedelta(0) < duty.until - duty.since <= LONGEST_DUTY:
        raise Unacceptable(f"'until' must be after 'since', by at most {LONGEST_DUTY.days} days")
    if not await repository.has_account(connection, duty.account):
        raise Unacceptable("there is no such account")

    async def add() -> str:
        new = repository.OnCall(uuid4(), duty.level, duty.account, duty.since, duty.until)
        await repository.add_on_call(connection, caller.organisation, new)
        return str(new.id)

    return UUID(await once.do(add))


@routes.delete(
    "/roster/{duty}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[Depends(administrator)],
    responses={404: {"model": Problem, "description": "no such duty"}},
)
async def remove_duty(duty: UUID, connection: OrganisationTransaction) -> None:
    """Take somebody off the roster."""
    if not await repository.remove_on_call(connection, duty):
        raise Absent("no such duty")
