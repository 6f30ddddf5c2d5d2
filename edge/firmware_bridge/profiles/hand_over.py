"""Our hand-over service (8d2b0200): numbered records that a wearable keeps until they are said to be kept elsewhere.

On subscription to `record` a wearable sends everything in its memory that is not yet kept, oldest first, then what it
measures. All fields are little-endian.
"""

from dataclasses import dataclass
from struct import Struct, pack

from edge.firmware_bridge.profiles.octets import Octets
from protocol.errors import Malformed

WRONG_SESSION = 0x80
"""ATT error of a `kept` that names another session than the wearable's."""

LARGEST_SESSION = (1 << 31) - 1
_U32 = (1 << 32) - 1
_RECORD_HEAD = Struct("<IIH")
_SESSION_WITHOUT_TICKS = 12


@dataclass(frozen=True, slots=True)
class Record:
    """One measurement as a wearable numbered it.

    sequence: 0..2^32-1, without gaps within a session. ticks_ms: the wearable's clock when the measurement was complete,
    ms since its session began. characteristic: 16-bit number, see `identifiers.uuid_of`. value: that characteristic's value.
    """

    sequence: int
    ticks_ms: int
    characteristic: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """All records of `session` up to and including `sequence` are durable elsewhere and may be forgotten."""

    session: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Session:
    """What a wearable's memory holds: sequences oldest .. next - 1 of `session` (1..2^31-1, drawn at each boot).

    ticks_ms: the wearable's clock when this was read, as in `Record`; None from older firmware, which does not say.
    """

    session: int
    oldest: int
    next: int
    ticks_ms: int | None = None


def parse_record(data: bytes) -> Record:
    """Read a record.

    Raises:
        Malformed: shorter than its head of 10 bytes.
    """
    octets = Octets("record", data)
    sequence, ticks_ms, characteristic = _RECORD_HEAD.unpack(octets.take(_RECORD_HEAD.size, "head"))
    return Record(sequence, ticks_ms, characteristic, octets.rest())


def serialise_record(record: Record) -> bytes:
    """Write a record.

    Raises:
        Malformed: a number outside its range.
    """
    if not (0 <= record.sequence <= _U32 and 0 <= record.ticks_ms <= _U32 and 0 <= record.characteristic <= 0xFFFF):
        raise Malformed(f"record {record.sequence} at {record.ticks_ms} of {record.characteristic:#x} cannot be written")
    return _RECORD_HEAD.pack(record.sequence, record.ticks_ms, record.characteristic) + record.value


def parse_kept(data: bytes) -> Kept:
    """Read what is kept.

    Raises:
        Malformed: not 8 bytes, or a session outside 1..2^31-1.
    """
    octets = Octets("kept", data)
    kept = Kept(octets.unsigned(4, "session"), octets.unsigned(4, "sequence"))
    octets.end()
    _check_session(kept.session)
    return kept


def serialise_kept(kept: Kept) -> bytes:
    """Write what is kept.

    Raises:
        Malformed: a number outside its range.
    """
    _check_session(kept.session)
    if not 0 <= kept.sequence <= _U32:
        raise Malformed(f"sequence {kept.sequence} does not fit 32 bits")
    return pack("<II", kept.session, kept.sequence)


def parse_session(data: bytes) -> Session:
    """Read a session.

    Raises:
        Malformed: neither 16 bytes nor the 12 of older firmware, a session outside 1..2^31-1, or an oldest record past the next.
    """
    octets = Octets("session", data)
    number, oldest, following = (octets.unsigned(4, field) for field in ("session", "oldest", "next"))
    session = Session(number, oldest, following, octets.unsigned(4, "ticks") if len(data) > _SESSION_WITHOUT_TICKS else None)
    octets.end()
    _check_session(session.session)
    if session.oldest > session.next:
        raise Malformed(f"session's oldest record {session.oldest} is past its next {session.next}")
    return session


def serialise_session(session: Session) -> bytes:
    """Write a session.

    Raises:
        Malformed: a number outside its range.
    """
    _check_session(session.session)
    if not (0 <= session.oldest <= session.next <= _U32 and 0 <= (session.ticks_ms or 0) <= _U32):
        raise Malformed(f"session with records {session.oldest}..{session.next} at {session.ticks_ms} cannot be written")
    ticks = b"" if session.ticks_ms is None else pack("<I", session.ticks_ms)
    return pack("<III", session.session, session.oldest, session.next) + ticks


def _check_session(session: int) -> None:
    if not 1 <= session <= LARGEST_SESSION:
        raise Malformed(f"session {session} is outside 1..2^31-1")
