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
    """An alert. priority: high, medium, low after IEC 60601-1-8. score: the detector's own scale, of the first finding.

    level: up to which level of the ladder people were told, -1 = nobody yet. due_at: when time moves it on (the next level, the end of a
    snooze). owner: who acknowledged it. occurrences: findings of this episode. version: counts changes; the entity tag of a change.
    """

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


def summary_of(row: AlertRow) -> AlertSummary:
    """Put a row into words."""
    patient = AlertedPatient(row.patient_id, row.patient_name)
    return AlertSummary(
        row.id,
        patient,
        row.kind,
        row.priority,
        row.state,
        row.score,
        row.raised_at,
        row.explanation,
        row.level,
        row.due_at,
        row.owner_name,
        row.occurrences,
        row.last_at,
        row.version,
    )
