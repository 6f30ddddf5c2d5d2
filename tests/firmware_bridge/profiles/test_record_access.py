"""Record access: requests and answers come back, any bytes are one or malformed; the octets are those of the specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware_bridge.profiles import record_access
from edge.firmware_bridge.profiles.record_access import Answer, Count, Operation, Operator, Outcome, Request
from protocol.errors import Malformed
from tests.firmware_bridge.profiles.times import OCTET, WORD

COUNTS = {Operator.UP_TO: 1, Operator.FROM: 1, Operator.WITHIN: 2}
REQUESTS = st.sampled_from(Operator).flatmap(
    lambda operator: st.builds(Request, st.sampled_from(Operation), st.just(operator), st.tuples(*[WORD] * COUNTS.get(operator, 0)))
)


@given(REQUESTS)
def test_a_request_comes_back(request: Request) -> None:
    assert record_access.parse_request(record_access.serialise_request(request)) == request


@given(st.builds(Count, WORD) | st.builds(Answer, OCTET, OCTET))
def test_an_answer_comes_back(answer: Count | Answer) -> None:
    assert record_access.parse_answer(record_access.serialise_answer(answer)) == answer


@given(st.binary(max_size=9))
def test_any_bytes_are_one_or_malformed(data: bytes) -> None:
    for parse in (record_access.parse_request, record_access.parse_answer):
        try:
            parse(data)
        except Malformed:
            continue


@pytest.mark.parametrize(
    ("request_", "octets"),
    [
        (Request(Operation.REPORT, Operator.ALL), "0101"),
        (Request(Operation.REPORT, Operator.FROM, (513,)), "0103010102"),
        (Request(Operation.DELETE, Operator.WITHIN, (1, 2)), "02040101000200"),
        (Request(Operation.COUNT, Operator.LAST), "0406"),
        (Request(Operation.ABORT), "0300"),
    ],
)
def test_requests_as_the_specification_writes_them(request_: Request, octets: str) -> None:
    assert record_access.serialise_request(request_).hex() == octets


def test_answers_as_the_specification_writes_them() -> None:
    assert record_access.parse_answer(bytes.fromhex("05000300")) == Count(3)
    assert record_access.parse_answer(bytes.fromhex("06000106")) == Answer(Operation.REPORT, Outcome.NO_RECORDS)


@pytest.mark.parametrize("data", ["0103020102", "0701", "0107", "010101", "0104010100"])
def test_a_request_that_is_none_is_refused(data: str) -> None:
    with pytest.raises(Malformed):
        record_access.parse_request(bytes.fromhex(data))


@pytest.mark.parametrize(
    "wrong",
    [
        Request(Operation.REPORT, Operator.FROM),
        Request(Operation.REPORT, Operator.ALL, (1,)),
        Request(Operation.REPORT, Operator.FROM, (1 << 16,)),
    ],
)
def test_a_request_with_other_operands_is_not_written(wrong: Request) -> None:
    with pytest.raises(Malformed, match="cannot have"):
        record_access.serialise_request(wrong)


@pytest.mark.parametrize("wrong", [Count(1 << 16), Answer(256, 1)])
def test_an_answer_that_does_not_fit_is_not_written(wrong: Count | Answer) -> None:
    with pytest.raises(Malformed):
        record_access.serialise_answer(wrong)
