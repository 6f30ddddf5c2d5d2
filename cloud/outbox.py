"""The cloud's door out to gateways: each order is sealed to its gateway, signed by the order key, and said until it is answered."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from cloud.database import Database, Rejected
from cloud.ingest.arrival import Inlet
from cloud.orders import DueOrder, due
from protocol import channels
from protocol.errors import Malformed
from protocol.orders import OrderHeader, write_order
from provisioning.order_key import OrderKey
from provisioning.sealing_keys import load_public

log = structlog.get_logger()

LOOK_SECONDS = 2.0


class Outbox:
    """One worker's outbox. now: UTC, the wall's: it is compared with what this and other workers noted."""

    def __init__(self, database: Database, inlet: Inlet, key: OrderKey, now: Callable[[], datetime]) -> None:
        self._database, self._inlet, self._key, self._now = database, inlet, key, now

    async def run(self) -> None:
        """Say what is due, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.say_due()
            except Rejected as error:
                log.warning("orders.away", error=type(error).__name__)

    async def say_due(self) -> int:
        """Say each order that is due; return how many there were."""
        async with self._database.transaction(None) as connection:
            orders = await due(connection, self._now())
        for order in orders:
            try:
                self._inlet.answer(order.gateway.bytes, channels.ORDERS, self._sealed(order))
            except Malformed:
                log.error("order.no_key", gateway=order.gateway.hex, number=order.number)
            else:
                log.info("order.said", gateway=order.gateway.hex, number=order.number)
        return len(orders)

    def _sealed(self, order: DueOrder) -> bytes:
        key = load_public(order.receiving_key)
        header = OrderHeader(order.gateway, order.number, key.id)
        return write_order(header, key.seal(order.body, header.info()), self._key.sign)
