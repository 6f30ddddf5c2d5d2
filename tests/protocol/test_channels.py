"""Topics name their gateway in one spelling only."""

from uuid import UUID

import pytest

from protocol.channels import MESSAGES, require_same, sender, upward
from protocol.errors import Foreign, Malformed

GATEWAY = UUID("00000000-0000-4000-8000-00000000000a")


def test_a_topic_tells_its_sender() -> None:
    assert sender(upward(GATEWAY, MESSAGES)) == (GATEWAY.bytes, MESSAGES)


@pytest.mark.parametrize(
    "topic",
    ["g/x/up/message", "g//up/message", upward(GATEWAY, "other"), upward(GATEWAY, MESSAGES).upper(), "a/b", upward(GATEWAY, "message/x")],
)
def test_other_topics_are_malformed(topic: str) -> None:
    with pytest.raises(Malformed):
        sender(topic)


def test_anothers_message_is_foreign() -> None:
    with pytest.raises(Foreign):
        require_same(GATEWAY.bytes, bytes(16))
