"""Bodies: each comes back as it went, and any bytes are a body or undecodable."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.batches import decode_batch, encode_batch
from protocol.envelope import MessageClass
from protocol.errors import Undecodable
from protocol.findings import Detector, Finding, Priority, decode_evidence, encode_evidence
from protocol.message import Body, Gap, GapReason, GivenUp, Waveforms, WearableAdopted, WearableRemoved, class_of, decode_body, encode_body
from protocol.metrics import METRICS, Absence, Form
from protocol.samples import NO_RECORD, ClockEvidence, Reading, WaveformPiece, batch_of

BELT = UUID("00000000-0000-4000-8000-0000000000b1")
PATIENT = UUID("00000000-0000-4000-8000-0000000000a1")
VALUES = [metric for metric in METRICS.values() if metric.form is Form.VALUE]


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    metric = draw(st.sampled_from(VALUES))
    absence = draw(st.sampled_from(Absence))
    value = draw(st.floats(metric.low, metric.high)) if absence is Absence.PRESENT else float("nan")
    wearable = UUID(int=draw(st.integers(1, 5)))
    return Reading(wearable, metric.code, draw(st.integers(0, 2**44)), value, draw(st.integers(NO_RECORD, 2**62)), absence)


def same(body: Body) -> Body:
    return decode_body(class_of(body), encode_body(body))


@given(st.lists(readings(), max_size=20))
def test_readings_come_back(given_readings: list[Reading]) -> None:
    batch = batch_of(given_readings, [ClockEvidence(BELT, 5, 1, -3.0, 0.25)])
    back = same(batch)
    assert repr(back.readings()) == repr(given_readings)  # NaN equals itself in writing only
    assert back.clocks == batch.clocks


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=400))
def test_waveform_samples_come_back(values: list[int]) -> None:
    strip = WaveformPiece(BELT, 20, 1000, 125.0, 0.005, 77, np.array(values, dtype=np.int16))
    back = same(Waveforms((strip,)))
    assert isinstance(back, Waveforms)
    assert back.strips[0].samples.tolist() == values
    assert (back.strips[0].rate_hz, back.strips[0].first_sample) == (125.0, 77)


def a_finding(**changes: object) -> Finding:
    evidence = encode_evidence([Reading(BELT, 1, 900, 160.0, 3)])
    fields = {
        "id": UUID(int=9),
        "patient": PATIENT,
        "kind": "early_warning",
        "priority": Priority.HIGH,
        "at": 1000,
        "window_from": 0,
        "window_to": 1000,
    }
    fields |= {
        "score": 7.0,
        "explanation": "",
        "detector": Detector("news2", "2017", "ab"),
        "thresholds": {"high": 7.0},
        "coverage": {"spo2": 0.5},
    }
    return Finding(**(fields | {"trigger_wearable": BELT, "trigger_record": 3, "evidence": evidence} | changes))


def test_a_finding_comes_back_with_its_evidence() -> None:
    back = same(a_finding())
    assert back == a_finding()
    assert decode_evidence(back.evidence).readings() == [Reading(BELT, 1, 900, 160.0, 3)]


def test_an_adoption_comes_back() -> None:
    adopted = WearableAdopted(BELT, BELT, "thermometer", "C0:11:22:33:00:01")
    assert same(adopted) == adopted


@pytest.mark.parametrize(
    "adopted",
    [WearableAdopted(BELT, BELT, "Thermo meter", "C0:11:22:33:00:01"), WearableAdopted(BELT, BELT, "thermometer", "c0:11:22:33:00:01\n")],
)
def test_an_adoption_of_no_kind_or_address_is_undecodable(adopted: WearableAdopted) -> None:
    with pytest.raises(Undecodable):
        same(adopted)


def test_a_removal_comes_back() -> None:
    removed = WearableRemoved(BELT, 1_800_000_000_000)
    assert same(removed) == removed


@pytest.mark.parametrize("at", [-1, 1 << 46])
def test_a_removal_at_no_time_is_undecodable(at: int) -> None:
    with pytest.raises(Undecodable):
        same(WearableRemoved(BELT, at))


def test_a_gap_comes_back() -> None:
    gap = Gap(
        (GivenUp(b"e" * 16, 3, 5, MessageClass.WAVEFORM, 0, 10, GapReason.FULL), GivenUp(b"e" * 16, 7, 7, None, 0, 0, GapReason.GONE))
    )
    assert same(gap) == gap


@pytest.mark.parametrize(
    "body",
    [
        batch_of([Reading(BELT, 1, 0, 351.0)]),
        batch_of([Reading(BELT, 999, 0, 1.0)]),
        batch_of([Reading(BELT, 20, 0, 1.0)]),
        batch_of([Reading(BELT, 1, 0, float("nan"))]),
        batch_of([Reading(BELT, 1, -5, 60.0)]),
        a_finding(score=float("nan")),
        a_finding(evidence=b"nothing"),
        Waveforms((WaveformPiece(BELT, 1, 0, 125.0, 1.0, 0, np.zeros(3, dtype=np.int16)),)),
        Waveforms((WaveformPiece(BELT, 20, 0, 0.0, 1.0, 0, np.zeros(3, dtype=np.int16)),)),
    ],
)
def test_what_is_out_of_range_is_undecodable(body: Body) -> None:
    with pytest.raises(Undecodable) as caught:
        same(body)
    assert str(caught.value)


@given(st.sampled_from(MessageClass), st.binary(max_size=120))
def test_any_bytes_are_a_body_or_undecodable(of_class: MessageClass, data: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_body(of_class, data)


def test_evidence_keeps_its_strips() -> None:
    strip = WaveformPiece(BELT, 20, 1000, 125.0, 0.005, 0, np.arange(5, dtype=np.int16))
    batch, strips = decode_batch(encode_batch(batch_of([]), [strip]))
    assert len(batch) == 0
    assert strips[0].samples.tolist() == [0, 1, 2, 3, 4]
