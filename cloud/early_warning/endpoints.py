"""The door of the early-warning score: what it is now, as a range."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from cloud.early_warning import repository
from cloud.errors import Absent
from cloud.request import OrganisationTransaction, Problem, surroundings
from cloud.traces import to_ms
from models.early_warning import score

routes = APIRouter(prefix="/api/patients", tags=["early warning"])
ABSENT: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "no such patient"}}


class ParameterOut(BaseModel):
    """One parameter. value: null where it is missing; low and high then are the least and the most points it can bring."""

    name: str
    value: float | None
    age_seconds: Annotated[int | None, Field(description="of the newest reading; null where there never was one in the last hour")]
    low: int
    high: int


class EarlyWarningScoreOut(BaseModel):
    """NEWS2 at a moment: it lies between low and high, and is what both are where nothing is missing.

    level: 0, 1 (urgent response) or 2 (emergency response), of the low bound.
    """

    at: datetime
    low: int
    high: int
    level: int
    spo2_scale: int
    parameters: list[ParameterOut]


@routes.get("/{patient}/early-warning/score", responses=ABSENT)
async def early_warning_score(patient: UUID, connection: OrganisationTransaction, request: Request) -> EarlyWarningScoreOut:
    """Return a patient's early-warning score as it is now, with what it is made of and what is missing."""
    scale = await repository.spo2_scale(connection, patient)
    if scale is None:
        raise Absent("no such patient")
    now = surroundings(request).now()
    found = score(await repository.readings(connection, patient, now, own=True), to_ms(now), scale)
    return EarlyWarningScoreOut(
        at=now,
        low=found.low,
        high=found.high,
        level=found.level,
        spo2_scale=scale,
        parameters=[
            ParameterOut(
                name=each.name,
                value=each.value,
                age_seconds=None if each.age_ms is None else each.age_ms // 1000,
                low=each.low,
                high=each.high,
            )
            for each in found.parameters
        ],
    )
