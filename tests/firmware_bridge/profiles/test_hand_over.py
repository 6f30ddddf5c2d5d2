"""The hand-over service's values come back, any bytes are one or malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles import hand_over
from edge.firmware_bridge.profiles.hand_over import Kept, Record, Session
from protocol.errors import Malformed

U32 = st.integers(0, 2**32 - 1)
SESSIONS = st.integers(1, 2**31 - 1)


@given(st.builds(Record, U32, U32, st.integers(0, 0xFFFF), st.binary(max_size=230)))
def test_a_record_comes_back(record):
    assert hand_over.parse_record(hand_over.serialise_record(record)) == record


@given(st.builds(Kept, SESSIONS, U32))
def test_a_word_of_what_is_kept_comes_back(kept):
    assert hand_over.parse_kept(hand_over.serialise_kept(kept)) == kept


@given(SESSIONS, U32, U32, st.none() | U32)
def test_a_session_comes_back_with_the_clock_or_as_older_firmware_writes_it(number, one, other, ticks_ms):
    session = Session(number, min(one, other), max(one, other), ticks_ms)
    assert hand_over.parse_session(hand_over.serialise_session(session)) == session


@given(st.binary(max_size=20))
def test_any_bytes_are_what_they_say_or_malformed(data):
    for parse in (hand_over.parse_record, hand_over.parse_kept, hand_over.parse_session):
        try:
            parse(data)
        except Malformed:
            continue


def test_numbers_outside_their_range_are_refused_both_ways():
    for write, wrong in (
        (hand_over.serialise_record, Record(1 << 32, 0, 0, b"")),
        (hand_over.serialise_kept, Kept(0, 1)),
        (hand_over.serialise_kept, Kept(1, 1 << 32)),
        (hand_over.serialise_session, Session(1, 3, 2)),
        (hand_over.serialise_session, Session(1 << 31, 0, 0)),
        (hand_over.serialise_session, Session(1, 0, 0, 1 << 32)),
    ):
        with pytest.raises(Malformed):
            write(wrong)
    with pytest.raises(Malformed, match="past its next"):
        hand_over.parse_session(bytes.fromhex("010000000300000002000000"))
    with pytest.raises(Malformed, match="within ticks"):
        hand_over.parse_session(bytes.fromhex("01000000020000000300000004"))
    with pytest.raises(Malformed, match="outside"):
        hand_over.parse_kept(bytes(8))
