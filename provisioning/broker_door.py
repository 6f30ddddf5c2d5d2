"""Two things done at a broker's door: see whom it lets in, and have it throw somebody out. By paho, over mutual TLS."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from provisioning import broker_rules
from provisioning.keystore import AUTHORITY, CERTIFICATE, KEY

PATIENCE_SECONDS = 10.0


class NoAnswer(Exception):
    """The broker could not be reached, or did not answer in time: nothing is known about it; try again, and look at its log."""


class ControlRefused(Exception):
    """The broker did not do what its controlling identity asked: the message is its own."""


@dataclass(frozen=True, slots=True)
class BrokerDoor:
    """Where a broker listens. An identity is a folder with `key.pem`, `cert.pem` and `ca.pem`."""

    host: str
    port: int

    def admits(self, identity: Path) -> bool:
        """Return whether the broker accepts a connection with this certificate.

        Raises:
            NoAnswer: it says neither yes nor no.
        """
        accepted, refused = threading.Event(), threading.Event()
        told = threading.Event()

        def tell(word: threading.Event) -> None:
            word.set()
            told.set()

        client = _client(identity)
        client.on_connect = lambda _c, _u, _f, code, _p: tell(refused if code.is_failure else accepted)
        client.on_disconnect = lambda _c, _u, _f, _code, _p: tell(refused)
        if not self._connect(client):
            return False
        with _Loop(client):
            if not told.wait(PATIENCE_SECONDS):
                raise NoAnswer(f"the broker on {self.host}:{self.port} answers neither yes nor no within {PATIENCE_SECONDS:g} s")
        return accepted.is_set()

    def cut(self, control: Path, names: tuple[str, ...]) -> None:
        """Throw out every live link of the clients named; control: the controlling identity. Who is not connected is not missed.

        Raises:
            NoAnswer: not reached, or no answer.
            ControlRefused: the plugin did not delete a client, so that a link may live on.
        """
        answer: list[bytes] = []
        told = threading.Event()
        client = _client(control)

        def hear(_client: Client, _userdata: object, message: MQTTMessage) -> None:
            answer.append(bytes(message.payload))
            told.set()

        client.on_connect = lambda connected, _u, _f, _code, _p: _subscribe(connected)
        client.on_subscribe = lambda subscribed, _u, _mid, _codes, _p: _publish(subscribed, names)
        client.on_message = hear
        if not self._connect(client):
            raise ControlRefused("the broker does not let its controlling identity in")
        with _Loop(client):
            if not told.wait(PATIENCE_SECONDS):
                raise NoAnswer("no answer from the dynamic-security plugin: is it in the broker's configuration?")
        if trouble := broker_rules.not_cut(answer[0], names):
            raise ControlRefused(f"the broker did not cut {', '.join(trouble)}")

    def _connect(self, client: Client) -> bool:
        """Return False where the broker refuses during the handshake already."""
        try:
            client.connect(self.host, self.port)
        except ssl.SSLError:
            return False
        except ConnectionRefusedError as error:
            raise NoAnswer(f"nothing listens on {self.host}:{self.port}: is the broker running?") from error
        except ConnectionError:
            return False
        except OSError as error:
            raise NoAnswer(f"the broker on {self.host}:{self.port} cannot be reached: {error}") from error
        return True


@dataclass(frozen=True, slots=True)
class _Loop:
    """paho's thread, ended whatever happens."""

    client: Client

    def __enter__(self) -> None:
        self.client.loop_start()

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _client(identity: Path) -> Client:
    context = ssl.create_default_context(cafile=str(identity / AUTHORITY))
    context.load_cert_chain(identity / CERTIFICATE, identity / KEY)
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False)
    cast("Callable[[ssl.SSLContext], None]", client.tls_set_context)(context)
    return client


def _subscribe(client: Client) -> None:
    client.subscribe(broker_rules.ANSWER_TOPIC, qos=1)


def _publish(client: Client, names: tuple[str, ...]) -> None:
    client.publish(broker_rules.CONTROL_TOPIC, broker_rules.cut_commands(names), qos=1)
