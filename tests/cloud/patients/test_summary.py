"""From rows to what is shown of a patient."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from cloud.patients.repository import HeardRow, LatestRow
from cloud.patients.summary import heard_by_patient, heard_by_wearable, newest_by_patient

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_of_two_wearables_with_one_metric_the_newer_speaks() -> None:
    patient = uuid4()
    rows = [LatestRow(patient, uuid4(), 1, NOON - HOUR, 50.0, None), LatestRow(patient, uuid4(), 1, NOON, 60.0, None)]
    for order in (rows, rows[::-1]):
        [value] = newest_by_patient(order)[patient]
        assert value.value == 60.0


def test_a_wearable_is_heard_by_its_newest_value_of_any_kind() -> None:
    patient, belt, patch = uuid4(), uuid4(), uuid4()
    rows = [
        LatestRow(patient, belt, 1, NOON, 50.0, None),
        LatestRow(patient, belt, 7, NOON - HOUR, 90.0, None),
        HeardRow(patient, patch, NOON + HOUR),
    ]
    assert heard_by_wearable(rows) == {belt: NOON, patch: NOON + HOUR}
    assert heard_by_patient(rows) == {patient: NOON + HOUR}
