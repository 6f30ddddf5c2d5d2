"""EMQX gets the same rules as mosquitto. No EMQX runs here: what is looked at is the text, and a reading of it by its documented rules."""

import re
from uuid import UUID

import pytest

from protocol import channels
from provisioning import emqx_rules

ONE, TWO = UUID(int=1), UUID(int=2)
RULES = emqx_rules.access_list(("ingest-1", "ingest-2"))
RULE = re.compile(
    r'\{allow, \{username, (?:"(?P<name>[^"]+)"|\{re, "(?P<pattern>[^"]+)"\})\}, (?P<action>publish|subscribe), \["(?P<topic>[^"]+)"\]\}\.'
)


def covers(filtered: str, asked: str) -> bool:
    """Does a topic filter of a rule cover a topic or filter that was asked for? A wildcard asked for is covered by the same one or a wider."""
    ours, theirs = filtered.split("/"), asked.split("/")
    for at, level in enumerate(ours):
        if level == "#":
            return True
        if at >= len(theirs) or theirs[at] == "#" or (level != theirs[at] and level != "+") or (theirs[at] == "+" and level != "+"):
            return False
    return len(ours) == len(theirs)


def allowed(name: str, action: str, topic: str) -> bool:
    asked = re.sub(r"^\$share/[^/]+/", "", topic)
    for line in RULES.splitlines():
        if line == "{deny, all}.":
            return False
        rule = RULE.fullmatch(line)
        assert rule, line
        who = rule["name"] == name if rule["name"] else re.search(rule["pattern"], name)
        if who and rule["action"] == action and covers(rule["topic"].replace("${username}", name), asked):
            return True
    raise AssertionError("the last word is not a refusal")


def test_a_gateway_may_speak_and_hear_under_its_own_name() -> None:
    assert allowed(ONE.hex, "publish", channels.upward(ONE, channels.MESSAGES))
    assert allowed(ONE.hex, "subscribe", channels.downward(ONE, channels.RECEIPTS))
    assert allowed(ONE.hex, "subscribe", channels.downward(ONE, "#"))


@pytest.mark.parametrize(
    ("action", "topic"),
    [
        ("publish", channels.upward(TWO, channels.MESSAGES)),
        ("publish", channels.downward(ONE, channels.RECEIPTS)),
        ("publish", "$SYS/x"),
        ("subscribe", "#"),
        ("subscribe", "+/#"),
        ("subscribe", "g/#"),
        ("subscribe", "g/+/down/#"),
        ("subscribe", channels.ALL_UPWARD),
        ("subscribe", channels.downward(TWO, "#")),
        ("subscribe", channels.shared_upward("ingest")),
        ("subscribe", f"$share/x/{channels.downward(TWO, '#')}"),
        ("subscribe", "$queue/x/g/#"),
        ("subscribe", "$SYS/#"),
    ],
)
def test_a_gateway_may_do_nothing_else(action: str, topic: str) -> None:
    assert not allowed(ONE.hex, action, topic)


def test_a_worker_hears_all_and_answers_all_and_no_more() -> None:
    assert allowed("ingest-2", "subscribe", channels.shared_upward("secret"))
    assert allowed("ingest-2", "publish", channels.downward(TWO, channels.RECEIPTS))
    assert not allowed("ingest-2", "publish", channels.upward(TWO, channels.MESSAGES))
    assert not allowed("ingest-2", "subscribe", "#")
    assert not allowed("ingest-3", "subscribe", channels.shared_upward("secret"))


@pytest.mark.parametrize("worker", ["", 'x"}, all', "a/b", "#", ONE.hex])
def test_a_name_that_would_change_the_rules_is_refused(worker: str) -> None:
    with pytest.raises(ValueError, match="no worker's name"):
        emqx_rules.access_list((worker,))


def test_its_only_door_asks_for_a_certificate_and_takes_the_names_from_it() -> None:
    text = emqx_rules.configuration(8883, "/b", "/b/identity", crl_check=True)
    lines = [line.strip() for line in text.splitlines()]
    for line in (
        "listeners.tcp.default.enable = false",
        "listeners.ws.default.enable = false",
        "listeners.wss.default.enable = false",
        'versions = ["tlsv1.3"]',
        "verify = verify_peer",
        "fail_if_no_peer_cert = true",
        "enable_crl_check = true",
        "peer_cert_as_username = cn",
        "peer_cert_as_clientid = cn",
        "no_match = deny",
        '{ type = file, enable = true, path = "/b/acl.conf" }',
    ):
        assert line in lines
    assert text.count("{") == text.count("}")
    assert "enable_crl_check = false" in emqx_rules.configuration(8883, "/b", "/b/identity", crl_check=False)
