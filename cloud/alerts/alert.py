"""An alert as a list and the live feed say it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud.alerts.repository import AlertRow


@dataclass(frozen=True, slots=True)
class AlertedPatient:
    """Whom an alert is about."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """An alert. priority: high, medium, low after IEC 60601-1-8. score: the detector's own scale."""

    id: UUID
    patient: AlertedPatient
    kind: str
    priority: str
    state: str
    score: float
    raised_at: datetime
    explanation: str


def summary_of(row: AlertRow) -> AlertSummary:
    """Put a row into words."""
    patient = AlertedPatient(row.patient_id, row.patient_name)
    return AlertSummary(row.id, patient, row.kind, row.priority, row.state, row.score, row.raised_at, row.explanation)
