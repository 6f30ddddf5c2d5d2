"""The door of patients: the organisation's patients, and one of them."""

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.errors import Absent
from cloud.patients import repository
from cloud.patients.summary import heard_by_patient, heard_by_wearable, newest_by_patient
from cloud.request import OrganisationTransaction, Problem
from cloud.traces import LatestValue

routes = APIRouter(prefix="/api/patients", tags=["patients"])


class PatientSummary(BaseModel):
    """A patient in a list. zone: IANA name. open_alerts: those that no person has taken."""

    id: UUID
    name: str
    born: date
    zone: str
    latest: list[LatestValue]
    open_alerts: int
    last_heard_at: datetime | None


class Wearable(BaseModel):
    """What a patient wears."""

    id: UUID
    kind: str
    last_heard_at: datetime | None


class Patient(BaseModel):
    """One patient."""

    id: UUID
    name: str
    born: date
    zone: str
    wearables: list[Wearable]
    latest: list[LatestValue]


@routes.get("")
async def list_patients(connection: OrganisationTransaction) -> list[PatientSummary]:
    """Return the organisation's patients by name."""
    rows = await repository.patients(connection)
    ids = [row.id for row in rows]
    latest = await repository.latest(connection, ids)
    values = newest_by_patient(latest)
    heard = heard_by_patient([*latest, *await repository.waveforms_heard(connection, ids)])
    alerts = await repository.open_alerts(connection)
    return [
        PatientSummary(
            id=row.id,
            name=row.name,
            born=row.born,
            zone=row.zone,
            latest=values.get(row.id, []),
            open_alerts=alerts.get(row.id, 0),
            last_heard_at=heard.get(row.id),
        )
        for row in rows
    ]


@routes.get("/{patient}", responses={404: {"model": Problem, "description": "no such patient"}})
async def one_patient(patient: UUID, connection: OrganisationTransaction) -> Patient:
    """Return one patient with the newest values and the wearables."""
    row = await repository.patient(connection, patient)
    if row is None:
        raise Absent("no such patient")
    latest = await repository.latest(connection, [patient])
    heard = heard_by_wearable([*latest, *await repository.waveforms_heard(connection, [patient])])
    worn = await repository.wearables(connection, patient)
    return Patient(
        id=row.id,
        name=row.name,
        born=row.born,
        zone=row.zone,
        wearables=[Wearable(id=wearable.id, kind=wearable.kind, last_heard_at=heard.get(wearable.id)) for wearable in worn],
        latest=newest_by_patient(latest).get(patient, []),
    )
