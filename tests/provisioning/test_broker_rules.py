"""The broker knows every client by its certificate and lets it speak under its own name alone."""

import secrets
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from deploy.local.broker import Broker
from deploy.local.processes import Supervisor
from deploy.local.system_programs import ProgramMissing
from protocol import channels
from provisioning import broker_rules
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore

CACHE = Path(__file__).resolve().parents[2] / ".cache"
ONE, TWO = UUID(int=1), UUID(int=2)
NOT_AUTHORISED = 135


def test_the_rules_are_the_topics_of_the_protocol() -> None:
    rules = broker_rules.access_list(("ingest-1", "ingest-2"))
    assert f"topic read {channels.ALL_UPWARD}" in rules
    assert rules.count("user ") == 2
    assert "pattern write " + channels.upward(ONE, "#").replace(ONE.hex, "%u") in rules
    assert "pattern read " + channels.downward(ONE, "#").replace(ONE.hex, "%u") in rules


def test_the_only_door_asks_for_a_certificate() -> None:
    lines = broker_rules.configuration(8883, "/b", "/b/identity").splitlines()
    assert [line for line in lines if line.startswith("listener")] == ["listener 8883 127.0.0.1"]
    for line in ("allow_anonymous false", "require_certificate true", "tls_version tlsv1.3", "use_username_as_clientid true"):
        assert line in lines


@dataclass
class Site:
    folder: Path
    port: int
    authority: Authority

    def identity(self, name: str, authority: Authority | None = None) -> Path:
        folder = self.folder / f"{name}{'-stranger' if authority else ''}"
        if not (folder / "cert.pem").exists():
            device = FileKeystore.make(folder)
            device.take((authority or self.authority).sign_request(device.request(name), name, datetime.now(UTC)), self.authority.root)
        return folder


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    try:
        authority = Authority.make(folder / "authority", datetime.now(UTC))
        try:
            broker = Broker(folder / "broker", CACHE)
        except ProgramMissing as missing:
            pytest.skip(str(missing))
        broker.prepare(authority, ("ingest-1",))
        with Supervisor(folder / "logs") as processes:
            processes.start(broker.program, seconds=10)
            yield Site(folder, broker.port, authority)
    finally:
        shutil.rmtree(folder)


@dataclass
class Client:
    """A paho client that remembers what the broker answered."""

    mqtt: mqtt.Client
    heard: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)
    connected: bool = False

    def wait_for(self, something: object) -> None:
        with self.news:
            assert self.news.wait_for(something, 10)

    def publish(self, topic: str) -> int:
        mid = self.mqtt.publish(topic, b"sealed", qos=1).mid
        self.wait_for(lambda: mid in self.answers)
        return self.answers[mid]

    def subscribe(self, topic: str) -> int:
        mid = self.mqtt.subscribe(topic, qos=1)[1]
        assert mid is not None
        self.wait_for(lambda: mid in self.answers)
        return self.answers[mid]


@pytest.fixture
def connect(site: Site) -> Iterator[object]:
    opened: list[Client] = []

    def open_client(name: str, client_id: str | None = None) -> Client:
        folder = site.identity(name)
        raw = mqtt.Client(CallbackAPIVersion.VERSION2, client_id or name, protocol=MQTTProtocolVersion.MQTTv5)
        raw.tls_set(str(folder / "ca.pem"), str(folder / "cert.pem"), str(folder / "key.pem"))
        client = Client(raw)

        def tell(change: object) -> None:
            with client.news:
                change()
                client.news.notify_all()

        raw.on_connect = lambda *_: tell(lambda: setattr(client, "connected", True))
        raw.on_disconnect = lambda *_: tell(lambda: setattr(client, "connected", False))
        raw.on_publish = lambda _c, _u, mid, code, _p: tell(lambda: client.answers.update({mid: code.value}))
        raw.on_subscribe = lambda _c, _u, mid, codes, _p: tell(lambda: client.answers.update({mid: codes[0].value}))
        raw.on_message = lambda _c, _u, message: tell(lambda: client.heard.append(message.topic))
        raw.connect("127.0.0.1", site.port)
        raw.loop_start()
        opened.append(client)
        client.wait_for(lambda: client.connected)
        return client

    yield open_client
    for client in opened:
        client.mqtt.disconnect()
        client.mqtt.loop_stop()


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


def test_a_stranger_s_certificate_is_refused(site: Site, tmp_path: Path) -> None:
    stranger = Authority.make(tmp_path / "stranger", datetime.now(UTC))
    folder = site.identity(ONE.hex, stranger)
    assert not admitted(site, folder)
    assert admitted(site, site.identity(ONE.hex))


def test_no_certificate_is_refused(site: Site) -> None:
    assert not admitted(site, None)


def admitted(site: Site, identity: Path | None) -> bool:
    """Does the broker answer a CONNECT with an acceptance?"""
    context = ssl.create_default_context(cafile=str(site.identity(ONE.hex) / "ca.pem"))
    if identity:
        context.load_cert_chain(identity / "cert.pem", identity / "key.pem")
    accepted = threading.Event()
    gone = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False)
    client.tls_set_context(context)
    client.on_connect = lambda _c, _u, _f, code, _p: (gone if code.is_failure else accepted).set()
    client.on_disconnect = lambda *_: gone.set()
    try:
        client.connect("127.0.0.1", site.port)
    except (ssl.SSLError, ConnectionError):
        return False
    client.loop_start()
    try:
        for _ in range(100):
            if accepted.wait(0.1) or gone.is_set():
                break
        return accepted.is_set()
    finally:
        client.disconnect()
        client.loop_stop()
