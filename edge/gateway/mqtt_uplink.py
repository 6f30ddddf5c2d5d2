"""The uplink over MQTT 5 and mutual TLS, by paho: QoS 1 up, receipts QoS 0 down, one session a process."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol, cast
from uuid import UUID

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.gateway.uplink import Arrival, Connected, Said
from protocol import channels
from provisioning.keystore import AUTHORITY, CERTIFICATE, KEY

log = structlog.get_logger()

NO_SUBSCRIBERS = 0x10
FAILED = 0x80
KEEP_ALIVE_SECONDS = 20
MOST_UNTAKEN = 100


class _Secured(Protocol):
    """paho's `tls_set`, which its own annotations leave half unknown."""

    def tls_set(self, ca_certs: str, certfile: str, keyfile: str) -> None:
        """Trust `ca_certs` alone and show `certfile`."""
        ...


class MqttUplink:
    """One connection to one broker; the certificate's name is the client id and the user name."""

    def __init__(self, gateway: UUID, identity: Path, host: str, port: int) -> None:
        """Prepare the client; `arrivals` connects it."""
        self._gateway = gateway
        self._host, self._port = host, port
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Arrival] = asyncio.Queue()
        self._untaken: dict[int, Future[bool]] = {}
        self._early: dict[int, bool] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=gateway.hex, protocol=MQTTProtocolVersion.MQTTv5)
        # TLS 1.2 or later, the host name checked, our authority alone trusted.
        cast("_Secured", self._client).tls_set(str(identity / AUTHORITY), str(identity / CERTIFICATE), str(identity / KEY))
        self._client.max_inflight_messages_set(MOST_UNTAKEN)
        self._client.reconnect_delay_set(1, 30)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the link is up."""
        return self._client.is_connected()

    def send(self, what: str, data: bytes) -> Future[bool]:
        """Publish at QoS 1; False when the link is down or the broker had nobody to give it to."""
        taken: Future[bool] = Future()
        info = self._client.publish(channels.upward(self._gateway, what), data, qos=1)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            taken.set_result(False)
            return taken
        self._loop.call_soon_threadsafe(self._expect, info.mid, taken)
        return taken

    def _expect(self, mid: int, taken: Future[bool]) -> None:
        if mid in self._early:
            taken.set_result(self._early.pop(mid))
        else:
            self._untaken[mid] = taken

    async def arrivals(self) -> AsyncIterator[Arrival]:
        """Connect, stay connected, and yield what comes back."""
        self._client.connect_async(self._host, self._port, KEEP_ALIVE_SECONDS)
        self._client.loop_start()
        try:
            while True:
                yield await self._queue.get()
        finally:
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    def _on_connect(self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None) -> None:
        if reason.value >= FAILED:
            log.error("uplink.refused", reason=str(reason))
            return
        options = SubscribeOptions(qos=0)
        client.subscribe(
            [(channels.downward(self._gateway, what), options) for what in (channels.RECEIPTS, channels.UNKNOWN, channels.ORDERS)]
        )
        self._loop.call_soon_threadsafe(self._link_up)

    def _link_up(self) -> None:
        self._forget()
        self._queue.put_nowait(Connected())

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        log.warning("uplink.lost", reason=str(reason))
        self._loop.call_soon_threadsafe(self._forget)

    def _forget(self) -> None:
        untaken, self._untaken, self._early = self._untaken, {}, {}
        for taken in untaken.values():
            taken.set_result(False)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        what = message.topic.rsplit("/", 1)[-1]
        self._loop.call_soon_threadsafe(self._queue.put_nowait, Said(what, bytes(message.payload)))

    def _on_publish(self, _client: Client, _data: object, mid: int, reason: ReasonCode, _properties: Properties | None) -> None:
        self._loop.call_soon_threadsafe(self._taken, mid, reason.value < NO_SUBSCRIBERS)

    def _taken(self, mid: int, by_somebody: bool) -> None:  # noqa: FBT001
        taken = self._untaken.pop(mid, None)
        if taken is None:
            self._early[mid] = by_somebody
        else:
            taken.set_result(by_somebody)
