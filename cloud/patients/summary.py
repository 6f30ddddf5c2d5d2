"""From rows to what is shown of a patient: the newest value of each metric, and when each wearable was last heard."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from cloud.patients.repository import HeardRow, LatestRow
from cloud.traces import LatestValue, latest_value


def newest_by_patient(rows: Iterable[LatestRow]) -> dict[UUID, list[LatestValue]]:
    """Return each patient's newest value a metric, in the catalogue's order; two wearables may give the same metric."""
    newest: dict[UUID, dict[int, LatestRow]] = {}
    for row in rows:
        of_patient = newest.setdefault(row.patient_id, {})
        if row.metric not in of_patient or of_patient[row.metric].at < row.at:
            of_patient[row.metric] = row
    return {
        patient: [latest_value(row.metric, row.at, row.value, row.absence) for _, row in sorted(of_patient.items())]
        for patient, of_patient in newest.items()
    }


def heard_by_wearable(rows: Iterable[LatestRow | HeardRow]) -> dict[UUID, datetime]:
    """Return when each wearable's newest value was measured."""
    heard: dict[UUID, datetime] = {}
    for row in rows:
        heard[row.wearable_id] = max(row.at, heard.get(row.wearable_id, row.at))
    return heard


def heard_by_patient(rows: Iterable[LatestRow | HeardRow]) -> dict[UUID, datetime]:
    """Return when each patient's newest value was measured."""
    heard: dict[UUID, datetime] = {}
    for row in rows:
        heard[row.patient_id] = max(row.at, heard.get(row.patient_id, row.at))
    return heard
