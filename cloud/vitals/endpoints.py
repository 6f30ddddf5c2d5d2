"""The door of vitals: what can be measured, a patient's series, a patient's waveforms."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from cloud.database import Connection
from cloud.errors import Absent, Unacceptable
from cloud.request import CurrentCaller, OrganisationKeys, OrganisationTransaction, Problem
from cloud.traces import Point, Series, WaveformOut, series_of, waveform_of
from cloud.vitals import repository
from protocol.metrics import BY_NAME, METRICS, Form, Metric

MOST_POINTS = 5_000
LONGEST_SERIES = timedelta(days=31)
LONGEST_WAVEFORM = timedelta(seconds=120)

routes = APIRouter(prefix="/api", tags=["vitals"])

From = Annotated[AwareDatetime, Query(alias="from", description="ISO 8601 with an offset; included")]
To = Annotated[AwareDatetime, Query(alias="to", description="ISO 8601 with an offset; not included")]


class MetricOut(BaseModel):
    """One thing that can be measured. unit: UCUM."""

    name: str
    unit: str
    decimals: int
    loinc: str | None


@routes.get("/metrics-catalogue")
async def metrics_catalogue(_: CurrentCaller) -> list[MetricOut]:
    """Return everything that can be measured."""
    return [MetricOut(name=metric.name, unit=metric.unit, decimals=metric.decimals, loinc=metric.loinc) for metric in METRICS.values()]


@routes.get("/patients/{patient}/vitals", responses={404: {"model": Problem, "description": "no such patient"}})
async def vitals(
    patient: UUID,
    since: From,
    until: To,
    connection: OrganisationTransaction,
    metrics: Annotated[str, Query(description="names from the catalogue, separated by commas; empty = all")] = "",
) -> list[Series]:
    """Return a patient's series; one of more than 5,000 points is thinned to the extremes of equal parts."""
    _check_window(since, until, LONGEST_SERIES)
    wanted = _named(metrics) if metrics else [metric for metric in METRICS.values() if metric.form is Form.VALUE]
    await _check_patient(connection, patient)
    keys = await repository.series_keys(connection, patient, [metric.code for metric in wanted])
    found: list[Point] = []
    for _, of_metric in groupby(keys, key=lambda key: key.metric):
        series = list(of_metric)
        points = await repository.points(connection, series, since, until, MOST_POINTS + 1)
        if len(points) > MOST_POINTS:
            points = await repository.thinned_points(connection, series, since, until, MOST_POINTS // 2 - 1)
        found.extend(points)
    return series_of(found)


@routes.get(
    "/patients/{patient}/waveforms",
    responses={
        404: {"model": Problem, "description": "no such patient"},
        410: {"model": Problem, "description": "the key of these waveforms was destroyed"},
    },
)
async def waveforms(
    patient: UUID, metric: str, since: From, until: To, connection: OrganisationTransaction, data_keys: OrganisationKeys
) -> list[WaveformOut]:
    """Return a patient's waveform pieces, cut to the window."""
    _check_window(since, until, LONGEST_WAVEFORM)
    wanted = _named(metric)
    await _check_patient(connection, patient)
    keys = await repository.series_keys(connection, patient, [metric.code for metric in wanted])
    strips = await repository.strips(connection, data_keys, keys, since, until)
    pieces = [waveform_of(strip, since, until) for strip in strips]
    return [piece for piece in pieces if piece is not None]


def _check_window(since: datetime, until: datetime, longest: timedelta) -> None:
    if not timedelta(0) < until - since <= longest:
        raise Unacceptable(f"'to' must be after 'from', by at most {longest.total_seconds():g} s")


def _named(names: str) -> list[Metric]:
    try:
        return [BY_NAME[name.strip()] for name in names.split(",")]
    except KeyError as error:
        raise Unacceptable(f"there is no metric {error}; /api/metrics-catalogue lists them") from None


async def _check_patient(connection: Connection, patient: UUID) -> None:
    if not await repository.has_patient(connection, patient):
        raise Absent("no such patient")
