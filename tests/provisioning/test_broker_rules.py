"""The broker knows every client by its certificate and lets it speak under its own name alone."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from protocol import channels
from provisioning import broker_rules
from provisioning.authority import Authority
from tests.support.broker import NOT_AUTHORISED, BrokerSite, Client, admitted, connecting, running_broker

ONE, TWO = UUID(int=1), UUID(int=2)


def test_the_rules_are_the_topics_of_the_protocol() -> None:
    rules = broker_rules.access_list(("ingest-1", "ingest-2"))
    assert f"topic read {channels.ALL_UPWARD}" in rules
    assert rules.count("user ingest-") == 2
    assert "pattern write " + channels.upward(ONE, "#").replace(ONE.hex, "%u") in rules
    assert "pattern read " + channels.downward(ONE, "#").replace(ONE.hex, "%u") in rules


def test_the_only_door_asks_for_a_certificate() -> None:
    lines = broker_rules.configuration(8883, "/b", "/b/identity", "/l/p.so").splitlines()
    assert [line for line in lines if line.startswith("listener")] == ["listener 8883 127.0.0.1"]
    for line in (
        "allow_anonymous false",
        "require_certificate true",
        "tls_version tlsv1.3",
        "use_username_as_clientid true",
        "crlfile /b/crl.pem",
    ):
        assert line in lines


@pytest.fixture(scope="module")
def site() -> Iterator[BrokerSite]:
    with running_broker() as site:
        yield site


@pytest.fixture
def connect(site: BrokerSite) -> Iterator[Callable[..., Client]]:
    with connecting(site) as connect:
        yield connect


def test_a_gateway_speaks_and_the_worker_hears(connect) -> None:
    worker, gateway = connect("ingest-1"), connect(ONE.hex)
    assert worker.subscribe(channels.shared_upward("ingest")) == 1
    assert gateway.subscribe(channels.downward(ONE, "#")) == 1
    assert gateway.publish(channels.upward(ONE, channels.MESSAGES)) == 0
    worker.wait_for(lambda: worker.heard == [channels.upward(ONE, channels.MESSAGES)])
    assert worker.publish(channels.downward(ONE, channels.RECEIPTS)) == 0
    gateway.wait_for(lambda: gateway.heard == [channels.downward(ONE, channels.RECEIPTS)])


@pytest.mark.parametrize(
    "topic",
    [channels.upward(TWO, channels.MESSAGES), channels.downward(TWO, channels.RECEIPTS), channels.downward(ONE, "receipt"), "$SYS/x"],
)
def test_a_gateway_publishes_nowhere_else(connect, topic: str) -> None:
    assert connect(ONE.hex).publish(topic) == NOT_AUTHORISED


@pytest.mark.parametrize(
    "topic",
    ["#", "g/#", channels.downward(TWO, "#"), "g/+/down/#", channels.shared_upward("ingest"), f"$share/x/{channels.downward(TWO, '#')}"],
)
def test_a_gateway_overhears_nothing(connect, topic: str) -> None:
    worker, two, eavesdropper = connect("ingest-1"), connect(TWO.hex), connect(ONE.hex)
    worker.subscribe(channels.ALL_UPWARD)
    two.subscribe(channels.downward(TWO, "#"))
    eavesdropper.subscribe(topic)
    eavesdropper.subscribe(channels.downward(ONE, "#"))
    for _ in range(4):
        two.publish(channels.upward(TWO, channels.MESSAGES))
        worker.publish(channels.downward(TWO, channels.RECEIPTS))
    worker.publish(channels.downward(ONE, channels.RECEIPTS))
    worker.wait_for(lambda: len(worker.heard) == 4)
    two.wait_for(lambda: len(two.heard) == 4)
    eavesdropper.wait_for(lambda: channels.downward(ONE, channels.RECEIPTS) in eavesdropper.heard)
    assert set(eavesdropper.heard) == {channels.downward(ONE, channels.RECEIPTS)}


def test_a_gateway_that_guesses_at_the_workers_group_takes_nothing_from_them(connect) -> None:
    worker, two, thief = connect("ingest-1"), connect(TWO.hex), connect(ONE.hex)
    worker.subscribe(channels.shared_upward(secrets.token_hex(16)))
    thief.subscribe(channels.shared_upward("ingest"))
    for _ in range(4):
        two.publish(channels.upward(TWO, channels.MESSAGES))
    worker.wait_for(lambda: len(worker.heard) == 4)


def test_a_gateway_that_takes_another_s_client_id_does_not_throw_it_out(connect) -> None:
    two = connect(TWO.hex)
    impostor = connect(ONE.hex, client_id=TWO.hex)
    assert impostor.publish(channels.upward(TWO, channels.MESSAGES)) == NOT_AUTHORISED
    assert two.publish(channels.upward(TWO, channels.MESSAGES)) in (0, 16)
    assert two.connected


def test_a_stranger_s_certificate_is_refused(site: BrokerSite, tmp_path: Path) -> None:
    stranger = Authority.make(tmp_path / "stranger", datetime.now(UTC))
    folder = site.identity(ONE.hex, stranger)
    assert not admitted(site, folder)
    assert admitted(site, site.identity(ONE.hex))


def test_no_certificate_is_refused(site: BrokerSite) -> None:
    assert not admitted(site, None)
