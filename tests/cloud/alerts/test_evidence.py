"""The raw window of a finding."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.alerts.evidence import Evidence, read_evidence
from protocol.findings import encode_evidence
from protocol.metrics import Absence
from protocol.samples import Reading
from tests.support.clinics import Patient


def test_an_absent_value_stays_an_absent_value() -> None:
    belt = Patient(1).belt
    data = encode_evidence([Reading(belt, 1, 2000, float("nan"), 2, Absence.OFF_BODY), Reading(belt, 1, 1000, 60.0, 1)])
    [series] = read_evidence(data).series
    assert (series.at, series.value) == ([1000, 2000], [60.0, None])


@given(st.binary(max_size=64))
def test_any_bytes_are_evidence_or_none(data: bytes) -> None:
    assert isinstance(read_evidence(data), Evidence)
