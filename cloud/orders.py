"""Orders to gateways in PostgreSQL: what is to be said, to which key, and what each gateway has answered.

A gateway is sent its oldest unanswered order until its standing says that it was done or refused; then the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cloud.database import Connection
from protocol.orders import Order, Standing, encode_order

AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order to be sent now. receiving_key: the public half to which it is sealed."""

    gateway: UUID
    number: int
    body: bytes
    receiving_key: bytes


async def give(connection: Connection, gateways: Iterable[UUID], order: Order, now: datetime) -> dict[UUID, int]:
    """Note an order for each gateway that has not the same one waiting; return the numbers of those that are new, by gateway."""
    cursor = await connection.execute(
        "insert into gateway_order(gateway_id, number, body, made_at)"
        " select g, greatest(%(ms)s, 1 + coalesce((select max(number) from gateway_order o where o.gateway_id = g), 0)), %(body)s, %(now)s"
        " from unnest(%(gateways)s::uuid[]) as wanted(g)"
        " where not exists (select from gateway_order o where o.gateway_id = g and o.body = %(body)s and o.answered_at is null)"
        " returning gateway_id, number",
        {"ms": int(now.timestamp() * 1000), "body": encode_order(order), "now": now, "gateways": sorted(set(gateways))},
    )
    return dict(await cursor.fetchall())


async def due(connection: Connection, now: datetime) -> list[DueOrder]:
    """Return the oldest unanswered order of each gateway whose key is known, if it was not sent since the gateway's last standing or 10 minutes.

    It is noted as sent in the same statement, so that of two workers one sends it.
    """
    cursor = await connection.execute(
        "update gateway_order o set sent_at = %(now)s from gateway_standing s"
        " where s.gateway_id = o.gateway_id and o.answered_at is null"
        " and (o.sent_at is null or o.sent_at < s.heard_at or o.sent_at < %(before)s)"
        " and o.number = (select min(p.number) from gateway_order p where p.gateway_id = o.gateway_id and p.answered_at is null)"
        " returning o.gateway_id, o.number, o.body, s.receiving_key",
        {"now": now, "before": now - AGAIN},
    )
    return [DueOrder(gateway, number, bytes(body), bytes(key)) for gateway, number, body, key in await cursor.fetchall()]


async def hear(connection: Connection, standing: Standing, now: datetime) -> None:
    """Note an authentic standing; one that is not newer than what is known changes nothing. What an answered order said is forgotten."""
    cursor = await connection.execute(
        "insert into gateway_standing as known values (%s, %s, %s, %s) on conflict (gateway_id) do update"
        " set number = excluded.number, receiving_key = excluded.receiving_key, heard_at = excluded.heard_at"
        " where known.number < excluded.number returning true",
        (standing.gateway, standing.number, standing.receiving_key, now),
    )
    if await cursor.fetchone() is not None:
        await connection.execute(
            "update gateway_order set answered_at = %s, refused = (number = %s), body = ''"
            " where gateway_id = %s and number <= %s and answered_at is null",
            (now, standing.refused, standing.gateway, standing.answered),
        )
