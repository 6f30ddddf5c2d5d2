"""The inlet over MQTT 5, by gmqtt: a stable client id on a shared subscription, acknowledgement only after the commit."""

import asyncio
import ssl
from collections.abc import Callable
from uuid import UUID

import structlog
from gmqtt import Client
from gmqtt.mqtt.constants import UNLIMITED_RECONNECTS

from cloud.ingest.arrival import Arrival
from protocol import channels

log = structlog.get_logger()

SESSION_SECONDS = 3600
RECEIVE_MAXIMUM = 1000
KEEP_ALIVE_SECONDS = 20
RETRY_SECONDS = 1.0


class Subscriber:
    """One worker's connection. group: of the shared subscription. broker: host, port.

    name: as in its certificate; it stays the same over restarts, for the broker keeps its messages by it.
    """

    def __init__(self, name: str, group: str, broker: tuple[str, int], tls: ssl.SSLContext) -> None:
        self._name, self._group, self._tls = name, group, tls
        self._host, self._port = broker
        self._link = 0
        self._client = self._new_client()

    def _new_client(self) -> Client:
        client = Client(
            self._name,
            clean_session=False,
            optimistic_acknowledgement=False,
            session_expiry_interval=SESSION_SECONDS,
            receive_maximum=RECEIVE_MAXIMUM,
        )
        client.set_config({"reconnect_retries": UNLIMITED_RECONNECTS, "reconnect_delay": 1})
        return client

    async def listen(self, take: Callable[[Arrival], None]) -> None:
        """Connect, subscribe on every connect, and give each message to `take` until cancelled."""
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect

        async def on_message(_client: Client, topic: str, payload: bytes, _qos: int, _properties: dict[str, object]) -> int | None:
            return await self._settled(take, topic, payload)

        self._client.on_message = on_message
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
            await self._client.disconnect()

    async def _settled(self, take: Callable[[Arrival], None], topic: str, payload: bytes) -> int | None:
        """Return 0, which acknowledges, once the arrival is settled; None, which does not, after another link or a refusal."""
        link, loop = self._link, asyncio.get_running_loop()
        settled: asyncio.Future[bool] = loop.create_future()

        def settle(forget: bool) -> None:  # noqa: FBT001
            if not settled.done():
                settled.set_result(forget)

        take(Arrival(topic, bytes(payload), settle))
        forget = await settled
        return 0 if forget and link == self._link else None

    def _on_connect(self, client: Client, _flags: int, _result: int, _properties: dict[str, object]) -> None:
        self._link += 1
        client.subscribe(channels.shared_upward(self._group), qos=1)
        log.info("inlet.connected")

    def _on_disconnect(self, *_: object) -> None:
        self._link += 1
        log.warning("inlet.lost")

    def answer(self, gateway: UUID, what: str, data: bytes) -> None:
        """Publish at QoS 0."""
        if self._client.is_connected:
            self._client.publish(channels.downward(gateway, what), data, qos=0)
