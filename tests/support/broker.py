"""A real mosquitto with an authority of its own, and clients that remember what it answered."""

import shutil
import ssl
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.local.broker import Broker
from deploy.local.processes import Supervisor
from deploy.local.system_programs import ProgramMissing
from provisioning import broker_revocation
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore
from provisioning.revocation import RevocationReason

CACHE = Path(__file__).resolve().parents[2] / ".cache"
NOT_AUTHORISED = 135
WEEK = timedelta(days=7)


def revocation_lists(
    folder: Path, revoked: Iterable[int] = (), number: int = 1, made: datetime | None = None, life: timedelta = WEEK, name: str = "issuing"
) -> bytes:
    """Return a list (PEM) by the authority `name` in `folder`."""
    made = made or datetime.now(UTC) - timedelta(minutes=10)
    key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
    issuer = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateRevocationListBuilder(issuer.subject, made, made + life).add_extension(x509.CRLNumber(number), critical=False)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(made).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass
class BrokerSite:
    """A running broker, and identities by name."""

    folder: Path
    broker: Broker
    authority: Authority
    processes: Supervisor

    @property
    def port(self) -> int:
        return self.broker.port

    def identity(self, name: str, authority: Authority | None = None) -> Path:
        folder = self.folder / f"{name}{'-stranger' if authority else ''}"
        if not (folder / "cert.pem").exists():
            self._sign(folder, name, authority or self.authority)
        return folder

    def another_identity(self, name: str) -> Path:
        """Return one more key and certificate of the same name."""
        folder = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        self._sign(folder, name, self.authority)
        return folder

    def revoke(self, *names: str) -> None:
        """Revoke and cut the named, the whole way."""
        for name in names:
            self.identity(name)
            broker_revocation.revoke(self.authority, self.broker.control, name, RevocationReason.KEY_COMPROMISE, datetime.now(UTC))

    def _sign(self, folder: Path, name: str, authority: Authority) -> None:
        device = FileKeystore.make(folder)
        device.take(authority.sign_request(device.request(name), name, datetime.now(UTC)), self.authority.root)


@contextmanager
def running_broker() -> Generator[BrokerSite]:
    """Run a broker for one worker in a folder of its own; skips where there is no mosquitto."""
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
            yield BrokerSite(folder, broker, authority, processes)
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
    ended_by: int | None = None

    def wait_for(self, something: Callable[[], object], seconds: float = 10) -> None:
        with self.news:
            assert self.news.wait_for(something, seconds)

    def close(self) -> None:
        """Leave, and let go of paho's client: it closes its sockets when nothing refers to it any more."""
        self.mqtt.disconnect()
        self.mqtt.loop_stop()
        del self.mqtt

    def publish(self, topic: str, payload: bytes = b"sealed", *, retain: bool = False) -> int:
        mid = self.mqtt.publish(topic, payload, qos=1, retain=retain).mid
        self.wait_for(lambda: mid in self.answers)
        return self.answers[mid]

    def subscribe(self, topic: str) -> int:
        mid = self.mqtt.subscribe(topic, qos=1)[1]
        assert mid is not None
        self.wait_for(lambda: mid in self.answers)
        return self.answers[mid]


@dataclass(frozen=True)
class Link:
    """A broker that somebody else runs, and the one identity to show there."""

    port: int
    folder: Path

    def identity(self, _name: str) -> Path:
        return self.folder


def open_client(
    site: BrokerSite | Link,
    name: str,
    client_id: str | None = None,
    will: str | None = None,
    keep_seconds: int = 0,
    *,
    come_back: bool = True,
) -> Client:
    """Connect as `name`; keep_seconds: how long the broker keeps the session of one who is away."""
    folder = site.identity(name)
    raw = mqtt.Client(CallbackAPIVersion.VERSION2, client_id or name, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=come_back)
    raw.tls_set(str(folder / "ca.pem"), str(folder / "cert.pem"), str(folder / "key.pem"))
    if will:
        raw.will_set(will, b"a foreign will", qos=1)
    client = Client(raw)

    def tell(change: Callable[[], object]) -> None:
        with client.news:
            change()
            client.news.notify_all()

    def gone(_client, _userdata, _flags, code, _properties) -> None:
        tell(lambda: (setattr(client, "connected", False), setattr(client, "ended_by", code.value)))

    raw.on_connect = lambda _c, _u, _f, code, _p: tell(lambda: setattr(client, "connected", not code.is_failure))
    raw.on_disconnect = gone
    raw.on_publish = lambda _c, _u, mid, code, _p: tell(lambda: client.answers.update({mid: code.value}))
    raw.on_subscribe = lambda _c, _u, mid, codes, _p: tell(lambda: client.answers.update({mid: codes[0].value}))
    raw.on_message = lambda _c, _u, message: tell(lambda: client.heard.append(message.topic))
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = keep_seconds
    raw.connect("127.0.0.1", site.port, clean_start=not keep_seconds, properties=properties)
    raw.loop_start()
    client.wait_for(lambda: client.connected)
    return client


@contextmanager
def connecting(site: BrokerSite) -> Generator[Callable[..., Client]]:
    """Yield `open_client` for this broker; what was opened is closed at the end."""
    opened: list[Client] = []

    def connect(name: str, **how: object) -> Client:
        opened.append(open_client(site, name, **how))
        return opened[-1]

    try:
        yield connect
    finally:
        for client in opened:
            client.close()


def admitted(site: BrokerSite, identity: Path | None) -> bool:
    """Does the broker answer a CONNECT with an acceptance?"""
    context = ssl.create_default_context(cafile=str(site.broker.control.identity / "ca.pem"))
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
