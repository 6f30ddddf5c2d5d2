"""The inlet over MQTT 5: a stable client id on a shared subscription, acknowledgement only after the commit."""

import asyncio
import ssl
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

import structlog
from gmqtt.mqtt.constants import UNLIMITED_RECONNECTS

from cloud.ingest.arrival import Arrival
from cloud.ingest.bulk_client import BulkClient
from protocol import channels

log = structlog.get_logger()

SESSION_SECONDS = 3600
RECEIVE_MAXIMUM = 4000
"""Messages that the broker hands over before they are settled: some batches. Beyond it they wait in the broker."""

KEEP_ALIVE_SECONDS = 20
RETRY_SECONDS = 1.0


class Subscriber:
    """One worker's connection. group: of the shared subscription. broker: host, port.

    name: as in its certificate; it stays the same over restarts, for the broker keeps its messages by it.
    """

    def __init__(self, name: str, group: str, broker: tuple[str, int], tls: ssl.SSLContext) -> None:
        self._topic, self._tls = channels.shared_upward(group), tls
        self._host, self._port = broker
        self._client = BulkClient(name, SESSION_SECONDS, RECEIVE_MAXIMUM)
        self._client.set_config({"reconnect_retries": UNLIMITED_RECONNECTS, "reconnect_delay": 1})
        self._leaving = False

    async def listen(self, take: Callable[[Arrival], None]) -> None:
        """Connect, subscribe on every connect, and give each message to `take` until cancelled."""
        self._client.take = take
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        while True:
            try:
                await self._client.connect(self._host, self._port, self._tls, KEEP_ALIVE_SECONDS)
                break
            except (OSError, ssl.SSLError) as error:
                log.warning("inlet.away", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
        try:
            await asyncio.Event().wait()
        finally:
            # A worker that left has nothing waiting in the broker: its session may end. Else the session waits for its return.
            await self._client.disconnect(session_expiry_interval=0 if self._leaving else SESSION_SECONDS)

    def leave(self) -> None:
        """Ask for nothing more: the group's messages go to the other workers from now on."""
        self._leaving = True
        if self._client.is_connected:
            self._client.unsubscribe(self._topic)
        log.info("inlet.leaving")

    def _on_connect(self, client: object, _flags: int, _result: int, _properties: dict[str, object]) -> None:
        del client
        self._client.new_link()
        if not self._leaving:
            self._client.subscribe(self._topic, qos=1)
        log.info("inlet.connected")

    def _on_disconnect(self, *_: object) -> None:
        self._client.new_link()
        log.warning("inlet.lost")

    def answer(self, gateway: bytes, what: str, data: bytes) -> None:
        """Publish at QoS 0."""
        self._client.say(_downward(gateway, what), data)


@lru_cache(maxsize=65_536)
def _downward(gateway: bytes, what: str) -> str:
    return channels.downward(UUID(bytes=gateway), what)
