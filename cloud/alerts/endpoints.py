"""The door of alerts: the newest, one with the evidence it rests on, and what a person may do with it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from cloud.alerts import repository
from cloud.alerts.alert import AlertedPatient, AlertSummary, summary_of
from cloud.alerts.change import Change
from cloud.alerts.evidence import finding_of, read_evidence
from cloud.alerts.life_cycle import Acknowledged, CalledFalse, Resolved, Snoozed, State
from cloud.alerts.places import place_of_evidence
from cloud.alerts.repository import AlertEvent
from cloud.errors import Absent
from cloud.pages_of_lists import next_page, read_cursor
from cloud.request import OrganisationKeys, OrganisationTransaction, Problem, entity_tag
from cloud.traces import Series, WaveformOut
from protocol.capsule import write_capsule

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
    """An alert with its evidence, that of its first finding. coverage: received / expected, by name. Else as `AlertSummary`."""

    id: UUID
    patient: AlertedPatient
    kind: str
    priority: str
    state: str
    score: float
    raised_at: datetime
    explanation: str
    level: int
    due_at: datetime | None
    owner: str | None
    occurrences: int
    last_at: datetime
    version: int
    detector: Detector
    thresholds: dict[str, float]
    coverage: dict[str, float]
    window: Window
    evidence: list[Series]
    waveforms: list[WaveformOut]
    clock: list[Clock]


class HistoryItem(BaseModel):
    """What happened to an alert, and how it stood after it. by: a person's name; null: nobody's doing."""

    at: datetime
    event: str
    by: str | None
    note: str | None
    state: str
    level: int
    version: int


class Snooze(BaseModel):
    """When to hear of it again."""

    until: AwareDatetime


class Note(BaseModel):
    """What there is to say, in a few words."""

    note: Annotated[str, Field(max_length=1000)] = ""


@routes.get("", responses={200: {"headers": {"Link": {"schema": {"type": "string"}, "description": "rel=next, where there are more"}}}})
async def list_alerts(
    connection: OrganisationTransaction,
    request: Request,
    response: Response,
    patient: Annotated[UUID | None, Query(description="only this patient's")] = None,
    state: Annotated[list[State] | None, Query(description="only those in one of these states")] = None,
    limit: Annotated[int, Query(ge=1, le=repository.MOST_ALERTS)] = repository.MOST_ALERTS,
    cursor: Annotated[str | None, Query(description="as the Link header of the page before gives it")] = None,
) -> list[AlertSummary]:
    """Return alerts, newest first; where there are more, the Link header leads on."""
    before = None if cursor is None else read_cursor(cursor)
    rows = await repository.alerts(connection, patient, state or (), before, limit + 1)
    if len(rows) > limit:
        response.headers["Link"] = next_page(request, rows[limit - 1].raised_at, rows[limit - 1].id)
    return [summary_of(row) for row in rows[:limit]]


CHANGES: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "no such alert"},
    409: {"model": Problem, "description": "it cannot follow what has happened: the alert is closed, or the snooze too long"},
    412: {"model": Problem, "description": "the alert is no longer in the version of If-Match"},
}


@routes.get("/{alert}/history", responses={404: {"model": Problem, "description": "no such alert"}})
async def history(alert: UUID, connection: OrganisationTransaction) -> list[HistoryItem]:
    """Return what happened to an alert, oldest first."""
    if await repository.alert(connection, alert) is None:
        raise Absent("no such alert")
    return [
        HistoryItem(at=row.at, event=row.event, by=row.by_name, note=row.note, state=row.state, level=row.level, version=row.version)
        for row in await repository.events(connection, alert)
    ]


@routes.post("/{alert}/acknowledge", responses=CHANGES)
async def acknowledge(alert: UUID, change: Change) -> AlertSummary:
    """Take an alert: nobody else is told of it any more, and whoever asks sees who has it."""
    return await change.do(alert, lambda at, by: (Acknowledged(at, by), AlertEvent(at, "acknowledged", by)))


@routes.post("/{alert}/snooze", responses=CHANGES)
async def snooze(alert: UUID, wish: Snooze, change: Change) -> AlertSummary:
    """Hear of an alert again later: at most 30 minutes of a high one, 4 hours of a medium one, a day of a low one."""
    return await change.do(alert, lambda at, by: (Snoozed(at, by, wish.until), AlertEvent(at, "snoozed", by)))


@routes.post("/{alert}/resolve", responses=CHANGES)
async def resolve(alert: UUID, wish: Note, change: Change) -> AlertSummary:
    """Say that it is over; what is found later raises a new alert."""
    return await change.do(alert, lambda at, by: (Resolved(at, by), AlertEvent(at, "resolved", by, wish.note or None)))


@routes.post("/{alert}/false-alarm", responses=CHANGES)
async def false_alarm(alert: UUID, wish: Note, change: Change) -> AlertSummary:
    """Say that there was nothing, and what it was instead."""
    return await change.do(alert, lambda at, by: (CalledFalse(at, by, wish.note), AlertEvent(at, "called_false", by, wish.note)))


class FindingItem(BaseModel):
    """One finding of an alert's episode."""

    id: UUID
    at: datetime
    priority: str
    score: float
    explanation: str


