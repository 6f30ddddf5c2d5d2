"""A finding is named by what caused it."""

from dataclasses import replace
from uuid import UUID

from edge.gateway.watch_finding import finding_id
from protocol.samples import Reading

PATIENT, BELT = UUID(int=1), UUID(int=2)
TRIGGER = Reading(BELT, 2, 1000, 800.0, 17)


def test_the_same_cause_is_the_same_finding() -> None:
    assert finding_id(PATIENT, "vital_anomaly", TRIGGER, 1000) == finding_id(PATIENT, "vital_anomaly", replace(TRIGGER), 1000)


def test_another_cause_is_another_finding() -> None:
    ids = {
        finding_id(PATIENT, "vital_anomaly", TRIGGER, 1000),
        finding_id(BELT, "vital_anomaly", TRIGGER, 1000),
        finding_id(PATIENT, "early_warning", TRIGGER, 1000),
        finding_id(PATIENT, "vital_anomaly", replace(TRIGGER, record=18), 1000),
        finding_id(PATIENT, "vital_anomaly", replace(TRIGGER, wearable=PATIENT), 1000),
        finding_id(PATIENT, "vital_anomaly", TRIGGER, 1001),
    }
    assert len(ids) == 6
