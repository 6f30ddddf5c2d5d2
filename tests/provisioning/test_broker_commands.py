"""The broker's commands do what they say and exit with what a timer or monitor can act on."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from provisioning import emqx_rules
from provisioning.broker_commands import broker
from tests.support.broker import BrokerSite, admitted, running_broker

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture(scope="module")
def site() -> Iterator[BrokerSite]:
    with running_broker() as site:
        yield site


def words(site: BrokerSite, *more: str, signing: bool = True) -> list[str]:
    authority = ["--folder", str(site.folder / "authority"), "--bare-keys"] if signing else []
    return [*more, "--broker", str(site.broker.folder), "--port", str(site.port), *authority]


def test_publish_then_check_then_revoke(site: BrokerSite, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = site.identity(ONE.hex), site.identity(TWO.hex)
    assert broker(words(site, "check", signing=False)) == 1
    assert broker(words(site, "publish-crl")) == 0
    assert broker(words(site, "publish-crl")) == 0
    assert broker(words(site, "publish-crl", "--now")) == 0
    assert broker(words(site, "check", signing=False)) == 0
    assert broker(words(site, "revoke", ONE.hex, "--reason", "cessationOfOperation")) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "new revocation lists are in force",
        "the revocation lists in force are fresh",
        "new revocation lists are in force",
        "revocation lists: fresh; a revoked certificate is refused",
        f"{ONE.hex}: certificates taken back: 1; refused by the broker, link cut",
    ]
    assert not admitted(site, one)
    assert admitted(site, two)


def test_what_cannot_be_done_is_said_and_is_exit_status_one(site: BrokerSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert broker(words(site, "revoke", UUID(int=9).hex)) == 1
    assert "no living certificate" in capsys.readouterr().err
    away = ["--broker", str(site.folder / "nowhere"), "--port", "9", "--folder", str(site.folder / "authority"), "--bare-keys"]
    assert broker(["publish-crl", *away]) == 1
    assert broker(["revoke", ONE.hex, "--broker", str(site.broker.folder), "--folder", str(site.folder / "nothing"), "--bare-keys"]) == 1


def test_emqx_gets_its_two_files(tmp_path: Path) -> None:
    assert broker(["emqx", "--broker", str(tmp_path / "emqx"), "--port", "8884", "--worker", "ingest-1", "--worker", "ingest-2"]) == 0
    assert (tmp_path / "emqx" / "acl.conf").read_text() == emqx_rules.access_list(("ingest-1", "ingest-2"))
    assert f'path = "{tmp_path}/emqx/acl.conf"' in (tmp_path / "emqx" / "mediassist.conf").read_text()
    assert broker(["emqx", "--broker", str(tmp_path), "--worker", 'x"']) == 2
