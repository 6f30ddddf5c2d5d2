"""One gateway hears, sends and disturbs nothing of another: mosquitto's own clients and paho against a real mosquitto."""

import subprocess
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from deploy.local import system_programs
from deploy.local.system_programs import ProgramMissing, SystemProgram
from protocol import channels
from tests.support.broker import CACHE, NOT_AUTHORISED, BrokerSite, Client, connecting, running_broker

ONE, TWO = UUID(int=1), UUID(int=2)
FOREIGN = [
    channels.upward(TWO, channels.MESSAGES),
    channels.downward(TWO, channels.RECEIPTS),
    channels.downward(TWO, "#"),
    f"g/{TWO.hex}/#",
    "g/+/down/#",
    "g/+/up/#",
    "g/#",
    "#",
    f"$share/x/{channels.downward(TWO, '#')}",
    "$share/x/g/#",
    "$SYS/#",
]


@pytest.fixture(scope="module")
def site() -> Iterator[BrokerSite]:
    with running_broker() as site:
        yield site


@pytest.fixture
def connect(site: BrokerSite) -> Iterator[Callable[..., Client]]:
    with connecting(site) as connect:
        yield connect


def client_program(name: str) -> SystemProgram:
    try:
        return system_programs.find(name, ("mosquitto-clients",), CACHE)
    except ProgramMissing as missing:
        pytest.skip(str(missing))


def command(site: BrokerSite, name: str, identity: str, *words: str) -> subprocess.Popen[str]:
    program, folder = client_program(name), site.identity(identity)
    files = ("--cafile", folder / "ca.pem", "--cert", folder / "cert.pem", "--key", folder / "key.pem")
    line = (program.path, "-h", "localhost", "-p", str(site.port), "-V", "5", *files, *words)
    environment = {"PATH": "/usr/bin:/bin", **program.environment}
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_mosquitto_pub_is_refused_everywhere_but_under_its_own_name(site: BrokerSite) -> None:
    own = ("-t", channels.upward(ONE, channels.MESSAGES), "-m", "x", "-q", "1")
    assert said(command(site, "mosquitto_pub", ONE.hex, *own))[0] == 0
    for topic in (channels.upward(TWO, channels.MESSAGES), channels.downward(TWO, channels.RECEIPTS), channels.downward(ONE, "x"), "x"):
        _, _, err = said(command(site, "mosquitto_pub", ONE.hex, "-t", topic, "-m", "x", "-q", "1"))
        assert "Not authorized" in err, topic


def test_mosquitto_sub_hears_its_own_and_nothing_of_another_by_name_wildcard_or_share(site: BrokerSite, connect) -> None:
    two, worker = connect(TWO.hex), connect("ingest-1")
    worker.subscribe(channels.ALL_UPWARD)
    topics = [word for topic in (*FOREIGN, channels.downward(ONE, "#")) for word in ("-t", topic)]
    listener = command(site, "mosquitto_sub", ONE.hex, "-q", "1", "-F", "%t", "-W", "20", "-C", "1", *topics)
    while listener.poll() is None:
        before = len(worker.heard)
        two.publish(channels.upward(TWO, channels.MESSAGES))
        worker.publish(channels.downward(TWO, channels.RECEIPTS))
        worker.wait_for(lambda before=before: len(worker.heard) > before)
        worker.publish(channels.downward(ONE, channels.RECEIPTS))
    code, out, _ = said(listener)
    assert (code, out.splitlines()) == (0, [channels.downward(ONE, channels.RECEIPTS)])


def test_what_was_retained_for_another_is_not_told(connect) -> None:
    worker, two = connect("ingest-1"), connect(TWO.hex)
    assert two.publish(channels.upward(TWO, channels.MESSAGES), retain=True) in (0, 16)
    assert worker.publish(channels.downward(TWO, channels.RECEIPTS), retain=True) in (0, 16)
    assert worker.publish(channels.downward(ONE, channels.RECEIPTS), retain=True) in (0, 16)
    eavesdropper = connect(ONE.hex)
    for topic in (*FOREIGN, channels.downward(ONE, "#")):
        eavesdropper.subscribe(topic)
    eavesdropper.wait_for(lambda: eavesdropper.heard)
    assert set(eavesdropper.heard) == {channels.downward(ONE, channels.RECEIPTS)}
    two.subscribe(channels.downward(TWO, "#"))
    two.wait_for(lambda: two.heard == [channels.downward(TWO, channels.RECEIPTS)])
    assert worker.publish(channels.downward(TWO, channels.RECEIPTS), b"", retain=True) in (0, 16)
    assert two.publish(channels.upward(TWO, channels.MESSAGES), b"", retain=True) in (0, 16)
    assert worker.publish(channels.downward(ONE, channels.RECEIPTS), b"", retain=True) in (0, 16)


@pytest.mark.parametrize("topic", [channels.upward(TWO, channels.MESSAGES), channels.downward(TWO, channels.RECEIPTS)])
def test_a_foreign_will_is_never_delivered_and_an_own_one_is(connect, topic: str) -> None:
    worker, two = connect("ingest-1"), connect(TWO.hex)
    worker.subscribe(channels.ALL_UPWARD)
    two.subscribe(channels.downward(TWO, "#"))
    for will in (topic, channels.upward(ONE, channels.MESSAGES)):
        dying = connect(ONE.hex, will=will, come_back=False)
        dying.mqtt.socket().shutdown(2)
        dying.wait_for(lambda dying=dying: not dying.connected)
    worker.wait_for(lambda: worker.heard)
    assert worker.publish(channels.downward(TWO, "last")) == 0
    two.wait_for(lambda: two.heard)
    assert (worker.heard, two.heard) == ([channels.upward(ONE, channels.MESSAGES)], [channels.downward(TWO, "last")])


def test_mosquitto_pub_with_another_s_client_id_throws_nobody_out(site: BrokerSite, connect) -> None:
    two = connect(TWO.hex)
    two.subscribe(channels.downward(TWO, "#"))
    topic = channels.upward(ONE, channels.MESSAGES)
    assert said(command(site, "mosquitto_pub", ONE.hex, "-i", TWO.hex, "-u", TWO.hex, "-t", topic, "-m", "x", "-q", "1"))[0] == 0
    _, _, err = said(
        command(site, "mosquitto_pub", ONE.hex, "-i", TWO.hex, "-u", TWO.hex, "-t", channels.upward(TWO, "x"), "-m", "x", "-q", "1")
    )
    assert "Not authorized" in err
    assert two.ended_by is None
    assert two.connected


def test_a_kept_session_of_another_is_not_taken_over(connect) -> None:
    worker, two = connect("ingest-1"), connect(TWO.hex, keep_seconds=60)
    two.subscribe(channels.downward(TWO, "#"))
    two.mqtt.disconnect()
    two.wait_for(lambda: not two.connected)
    worker.publish(channels.downward(TWO, channels.RECEIPTS))
    thief = connect(ONE.hex, client_id=TWO.hex, keep_seconds=60)
    thief.subscribe(channels.downward(ONE, "#"))
    worker.publish(channels.downward(ONE, channels.RECEIPTS))
    thief.wait_for(lambda: thief.heard)
    assert thief.heard == [channels.downward(ONE, channels.RECEIPTS)]
    again = connect(TWO.hex, keep_seconds=60)
    again.wait_for(lambda: again.heard == [channels.downward(TWO, channels.RECEIPTS)])
    assert thief.publish(channels.upward(TWO, channels.MESSAGES)) == NOT_AUTHORISED
