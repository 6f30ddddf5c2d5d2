"""Topics as functions of ids. A gateway is called by the 32 hexadecimal digits of its id, as in its certificate."""

from functools import lru_cache
from uuid import UUID

from protocol.errors import Foreign, Malformed

OPENINGS = "opening"
MESSAGES = "message"
RECEIPTS = "receipt"
UNKNOWN = "unknown"
STANDINGS = "standing"
ORDERS = "order"

ALL_UPWARD = "g/+/up/#"


def upward(gateway: UUID, what: str) -> str:
    """Return where a gateway publishes its openings, messages or standings."""
    return f"g/{gateway.hex}/up/{what}"


def shared_upward(group: str) -> str:
    """Return what the workers of one group subscribe to, each message to one of them.

    group: known to the workers alone. A broker may let anyone into a group and refuse at delivery: what is dealt to a stranger is gone
    until it is sent again.
    """
    return f"$share/{group}/{ALL_UPWARD}"


def downward(gateway: UUID, what: str) -> str:
    """Return where a gateway hears receipts, `Unknown`s and orders."""
    return f"g/{gateway.hex}/down/{what}"


@lru_cache(maxsize=65_536)
def sender(topic: str) -> tuple[bytes, str]:
    """Return which gateway (16 bytes) published on an upward topic, and what.

    Raises:
        Malformed: not an upward topic.
    """
    parts = topic.split("/")
    if len(parts) != 4 or parts[0] != "g" or parts[2] != "up" or parts[3] not in (OPENINGS, MESSAGES, STANDINGS):
        raise Malformed("not an upward topic")
    try:
        gateway = UUID(hex=parts[1])
    except ValueError as error:
        raise Malformed("an upward topic names no gateway") from error
    if gateway.hex != parts[1]:
        raise Malformed("an upward topic spells its gateway in another form")
    return gateway.bytes, parts[3]


def require_same(topic_gateway: bytes, header_gateway: bytes) -> None:
    """Check that a message came by its own gateway's topic; ids of 16 bytes.

    Raises:
        Foreign: it did not.
    """
    if topic_gateway != header_gateway:
        raise Foreign("a message names another gateway than its topic")
