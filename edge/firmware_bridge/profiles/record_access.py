"""Record Access Control Point (2A52) of the Glucose and Continuous Glucose Monitoring Services: asking a meter for its stored records.

Its operands are filtered by one number: a sequence number (glucose) or a time offset in minutes (continuous glucose).
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import pack

from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed


class Operation(IntEnum):
    """What is asked."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    COUNT = 4


_COUNT_ANSWER, _ANSWER = 5, 6


class Operator(IntEnum):
    """Of which records."""

    NONE = 0
    ALL = 1
    UP_TO = 2
    FROM = 3
    WITHIN = 4
    FIRST = 5
    LAST = 6


class Outcome(IntEnum):
    """How it went."""

    SUCCESS = 1
    OPCODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS = 6
    ABORT_UNSUCCESSFUL = 7
    NOT_COMPLETED = 8
    OPERAND_NOT_SUPPORTED = 9


NUMBERED = 1
"""Filter type: by sequence number, or by time offset."""
_OPERANDS = {Operator.UP_TO: 1, Operator.FROM: 1, Operator.WITHIN: 2}


@dataclass(frozen=True, slots=True)
class Request:
    """A request. operands: of UP_TO and FROM one number, of WITHIN two (least, greatest), else none; each 0..65535."""

    operation: Operation
    operator: Operator = Operator.NONE
    operands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """An answer to COUNT."""

    records: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to anything else, or to a COUNT that failed. outcome: an `Outcome`, or a number that is none of ours."""

    operation: int
    outcome: int


def parse_request(data: bytes) -> Request:
    """Read a request.

    Raises:
        Malformed: no such operation or operator, another filter than by number, or not as many operands as the operator has.
    """
    octets = Octets("record access request", data)
    operation, operator = octets.unsigned(1, "opcode"), octets.unsigned(1, "operator")
    try:
        request = Request(Operation(operation), Operator(operator))
    except ValueError as error:
        raise Malformed(f"record access request: {error}") from error
    count = _OPERANDS.get(request.operator, 0)
    if count and (filtered := octets.unsigned(1, "filter type")) != NUMBERED:
        raise Malformed(f"record access request: filter type {filtered} is not known here")
    operands = tuple(octets.unsigned(2, "operand") for _ in range(count))
    octets.end()
    return Request(request.operation, request.operator, operands)


def serialise_request(request: Request) -> bytes:
    """Write a request.

    Raises:
        Malformed: not as many operands as the operator has, or one that does not fit 16 bits.
    """
    if len(request.operands) != _OPERANDS.get(request.operator, 0) or not all(0 <= each <= 0xFFFF for each in request.operands):
        raise Malformed(f"record access request: {request.operator.name} cannot have {request.operands}")
    filtered = bytes([NUMBERED]) if request.operands else b""
    return bytes([request.operation, request.operator]) + filtered + pack(f"<{len(request.operands)}H", *request.operands)


def parse_answer(data: bytes) -> Count | Answer:
    """Read an answer.

    Raises:
        Malformed: it is none.
    """
    octets = Octets("record access answer", data)
    kind, operator = octets.unsigned(1, "opcode"), octets.unsigned(1, "operator")
    if operator != Operator.NONE or kind not in (_COUNT_ANSWER, _ANSWER):
        raise Malformed(f"record access answer: opcode {kind} with operator {operator} is none")
    answer: Count | Answer
    if kind == _COUNT_ANSWER:
        answer = Count(octets.unsigned(2, "number of records"))
    else:
        answer = Answer(octets.unsigned(1, "request opcode"), octets.unsigned(1, "response value"))
    octets.end()
    return answer


def serialise_answer(answer: Count | Answer) -> bytes:
    """Write an answer.

    Raises:
        Malformed: a number outside what its field can say.
    """
    if isinstance(answer, Count):
        if not 0 <= answer.records <= 0xFFFF:
            raise Malformed(f"record access answer: {answer.records} records do not fit 16 bits")
        return pack("<BBH", _COUNT_ANSWER, Operator.NONE, answer.records)
    if not (0 <= answer.operation <= 0xFF and 0 <= answer.outcome <= 0xFF):
        raise Malformed(f"record access answer: {answer} cannot be written")
    return bytes([_ANSWER, Operator.NONE, answer.operation, answer.outcome])
