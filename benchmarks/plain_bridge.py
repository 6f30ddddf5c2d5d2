"""The bridge that a user would build: an asynchronous MQTT handler, rows of JSON, one INSERT a row by executemany, one commit a message.

`python -m benchmarks.plain_bridge`, beside the data plane's worker of `make bench-ingest` and `make bench-faults`. gmqtt acknowledges when
the handler has returned; what fails is logged and gone, as such bridges have it. It neither unseals nor drops repeats.
"""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import psycopg
from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50

from cloud.worker import certificate_name, tls_context

TABLE = "create table if not exists plain_reading (wearable text, metric text, at timestamptz, value float8, record bigint)"
_INSERT = "insert into plain_reading values (%(wearable)s, %(metric)s, to_timestamp(%(at)s / 1000.0), %(value)s, %(record)s)"


class Bridge:
    """From the broker to the table."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def store(self, payload: bytes) -> None:
        """Store one message's rows."""
        rows = json.loads(payload)
        async with self._one_at_a_time:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(self._url)
            async with self._connection.transaction():
                await self._connection.cursor().executemany(_INSERT, rows)


async def main() -> None:
    """Run until SIGTERM."""
    identity = Path(os.environ["BRIDGE_IDENTITY"])
    bridge = Bridge(os.environ["BRIDGE_DATABASE_URL"])
    client = Client(certificate_name(identity), clean_session=False, session_expiry_interval=3600)

    async def on_message(_client: Client, topic: str, payload: bytes, _qos: int, _properties: object) -> int:
        if topic.endswith("/message"):
            try:
                await bridge.store(payload)
            except psycopg.Error as error:
                print(f"not stored: {type(error).__name__}", flush=True)
        return 0

    client.on_message = on_message
    client.on_connect = lambda *_: client.subscribe("g/+/up/#", qos=1)
    await client.connect("localhost", int(os.environ["BRIDGE_BROKER_PORT"]), ssl=tls_context(identity), version=MQTTv50)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await asyncio.to_thread(Path(os.environ["BRIDGE_READY"]).touch)
    await ended.wait()
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
