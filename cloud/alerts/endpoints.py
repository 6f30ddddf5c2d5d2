"""The door of alerts: the newest, and one with the evidence it rests on."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from cloud.alerts import repository
from cloud.alerts.alert import AlertedPatient, AlertSummary, summary_of
from cloud.alerts.evidence import read_evidence
from cloud.alerts.places import place_of_evidence
from cloud.errors import Absent
from cloud.request import OrganisationKeys, OrganisationTransaction, Problem
from cloud.traces import Series, WaveformOut

routes = APIRouter(prefix="/api/alerts", tags=["alerts"])


class Detector(BaseModel):
    """Which rule or model spoke. sha256: hex, of the table or artefact it ran."""

    name: str
    version: str
    sha256: str


class Window(BaseModel):
    """The time that was judged."""

    since: Annotated[datetime, Field(serialization_alias="from")]
    until: Annotated[datetime, Field(serialization_alias="to")]


class Clock(BaseModel):
    """How a wearable's clock was mapped: UTC = ticks + offset, known to +- uncertainty."""

    wearable: UUID
    offset_ms: float
    drift_ppm: float
    uncertainty_ms: float


class Alert(BaseModel):
    """An alert with its evidence. coverage: received / expected, by name."""

    id: UUID
    patient: AlertedPatient
    kind: str
    priority: str
    state: str
    score: float
    raised_at: datetime
    explanation: str
    detector: Detector
    thresholds: dict[str, float]
    coverage: dict[str, float]
    window: Window
    evidence: list[Series]
    waveforms: list[WaveformOut]
    clock: list[Clock]


@routes.get("")
async def list_alerts(
    connection: OrganisationTransaction,
    patient: Annotated[UUID | None, Query(description="only this patient's")] = None,
    state: Annotated[Literal["raised"] | None, Query(description="only those in this state")] = None,
) -> list[AlertSummary]:
    """Return the newest alerts, newest first, at most 200."""
    return [summary_of(row) for row in await repository.alerts(connection, patient, state)]


@routes.get(
    "/{alert}",
    responses={
        404: {"model": Problem, "description": "no such alert"},
        410: {"model": Problem, "description": "the key of its evidence was destroyed"},
    },
)
async def one_alert(alert: UUID, connection: OrganisationTransaction, data_keys: OrganisationKeys) -> Alert:
    """Return one alert with the raw window, the detector, the thresholds, the coverage and the clocks' evidence."""
    row = await repository.alert(connection, alert)
    finding = await repository.finding(connection, alert)
    if row is None or finding is None:
        raise Absent("no such alert")
    ring = await data_keys.for_reading(connection, [finding.key_version])
    evidence = read_evidence(ring.open(finding.key_version, finding.evidence, place_of_evidence(finding.id)))
    clocks = await repository.clocks(connection, row.patient_id, finding.window_to)
    return Alert(
        id=row.id,
        patient=AlertedPatient(row.patient_id, row.patient_name),
        kind=row.kind,
        priority=row.priority,
        state=row.state,
        score=row.score,
        raised_at=row.raised_at,
        explanation=row.explanation,
        detector=Detector(**finding.detector),
        thresholds=finding.thresholds,
        coverage=finding.coverage,
        window=Window(since=finding.window_from, until=finding.window_to),
        evidence=evidence.series,
        waveforms=evidence.waveforms,
        clock=[
            Clock(wearable=clock.wearable, offset_ms=clock.offset_ms, drift_ppm=clock.drift_ppm, uncertainty_ms=clock.uncertainty_ms)
            for clock in clocks
        ],
    )
