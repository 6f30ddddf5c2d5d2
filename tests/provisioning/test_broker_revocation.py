"""Revoking goes the whole way, is told again until it is in force, and lists are signed anew in time. On a real mosquitto."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from provisioning import broker_revocation, broker_rules
from provisioning.broker_control import NotInForce
from provisioning.broker_revocation import NobodyToRevoke
from provisioning.crl_check import Freshness
from provisioning.revocation import RevocationReason
from tests.support.broker import BrokerSite, admitted, connecting, running_broker

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def site() -> Iterator[BrokerSite]:
    with running_broker() as site:
        yield site


def test_every_living_certificate_of_a_name_goes_and_a_new_one_comes_back(site: BrokerSite) -> None:
    first, second = site.identity(ONE.hex), site.another_identity(ONE.hex)
    now = datetime.now(UTC)
    assert broker_revocation.revoke(site.authority, site.broker.control, ONE.hex, RevocationReason.KEY_COMPROMISE, now) == 2
    assert not admitted(site, first)
    assert not admitted(site, second)
    assert admitted(site, site.another_identity(ONE.hex))


def test_a_name_without_a_certificate_is_said_to_be_so_and_cut_all_the_same(site: BrokerSite) -> None:
    with connecting(site) as connect:
        there = connect(ONE.hex)
        site.revoke(ONE.hex)
        there.wait_for(lambda: not there.connected)
        with pytest.raises(NobodyToRevoke):
            site.revoke(ONE.hex)


def test_what_was_recorded_while_the_broker_was_away_is_told_at_the_next_occasion(site: BrokerSite) -> None:
    control = site.broker.control
    identity = site.identity(ONE.hex)
    site.processes.stop("broker")
    with pytest.raises(NotInForce):
        site.revoke(ONE.hex)
    site.processes.start(site.broker.program, seconds=10)
    assert not admitted(site, identity)
    assert broker_revocation.publish_if_due(site.authority, control, datetime.now(UTC))
    assert not admitted(site, identity)
    assert admitted(site, site.identity(TWO.hex))


def test_lists_are_signed_again_at_half_of_their_life_and_not_before(site: BrokerSite) -> None:
    control, now = site.broker.control, datetime.now(UTC)
    assert broker_revocation.publish_if_due(site.authority, control, now)
    place = site.broker.folder / broker_rules.REVOKED
    first = place.read_bytes()
    assert not broker_revocation.publish_if_due(site.authority, control, now + timedelta(days=3))
    assert place.read_bytes() == first
    assert broker_revocation.check(control, now + timedelta(days=3)) is Freshness.FRESH
    assert broker_revocation.check(control, now + timedelta(days=5)) is Freshness.AGEING


def test_a_rotated_authority_s_certificates_pass_and_its_revoked_ones_do_not(site: BrokerSite) -> None:
    old = site.identity(ONE.hex)
    site.authority.rotate_issuing(datetime.now(UTC))
    new = site.identity(TWO.hex)
    site.revoke(ONE.hex)
    assert not admitted(site, old)
    assert admitted(site, new)
    site.revoke(TWO.hex)
    assert not admitted(site, new)
