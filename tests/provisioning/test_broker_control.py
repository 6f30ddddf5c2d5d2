"""A revoked certificate is cut off and never comes back, whatever happens to the list. On a real mosquitto."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from protocol import channels
from provisioning import broker_revocation, broker_rules
from provisioning.authority import Authority
from provisioning.broker_control import BrokerControl, NotInForce
from provisioning.broker_door import BrokerDoor, NoAnswer
from provisioning.crl_check import Fault, Freshness, ListRefused
from tests.support.broker import NOT_AUTHORISED, BrokerSite, Client, admitted, connecting, revocation_lists, running_broker

GOES, STAYS = UUID(int=0xA), UUID(int=0xB)
BY_AN_ADMINISTRATOR = 152


@pytest.fixture
def site() -> Iterator[BrokerSite]:
    with running_broker() as site:
        yield site


@pytest.fixture
def connect(site: BrokerSite) -> Iterator[Callable[..., Client]]:
    with connecting(site) as connect:
        yield connect


def test_a_revoked_gateway_is_cut_and_comes_back_no_more_and_nobody_else_notices(site: BrokerSite, connect) -> None:
    goes, stays = connect(GOES.hex), connect(STAYS.hex)
    assert goes.publish(channels.upward(GOES, channels.MESSAGES)) in (0, 16)
    site.revoke(GOES.hex)
    goes.wait_for(lambda: goes.ended_by == BY_AN_ADMINISTRATOR and not goes.connected)
    assert not admitted(site, site.identity(GOES.hex))
    assert stays.connected
    assert stays.ended_by is None
    assert admitted(site, site.identity(STAYS.hex))
    assert stays.publish(channels.upward(STAYS, channels.MESSAGES)) in (0, 16)


def test_a_revoked_gateway_that_tries_again_and_again_is_never_let_in(site: BrokerSite, connect) -> None:
    came_back: list[float] = []
    goes = connect(GOES.hex)
    goes.mqtt.reconnect_delay_set(1, 1)
    goes.mqtt.on_connect = lambda _c, _u, _f, code, _p: None if code.is_failure else came_back.append(time.monotonic())
    site.revoke(GOES.hex)
    goes.wait_for(lambda: goes.ended_by is not None)
    threading.Event().wait(3)
    assert came_back == []


def test_a_broken_or_strange_or_older_list_never_takes_the_place_of_the_present_one(site: BrokerSite, tmp_path: Path) -> None:
    site.revoke(GOES.hex)
    place = site.broker.folder / broker_rules.REVOKED
    before, now = place.read_bytes(), datetime.now(UTC)
    Authority.make(tmp_path / "stranger", now)
    issuer, probe = (site.authority.records.issuing["issuing"],), broker_revocation.probe(site.broker.control)
    for lists, fault in (
        (before[:-30], Fault.UNREADABLE),
        (b"", Fault.UNREADABLE),
        (revocation_lists(tmp_path / "stranger", number=1 << 40), Fault.STRANGER),
        (revocation_lists(site.folder / "authority", number=1), Fault.OLDER),
        (revocation_lists(site.folder / "authority", number=1 << 40, made=now - timedelta(days=8)), Fault.EXPIRED),
    ):
        with pytest.raises(ListRefused) as refused:
            site.broker.control.publish(lists, issuer, probe, now)
        assert refused.value.fault is fault
    assert place.read_bytes() == before
    site.broker.control.read_again()
    assert not admitted(site, site.identity(GOES.hex))
    assert admitted(site, site.identity(STAYS.hex))
    assert [path.name for path in place.parent.glob(".*")] == []


def test_an_expired_list_lets_nobody_in_and_is_an_alarm(site: BrokerSite) -> None:
    broker_revocation.publish(site.authority, site.broker.control, datetime.now(UTC), timedelta(seconds=3))
    assert admitted(site, site.identity(STAYS.hex))
    deadline = time.monotonic() + 10
    while admitted(site, site.identity(STAYS.hex)):
        assert time.monotonic() < deadline
    assert broker_revocation.check(site.broker.control, datetime.now(UTC)) is Freshness.EXPIRED
    site.revoke(GOES.hex)
    assert admitted(site, site.identity(STAYS.hex))
    assert not admitted(site, site.identity(GOES.hex))
    assert broker_revocation.check(site.broker.control, datetime.now(UTC)) is Freshness.FRESH


def test_a_list_broken_behind_our_back_is_noticed_and_mended(site: BrokerSite) -> None:
    site.revoke(GOES.hex)
    (site.broker.folder / broker_rules.REVOKED).write_bytes(b"not a list")
    site.broker.control.read_again()
    try:
        noticed = broker_revocation.check(site.broker.control, datetime.now(UTC)) is Freshness.EXPIRED
    except NotInForce:
        noticed = True
    assert noticed
    assert broker_revocation.publish_if_due(site.authority, site.broker.control, datetime.now(UTC))
    assert not admitted(site, site.identity(GOES.hex))
    assert admitted(site, site.identity(STAYS.hex))


def test_a_restarted_broker_still_refuses_the_revoked(site: BrokerSite) -> None:
    site.revoke(GOES.hex)
    site.processes.stop("broker")
    site.processes.start(site.broker.program, seconds=10)
    assert not admitted(site, site.identity(GOES.hex))
    assert admitted(site, site.identity(STAYS.hex))


def test_only_the_controlling_identity_may_cut_and_it_may_do_nothing_else(connect) -> None:
    victim = connect(STAYS.hex)
    commands = broker_rules.cut_commands((STAYS.hex,)).encode()
    for name in (GOES.hex, "ingest-1"):
        assert connect(name).publish(broker_rules.CONTROL_TOPIC, commands) == NOT_AUTHORISED
    assert victim.ended_by is None
    controlling = connect(broker_rules.CONTROL)
    controlling.subscribe("#")
    controlling.subscribe(broker_rules.ANSWER_TOPIC)
    victim.publish(channels.upward(STAYS, channels.MESSAGES))
    assert controlling.publish(broker_rules.CONTROL_TOPIC, commands) == 0
    victim.wait_for(lambda: victim.ended_by == BY_AN_ADMINISTRATOR)
    controlling.wait_for(lambda: controlling.heard)
    assert controlling.heard == [broker_rules.ANSWER_TOPIC]
    assert controlling.publish(channels.downward(GOES, channels.RECEIPTS)) == NOT_AUTHORISED


def test_cutting_one_who_is_not_there_is_no_trouble(site: BrokerSite) -> None:
    site.broker.control.door.cut(site.broker.control.identity, (GOES.hex, STAYS.hex))
    assert admitted(site, site.identity(GOES.hex))


def test_a_probe_that_the_list_does_not_revoke_proves_nothing(site: BrokerSite) -> None:
    now = datetime.now(UTC)
    trusted = broker_revocation.issuers(site.authority, now)
    with pytest.raises(NotInForce):
        site.broker.control.publish(site.authority.revocation_list(now), trusted, site.identity(STAYS.hex), now)


def test_a_broker_that_is_not_there_is_said_to_be_so(site: BrokerSite, tmp_path: Path) -> None:
    nowhere = BrokerControl(tmp_path, BrokerDoor("127.0.0.1", 9), site.broker.control.identity)
    with pytest.raises(NotInForce):
        nowhere.read_again()
    (tmp_path / "kept").mkdir()
    (tmp_path / broker_rules.PID).write_text(str(os.getpid()))
    with pytest.raises(NotInForce, match="no mosquitto"):
        nowhere.read_again()
    with pytest.raises(NoAnswer):
        nowhere.door.admits(nowhere.identity)