@routes.get("/{alert}/findings", responses={404: {"model": Problem, "description": "no such alert"}})
async def findings(alert: UUID, connection: OrganisationTransaction) -> list[FindingItem]:
    """Return what was found in an alert's episode, oldest first, at most 200."""
    if await repository.alert(connection, alert) is None:
        raise Absent("no such alert")
    return [
        FindingItem(id=row.id, at=row.at, priority=row.priority, score=row.score, explanation=row.explanation)
        for row in await repository.findings(connection, alert)
    ]


@routes.get(
    "/{alert}/findings/{finding}/capsule",
    response_class=Response,
    responses={
        200: {"content": {"application/cbor": {}}, "description": "the finding with its raw window; `mediassist replay` computes it again"},
        404: {"model": Problem, "description": "no such finding of this alert"},
        410: {"model": Problem, "description": "the key of its evidence was destroyed"},
    },
)
async def capsule(alert: UUID, finding: UUID, connection: OrganisationTransaction, data_keys: OrganisationKeys) -> Response:
    """Return the evidence capsule of one finding: what its detector said, and from what."""
    row = next((row for row in await repository.findings(connection, alert) if row.id == finding), None)
    if row is None:
        raise Absent("no such finding of this alert")
    ring = await data_keys.for_reading(connection, [row.key_version])
    evidence = ring.open(row.key_version, row.evidence, place_of_evidence(row.id))
    disposition = f'attachment; filename="{row.kind}-{row.id}.capsule"'
    return Response(write_capsule(finding_of(row, evidence)), media_type="application/cbor", headers={"Content-Disposition": disposition})


@routes.get(
    "/{alert}",
    responses={
        404: {"model": Problem, "description": "no such alert"},
        410: {"model": Problem, "description": "the key of its evidence was destroyed"},
    },
)
async def one_alert(alert: UUID, connection: OrganisationTransaction, data_keys: OrganisationKeys, response: Response) -> Alert:
    """Return one alert with the raw window, the detector, the thresholds, the coverage and the clocks' evidence."""
    row = await repository.alert(connection, alert)
    finding = await repository.finding(connection, alert)
    if row is None or finding is None:
        raise Absent("no such alert")
    ring = await data_keys.for_reading(connection, [finding.key_version])
    evidence = read_evidence(ring.open(finding.key_version, finding.evidence, place_of_evidence(finding.id)))
    clocks = await repository.clocks(connection, row.patient_id, finding.window_to)
    response.headers["ETag"] = entity_tag(row.version)
    return Alert(
        level=row.level,
        due_at=row.due_at,
        owner=row.owner_name,
        occurrences=row.occurrences,
        last_at=row.last_at,
        version=row.version,
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
