"""The door of vitals: what can be measured, a patient's series, a patient's waveforms."""

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from cloud.database import Connection
from cloud.errors import Absent, Unacceptable
from cloud.request import CurrentCaller, OrganisationKeys, OrganisationTransaction, Problem, surroundings
from cloud.traces import Grain, Point, Series, WaveformOut, drawn, minutes_of, series_of, waveform_of
from cloud.vitals import repository
from cloud.vitals.export import parquet
from protocol.metrics import BY_NAME, METRICS, Form, Metric

MOST_POINTS = 5_000
LONGEST_SERIES = timedelta(days=1100)
LONGEST_EXPORT = timedelta(days=1100)
LONGEST_COVERAGE = timedelta(days=400)
ROWS_A_PAGE = 50_000
_GRAINS: tuple[tuple[timedelta, Grain], ...] = (
    (timedelta(hours=12), "reading"),
    (timedelta(days=3), "minute"),
    (timedelta(days=100), "hour"),
    (LONGEST_SERIES, "day"),
)
"""Up to which window a series is made of what: at most 4,800 extremes."""
LONGEST_WAVEFORM = timedelta(seconds=120)

routes = APIRouter(prefix="/api", tags=["vitals"])

From = Annotated[AwareDatetime, Query(alias="from", description="ISO 8601 with an offset; included")]
To = Annotated[AwareDatetime, Query(alias="to", description="ISO 8601 with an offset; not included")]
FromDay = Annotated[date, Query(alias="from", description="the patient's local day; included")]
ToDay = Annotated[date, Query(alias="to", description="the patient's local day; not included")]


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


@routes.get(
    "/patients/{patient}/vitals", response_model=list[Series], responses={404: {"model": Problem, "description": "no such patient"}}
)
async def vitals(
    patient: UUID,
    since: From,
    until: To,
    connection: OrganisationTransaction,
    metrics: Annotated[str, Query(description="names from the catalogue, separated by commas; empty = all")] = "",
) -> Response:
    """Return a patient's series, as a screen draws them: at most about 5,000 points each.

    Up to 12 hours: readings, or the extremes of equal parts where there are more. Up to 3 days, 100 days, and beyond: the smallest and the
    largest of each minute, hour, day (UTC); what is not added up yet is there as readings.
    """
    _check_window(since, until, LONGEST_SERIES)
    wanted = _named(metrics) if metrics else [metric for metric in METRICS.values() if metric.form is Form.VALUE]
    await _check_patient(connection, patient)
    keys = await repository.series_keys(connection, patient, [metric.code for metric in wanted])
    grain: Grain = next(grain for longest, grain in _GRAINS if until - since <= longest)
    done = since if grain == "reading" else min(until, max(since, await repository.rolled_up_until(connection)))
    found: list[Point] = []
    for metric, of_metric in groupby(keys, key=lambda key: key.metric):
        series = list(of_metric)
        if done > since:
            found.extend(drawn(metric, await repository.outlines(connection, series, grain, since, done), grain))
        if until > done:
            found.extend(await _readings(connection, series, done, until))
    # Thousands of numbers that were checked when they were stored: written as they are, not validated once more.
    return Response(to_json(series_of(found, grain)), media_type="application/json")


async def _readings(connection: Connection, series: list[repository.SeriesKey], since: datetime, until: datetime) -> list[Point]:
    points = await repository.points(connection, series, since, until, MOST_POINTS + 1)
    if len(points) > MOST_POINTS:
        points = await repository.thinned_points(connection, series, since, until, MOST_POINTS // 2 - 1)
    return points


class CoverageOut(BaseModel):
    """How a metric was covered on one of the patient's local days. of: the minutes of that day; 1,380 or 1,500 where the clock changes."""

    metric: str
    day: date
    minutes: int
    of: int
    readings: int
    absent: int


@routes.get("/patients/{patient}/coverage", responses={404: {"model": Problem, "description": "no such patient"}})
async def coverage(patient: UUID, since: FromDay, until: ToDay, connection: OrganisationTransaction) -> list[CoverageOut]:
    """Return, by local day and metric, in how many minutes a wearable gave at least one value. A day without a row had none."""
    if not timedelta(0) < until - since <= LONGEST_COVERAGE:
        raise Unacceptable(f"'to' must be after 'from', by at most {LONGEST_COVERAGE.days} days")
    zone = await repository.zone_of(connection, patient)
    if zone is None:
        raise Absent("no such patient")
    rows = await repository.coverage(connection, patient, since, until)
    return [
        CoverageOut(
            metric=METRICS[row.metric].name,
            day=row.day,
            minutes=row.minutes,
            of=minutes_of(row.day, ZoneInfo(zone)),
            readings=row.readings,
            absent=row.absent,
        )
        for row in rows
    ]


@routes.get(
    "/patients/{patient}/readings.parquet",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/vnd.apache.parquet": {}}, "description": "at, wearable, metric, value, unit, absence, record"},
        404: {"model": Problem, "description": "no such patient"},
    },
)
async def export_readings(patient: UUID, since: From, until: To, caller: CurrentCaller, request: Request) -> StreamingResponse:
    """Return a patient's readings as a Parquet file, however many, as they are read: by series, each oldest first."""
    _check_window(since, until, LONGEST_EXPORT)
    database = surroundings(request).database
    async with database.transaction(caller.organisation) as connection:
        await _check_patient(connection, patient)
    return StreamingResponse(
        parquet(database, caller.organisation, patient, since, until, ROWS_A_PAGE),
        media_type="application/vnd.apache.parquet",
        headers={"Content-Disposition": 'attachment; filename="readings.parquet"'},
    )


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
