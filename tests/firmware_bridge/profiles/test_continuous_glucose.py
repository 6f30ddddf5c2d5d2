"""Continuous glucose: every value comes back with and without its CRC, and one flipped bit is noticed where there is one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles import continuous_glucose as cgm
from edge.firmware_bridge.profiles.continuous_glucose import (
    Annunciation,
    Calibration,
    ContinuousGlucose,
    Control,
    ControlOutcome,
    Feature,
    Features,
    SensorStatus,
    SessionStart,
)
from edge.firmware_bridge.profiles.current_time import LocalTime
from edge.firmware_bridge.profiles.medical_floats import MedicalNumber
from edge.firmware_bridge.profiles.watch_time import WatchTime
from protocol.errors import Malformed
from tests.firmware_bridge.profiles.times import TIMES, WORD, numbers

BITS24 = st.integers(0, (1 << 24) - 1)
RECORDS = st.builds(
    ContinuousGlucose, numbers(0, 600), WORD, BITS24, st.none() | numbers(-2000, 2000, -1), st.none() | numbers(0, 1000, -1)
)


def test_the_crc_is_that_of_the_catalogue_of_parametrised_crcs() -> None:
    assert cgm.crc16(b"123456789") == 0x6F91


@given(records=st.lists(RECORDS, min_size=1, max_size=3), crc=st.booleans())
def test_records_come_back_several_in_one_notification(records: list[ContinuousGlucose], *, crc: bool) -> None:
    assert cgm.parse(cgm.serialise(records, crc=crc), crc=crc) == records


@given(RECORDS, st.data())
def test_a_flipped_bit_is_noticed(record: ContinuousGlucose, data: st.DataObject) -> None:
    written = bytearray(cgm.serialise([record], crc=True))
    bit = data.draw(st.integers(0, 8 * len(written) - 1))
    written[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed):
        cgm.parse(bytes(written), crc=True)


@given(data=st.binary(max_size=32), crc=st.booleans())
def test_any_bytes_are_a_value_or_malformed(data: bytes, *, crc: bool) -> None:
    for parse in (
        cgm.parse,
        cgm.parse_status,
        cgm.parse_session_start,
        cgm.parse_run_time,
        cgm.parse_control,
        cgm.parse_control_answer,
    ):
        try:
            parse(data, crc=crc)
        except Malformed:
            continue


@given(st.builds(Features, BITS24, st.integers(0, 15), st.integers(0, 15)))
def test_features_come_back_and_say_whether_there_is_a_crc(features: Features) -> None:
    written = cgm.serialise_features(features)
    assert cgm.parse_features(written) == features
    assert (written[-2:] == b"\xff\xff") == (not features.bits & Feature.CRC)


@given(status=st.builds(SensorStatus, WORD, BITS24), crc=st.booleans())
def test_a_status_comes_back(status: SensorStatus, *, crc: bool) -> None:
    assert cgm.parse_status(cgm.serialise_status(status, crc=crc), crc=crc) == status


@given(
    start=st.builds(SessionStart, TIMES, st.builds(LocalTime, st.none() | st.integers(-48, 56), st.sampled_from([0, 2, 4, 8]))),
    crc=st.booleans(),
)
def test_a_sessions_start_comes_back(start: SessionStart, *, crc: bool) -> None:
    assert cgm.parse_session_start(cgm.serialise_session_start(start, crc=crc), crc=crc) == start


def test_a_session_begins_when_a_collector_said_so_and_is_unknown_before() -> None:
    moment = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    assert cgm.session_start_of(moment).began == moment
    assert SessionStart(WatchTime(2026, 7, 1, 14, 0, 0), LocalTime(4, 4)).began == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert SessionStart(WatchTime(0, 0, 0, 0, 0, 0), LocalTime(0, 0)).began is None
    assert cgm.parse_run_time(cgm.with_crc((24 * 14).to_bytes(2, "little")), crc=True) == timedelta(days=14)


@pytest.mark.parametrize("crc", [False, True])
def test_requests_come_back(*, crc: bool) -> None:
    assert cgm.parse_control(cgm.start_session(crc=crc), crc=crc) == (Control.START_SESSION, b"")
    assert cgm.parse_control(cgm.stop_session(crc=crc), crc=crc) == (Control.STOP_SESSION, b"")
    assert cgm.parse_control(cgm.set_interval(5, crc=crc), crc=crc) == (Control.SET_INTERVAL, b"\x05")
    opcode, operand = cgm.parse_control(cgm.calibrate(Calibration(112, 90), crc=crc), crc=crc)
    assert (opcode, operand.hex()) == (Control.SET_CALIBRATION, "70005a00110000000000")
    said = cgm.serialise_control_answer(Control.START_SESSION, ControlOutcome.NOT_COMPLETED, crc=crc)
    assert cgm.parse_control_answer(said, crc=crc) == (Control.START_SESSION, ControlOutcome.NOT_COMPLETED)


def test_annunciation_goes_in_the_order_status_calibration_warning() -> None:
    bits = Annunciation.BATTERY_LOW | Annunciation.CALIBRATION_REQUIRED | Annunciation.BELOW_HYPO
    assert cgm.serialise([ContinuousGlucose(MedicalNumber(55), 7, bits)], crc=False).hex() == "09e037000700020804"


@pytest.mark.parametrize("data", ["", "05000000", "0700370007", "0600370007000600"])
def test_a_record_of_another_size_is_refused(data: str) -> None:
    with pytest.raises(Malformed):
        cgm.parse(bytes.fromhex(data), crc=False)


def test_what_no_field_can_say_is_not_written() -> None:
    with pytest.raises(Malformed):
        cgm.serialise([], crc=False)
    with pytest.raises(Malformed):
        cgm.serialise([ContinuousGlucose(MedicalNumber(100), 1 << 16)], crc=False)
    with pytest.raises(Malformed):
        cgm.set_interval(256, crc=False)
    with pytest.raises(Malformed):
        cgm.calibrate(Calibration(100, -1), crc=False)
    with pytest.raises(Malformed):
        cgm.serialise_features(Features(1 << 24))
    with pytest.raises(Malformed):
        cgm.serialise_status(SensorStatus(0, 1 << 24), crc=False)
    with pytest.raises(Malformed):
        cgm.parse_features(bytes.fromhex("000000110000"))
    with pytest.raises(Malformed):
        cgm.parse_control_answer(bytes.fromhex("1a1a01"), crc=False)
