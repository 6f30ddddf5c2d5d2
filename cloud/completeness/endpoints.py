"""The door of completeness: a gateway's epochs, a patient's day, and the day's certificate."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from cloud.completeness import repository
from cloud.completeness.certificate import open_key, sign
from cloud.completeness.statement import DayState, EpochFact, day_state, ranges
from cloud.database import Connection
from cloud.errors import Absent, NotPossible
from cloud.request import CurrentCaller, OrganisationTransaction, Problem, surroundings
from protocol.envelope import MessageClass
from provisioning.order_key import NoOrderKey

routes = APIRouter(prefix="/api", tags=["completeness"])
Day = Annotated[date, Query(description="the patient's local day")]


class Range(BaseModel):
    """Counters first..last."""

    first: int
    last: int


class EpochOut(BaseModel):
    """What can be said of one epoch: everything up to complete_to is stored, except given_up; missing may still come.

    messages: how many it has in all, once its successor has said so and all are there. lost: why a person declared that it never will be.
    """

    epoch: str
    opened_at: datetime
    complete_to: int
    given_up: list[Range]
    missing: list[Range]
    messages: int | None
    forked: bool
    lost: str | None


class GapOut(BaseModel):
    """What a gateway gave up. since, until: the time it covered; null: not known any more."""

    gateway: UUID
    messages: int
    of_class: str | None
    since: datetime | None
    until: datetime | None
    reason: str


class DayOut(BaseModel):
    """What can be said of a patient's day. missing: messages, of any day on which their epochs were open, that are not here."""

    patient: UUID
    day: date
    zone: str
    since: datetime
    until: datetime
    state: DayState
    epochs: int
    missing: int
    given_up: list[GapOut]
    heard_at: datetime | None


class CertificateOut(BaseModel):
    """A signed statement. statement: as it was signed. key: the cloud's (uncompressed point, hex). signature: ECDSA, base64 (DER)."""

    statement: dict[str, str | int | list[dict[str, str | int]]]
    key: str
    signature: str


@routes.get("/gateways/{gateway}/completeness", responses={404: {"model": Problem, "description": "no such gateway"}})
async def gateway_completeness(gateway: UUID, connection: OrganisationTransaction) -> list[EpochOut]:
    """Return what can be said of each epoch of a gateway, oldest first."""
    if not await repository.has_gateway(connection, gateway):
        raise Absent("no such gateway")
    return [
        EpochOut(
            epoch=epoch.hex(),
            opened_at=fact.opened_at,
            complete_to=fact.statement.complete_to,
            given_up=[Range(first=first, last=last) for first, last in ranges(fact.statement.given_up)],
            missing=[Range(first=first, last=last) for first, last in ranges(fact.statement.missing)],
            messages=fact.statement.whole_at,
            forked=fact.statement.forked,
            lost=fact.lost,
        )
        for epoch, fact in await repository.epochs(connection, gateway)
    ]


@routes.get("/patients/{patient}/completeness", responses={404: {"model": Problem, "description": "no such patient"}})
async def day_completeness(patient: UUID, day: Day, connection: OrganisationTransaction) -> DayOut:
    """Return what can be said of a patient's day."""
    return await _day(connection, patient, day)


@routes.get(
    "/patients/{patient}/completeness/certificate",
    responses={
        404: {"model": Problem, "description": "no such patient"},
        409: {"model": Problem, "description": "this installation has no key to sign with"},
    },
)
async def day_certificate(
    patient: UUID, day: Day, _: CurrentCaller, connection: OrganisationTransaction, request: Request
) -> CertificateOut:
    """Return what can be said of a patient's day now, signed by the cloud: `mediassist certificate check` verifies it."""
    found = await _day(connection, patient, day)
    try:
        key = open_key(surroundings(request).keys)
    except NoOrderKey as error:
        raise NotPossible("this installation has no key to sign with: mediassist certificate make-key makes one") from error
    statement: dict[str, object] = {
        "patient": str(patient),
        "day": day.isoformat(),
        "zone": found.zone,
        "state": str(found.state),
        "epochs": found.epochs,
        "missing": found.missing,
        "given_up": [
            {"gateway": str(gap.gateway), "messages": gap.messages, "class": gap.of_class or "unknown", "reason": gap.reason,
             "since": gap.since.isoformat() if gap.since else "unknown", "until": gap.until.isoformat() if gap.until else "unknown"}
            for gap in found.given_up
        ],
        "stated_at": surroundings(request).now().isoformat(),
    }  # fmt: skip
    return CertificateOut.model_validate(sign(statement, key))


async def _day(connection: Connection, patient: UUID, day: date) -> DayOut:
    known = await repository.patient(connection, patient)
    if known is None:
        raise Absent("no such patient")
    name, gateways = known
    since, until = (datetime.combine(each, time(), ZoneInfo(name)).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    facts: list[EpochFact] = []
    gaps: list[repository.GivenUpRow] = []
    for gateway in gateways:
        facts += [fact for _, fact in await repository.epochs(connection, gateway) if fact.opened_at < until]
        gaps += await repository.given_up(connection, gateway, since, until)
    heard_at = await repository.heard_at(connection, patient)
    return DayOut(
        patient=patient,
        day=day,
        zone=name,
        since=since,
        until=until,
        state=day_state(facts, until, heard_at, len(gaps)),
        epochs=len(facts),
        missing=sum(len(fact.statement.missing) for fact in facts),
        given_up=[
            GapOut(
                gateway=gap.gateway,
                messages=gap.last - gap.first + 1,
                of_class=None if gap.of_class is None else MessageClass(gap.of_class).name.lower(),
                since=gap.since,
                until=gap.until,
                reason=gap.reason,
            )
            for gap in gaps
        ],
        heard_at=heard_at,
    )
