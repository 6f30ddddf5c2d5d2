"""How fast a revoked gateway is out: `make bench-revocation`, or `python -m benchmarks.revocation`; REPORT=file keeps the figures.

A real mosquitto with mutual TLS; GATEWAYS (default 20) gateways are connected and publish ten messages a second each. They are revoked one
after another, the whole way (record, list, broker, cut). Measured from the call of `revoke`, wall seconds: until the gateway sees its link
end, and until a new connection that it tries at once is refused. Prints {"figures", "goals", "missed", "context"}; exit status 1 when a goal
is missed, 2 where there is no mosquitto.
"""

import json
import os
import platform
import shutil
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from deploy.local.broker import Broker
from deploy.local.processes import Supervisor
from deploy.local.system_programs import ProgramMissing
from protocol import channels
from provisioning import broker_revocation
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore
from provisioning.revocation import RevocationReason

ROOT = Path(__file__).resolve().parents[1]
GOAL_SECONDS = 60.0
EACH_SECONDS = 0.1
PATIENCE_SECONDS = 120.0


@dataclass
class Gateway:
    """A connected gateway that publishes until it is thrown out, and tries once to come back."""

    id: UUID
    identity: Path
    client: Client
    out: threading.Event = field(default_factory=threading.Event)
    out_at: float = 0.0
    published: int = 0

    def publish(self) -> None:
        """Publish every tenth of a second; for a thread of its own."""
        while not self.out.wait(EACH_SECONDS):
            self.client.publish(channels.upward(self.id, channels.MESSAGES), b"sealed", qos=1)
            self.published += 1


@dataclass(frozen=True)
class Seconds:
    """From the call of `revoke`: until the link ended, until a new connection was refused; connections that were let in meanwhile."""

    disconnect: float
    refused: float
    let_in: int


def enrol(folder: Path, number: int, authority: Authority) -> Gateway:
    """Make a gateway with its identity."""
    gateway = UUID(int=number)
    identity = folder / gateway.hex
    device = FileKeystore.make(identity)
    device.take(authority.sign_request(device.request(gateway.hex), gateway.hex, datetime.now(UTC)), authority.root)
    client = Client(CallbackAPIVersion.VERSION2, gateway.hex, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False)
    context = ssl.create_default_context(cafile=str(identity / "ca.pem"))
    context.load_cert_chain(identity / "cert.pem", identity / "key.pem")
    cast("Callable[[ssl.SSLContext], None]", client.tls_set_context)(context)
    return Gateway(gateway, identity, client)


@contextmanager
def publishing(gateway: Gateway, port: int) -> Generator[None]:
    """Keep a gateway connected and publishing."""
    connected = threading.Event()

    def end() -> None:
        gateway.out_at = time.monotonic()
        gateway.out.set()

    gateway.client.on_connect = lambda _c, _u, _f, code, _p: None if code.is_failure else connected.set()
    gateway.client.on_disconnect = lambda _c, _u, _f, _code, _p: end()
    gateway.client.connect("127.0.0.1", port)
    gateway.client.loop_start()
    if not connected.wait(PATIENCE_SECONDS):
        raise TimeoutError("a gateway did not connect")
    thread = threading.Thread(target=gateway.publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        gateway.out.set()
        thread.join()
        gateway.client.disconnect()
        gateway.client.loop_stop()


def revoke(gateway: Gateway, broker: Broker, authority: Authority) -> Seconds:
    """Revoke one gateway and say how long it took."""
    start = time.monotonic()
    broker_revocation.revoke(authority, broker.control, gateway.id.hex, RevocationReason.KEY_COMPROMISE, datetime.now(UTC))
    if not gateway.out.wait(PATIENCE_SECONDS):
        return Seconds(PATIENCE_SECONDS, PATIENCE_SECONDS, 0)
    let_in = 0
    while broker.control.door.admits(gateway.identity):
        let_in += 1
        if time.monotonic() - start > PATIENCE_SECONDS:
            break
    return Seconds(gateway.out_at - start, time.monotonic() - start, let_in)


def measure(count: int) -> list[Seconds]:
    """Run a broker with `count` gateways and revoke each.

    Raises:
        ProgramMissing: no mosquitto here, and none to be had.
    """
    folder = Path(tempfile.mkdtemp(prefix="mediassist-"))
    folder.chmod(0o711)
    try:
        authority = Authority.make(folder / "authority", datetime.now(UTC))
        broker = Broker(folder / "broker", ROOT / ".cache")
        broker.prepare(authority, ("ingest-1",))
        gateways = [enrol(folder, number, authority) for number in range(1, count + 1)]
        with Supervisor(folder / "logs") as processes, ExitStack() as links:
            processes.start(broker.program, seconds=10)
            for gateway in gateways:
                links.enter_context(publishing(gateway, broker.port))
            return [revoke(gateway, broker, authority) for gateway in gateways]
    finally:
        shutil.rmtree(folder)


def spread(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p99 and the longest."""
    p50, p99 = np.percentile(seconds, [50, 99])
    return {f"{name}_p50_s": round(float(p50), 3), f"{name}_p99_s": round(float(p99), 3), f"{name}_max_s": round(max(seconds), 3)}


def report(count: int) -> dict[str, object]:
    """Measure; return the report, ready for JSON."""
    each = measure(count)
    disconnect, refused = spread("disconnect", [one.disconnect for one in each]), spread("refused", [one.refused for one in each])
    figures = {**disconnect, **refused, "let_in_after_the_cut": sum(one.let_in for one in each)}
    goals = {"disconnect_max_s": GOAL_SECONDS, "refused_max_s": GOAL_SECONDS}
    missed = [name for name, most in goals.items() if not figures[name] < most]
    if figures["let_in_after_the_cut"]:
        missed.append("let_in_after_the_cut")
    return {
        "figures": figures,
        "goals": {**{name: ["<", most] for name, most in goals.items()}, "let_in_after_the_cut": ["<=", 0]},
        "missed": missed,
        "context": {
            "revocations": count,
            "messages_per_second": count / EACH_SECONDS,
            "time": "wall seconds from the call of revoke; the link ends only after the broker was seen to refuse by the new list",
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        },
    }


def main() -> int:
    """Print the report, keep it where REPORT says; 1 when a goal is missed, 2 where it cannot be measured."""
    try:
        made = report(int(os.environ.get("GATEWAYS") or "20"))
    except ProgramMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    text = json.dumps(made, indent=2)
    print(text)
    if os.environ.get("REPORT"):
        Path(os.environ["REPORT"]).write_text(text + "\n")
    return 1 if made["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
