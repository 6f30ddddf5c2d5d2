"""The door of rules: a patient's thresholds, SpO2 scale and baselines."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator

from cloud.errors import Absent, Unacceptable
from cloud.request import CurrentCaller, OrganisationTransaction, Problem, surroundings
from cloud.rules import repository
from protocol.findings import Priority
from protocol.metrics import BY_NAME, METRICS, Form

routes = APIRouter(prefix="/api/patients", tags=["rules"])
ABSENT: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "no such patient"}}


class ThresholdIn(BaseModel):
    """Limits of one metric, in its unit: whoever leaves them for so long raises an alert of this priority."""

    metric: Annotated[str, Field(max_length=40)]
    low: Annotated[float | None, Field(allow_inf_nan=False)] = None
    high: Annotated[float | None, Field(allow_inf_nan=False)] = None
    for_seconds: Annotated[int, Field(ge=10, le=3600)] = 60
    priority: Priority = Priority.MEDIUM

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("give 'low', 'high' or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("'low' must be below 'high'")
        return self


@routes.get("/{patient}/thresholds", responses=ABSENT)
async def thresholds(patient: UUID, connection: OrganisationTransaction) -> list[ThresholdIn]:
    """Return a patient's thresholds."""
    if not await repository.has_patient(connection, patient):
        raise Absent("no such patient")
    return [
        ThresholdIn(
            metric=METRICS[each.metric].name, low=each.low, high=each.high, for_seconds=each.for_seconds, priority=Priority(each.priority)
        )
        for each in await repository.thresholds(connection, patient)
    ]


@routes.put("/{patient}/thresholds", responses=ABSENT)
async def put_thresholds(
    patient: UUID,
    wanted: Annotated[list[ThresholdIn], Field(max_length=20)],
    caller: CurrentCaller,
    connection: OrganisationTransaction,
    request: Request,
) -> list[ThresholdIn]:
    """Write a patient's thresholds in place of the old ones; one a metric."""
    if not await repository.has_patient(connection, patient):
        raise Absent("no such patient")
    rows: dict[int, repository.Threshold] = {}
    for each in wanted:
        metric = BY_NAME.get(each.metric)
        if metric is None or metric.form is not Form.VALUE or metric.code in rows:
            raise Unacceptable("a metric is not in the catalogue, is a waveform, or is there twice")
        if any(bound is not None and not metric.low <= bound <= metric.high for bound in (each.low, each.high)):
            raise Unacceptable(f"a limit of {metric.name} lies between {metric.low:g} and {metric.high:g} {metric.unit}")
        rows[metric.code] = repository.Threshold(patient, metric.code, each.low, each.high, each.for_seconds, str(each.priority))
    at = surroundings(request).now()
    await repository.put_thresholds(connection, caller.organisation, patient, list(rows.values()), caller.account, at)
    return await thresholds(patient, connection)


class EarlyWarningIn(BaseModel):
    """How NEWS2 is scored for a patient: SpO2 scale 2 is for hypercapnic respiratory failure, on a clinician's word."""

    spo2_scale: Literal[1, 2] = 1


@routes.get("/{patient}/early-warning", responses=ABSENT)
async def early_warning(patient: UUID, connection: OrganisationTransaction) -> EarlyWarningIn:
    """Return how a patient's early-warning score is made."""
    if not await repository.has_patient(connection, patient):
        raise Absent("no such patient")
    return EarlyWarningIn(spo2_scale=2 if await repository.spo2_scale(connection, patient) == 2 else 1)


@routes.put("/{patient}/early-warning", responses=ABSENT)
async def put_early_warning(
    patient: UUID, wanted: EarlyWarningIn, caller: CurrentCaller, connection: OrganisationTransaction
) -> EarlyWarningIn:
    """Say how a patient's early-warning score is made from now on; the gateways at the patient's home are told."""
    if not await repository.has_patient(connection, patient):
        raise Absent("no such patient")
    await repository.changed(connection, caller.organisation, patient, wanted.spo2_scale)
    return wanted


class BaselineOut(BaseModel):
    """What is usual for a person: median and spread of one metric, in its unit, over `hours` hours of two weeks."""

    metric: str
    median: float
    spread: float
    hours: int
    made_at: datetime


@routes.get("/{patient}/baselines", responses=ABSENT)
async def baselines(patient: UUID, connection: OrganisationTransaction) -> list[BaselineOut]:
    """Return what is usual for a patient; nothing of a metric that was measured in fewer than 72 hours of two weeks."""
    if not await repository.has_patient(connection, patient):
        raise Absent("no such patient")
    return [
        BaselineOut(metric=METRICS[each.metric].name, median=each.median, spread=each.spread, hours=each.hours, made_at=each.made_at)
        for each in await repository.baselines(connection, patient)
    ]
