"""What the database says of ingest keys: which gateways still need one, which epochs were declared lost; and what a gateway adopts and removes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cloud.database import Connection
from cloud.ingest.key_retirement import Epoch, Standing
from protocol.message import WearableAdopted, WearableRemoved


@dataclass(frozen=True, slots=True)
class Use:
    """How much an ingest key is used. gateways: that ever sealed to it. epochs: sealed to it."""

    gateways: int
    epochs: int


async def use_of_keys(connection: Connection) -> dict[bytes, Use]:
    """Return the use of each ingest key that any stored epoch names."""
    cursor = await connection.execute("select ingest_key_id, count(distinct gateway_id), count(*) from epoch group by ingest_key_id")
    return {bytes(key): Use(gateways, epochs) for key, gateways, epochs in await cursor.fetchall()}


async def standing(connection: Connection, key: bytes, moved_on: Sequence[bytes]) -> Standing:
    """Return what still needs the ingest key with the id `key`. moved_on: ids of the keys to which a gateway may seal instead.

    A gateway's last epoch is the one that no other names as its predecessor.
    """
    cursor = await connection.execute(
        "select id from gateway g"
        " where exists (select from gateway_certificate c where c.gateway_id = g.id and c.revoked_at is null)"
        " and not exists (select from epoch e where e.gateway_id = g.id and e.ingest_key_id = any(%s)"
        "  and not exists (select from epoch_end s where s.gateway_id = e.gateway_id and s.epoch = e.epoch))"
        " order by id",
        (list(moved_on),),
    )
    behind: list[UUID] = [gateway for (gateway,) in await cursor.fetchall()]
    cursor = await connection.execute(  # whole as in cloud/ingest/folding.py: one stated end, all before it folded, no fork
        "select e.gateway_id, e.epoch from epoch e"
        " cross join lateral ("
        "  select count(*) as ends, min(s.count) as stated from epoch_end s where s.gateway_id = e.gateway_id and s.epoch = e.epoch"
        " ) as told"
        " where e.ingest_key_id = %s"
        " and not (told.ends = 1 and e.done_upto = told.stated - 1 and e.broken_at is null and not exists ("
        "  select from ledger l where l.gateway_id = e.gateway_id and l.epoch = e.epoch and l.counter >= told.stated"
        " ))"
        " and not exists (select from lost_epoch l where l.gateway_id = e.gateway_id and l.epoch = e.epoch)"
        " order by e.gateway_id, e.made_at",
        (key,),
    )
    unfinished: list[Epoch] = [(gateway, bytes(epoch)) for gateway, epoch in await cursor.fetchall()]
    cursor = await connection.execute(
        "select distinct s.gateway_id, s.epoch from epoch_end s"
        " where not exists (select from epoch e where e.gateway_id = s.gateway_id and e.epoch = s.epoch)"
        " and not exists (select from lost_epoch l where l.gateway_id = s.gateway_id and l.epoch = s.epoch)"
        " order by s.gateway_id, s.epoch"
    )
    return Standing(behind, unfinished, [(gateway, bytes(epoch)) for gateway, epoch in await cursor.fetchall()])


async def gateways_to_move(connection: Connection, older: Sequence[bytes], *, silent: bool) -> list[UUID]:
    """Return the gateways with a valid certificate whose last epoch is sealed to one of `older`; silent: those that never spoke, too."""
    cursor = await connection.execute(
        "select id from gateway g"
        " where exists (select from gateway_certificate c where c.gateway_id = g.id and c.revoked_at is null)"
        " and (exists (select from epoch e where e.gateway_id = g.id and e.ingest_key_id = any(%s)"
        "  and not exists (select from epoch_end s where s.gateway_id = e.gateway_id and s.epoch = e.epoch))"
        " or (%s and not exists (select from epoch e where e.gateway_id = g.id)))"
        " order by id",
        (list(older), silent),
    )
    return [gateway for (gateway,) in await cursor.fetchall()]


async def declare_lost(connection: Connection, epoch: Epoch, reason: str, now: datetime) -> bool:
    """Note that an epoch will never be whole; False when it was noted before.

    Raises:
        LookupError: the gateway has no such epoch, neither stored nor named as a predecessor.
    """
    gateway, name = epoch
    cursor = await connection.execute(
        "select exists (select from epoch where gateway_id = %(g)s and epoch = %(e)s)"
        " or exists (select from epoch_end where gateway_id = %(g)s and epoch = %(e)s)",
        {"g": gateway, "e": name},
    )
    if await cursor.fetchone() != (True,):
        raise LookupError(f"gateway {gateway.hex} has no epoch {name.hex()}")
    cursor = await connection.execute(
        "insert into lost_epoch values (%s, %s, %s, %s) on conflict do nothing returning true", (gateway, name, reason, now)
    )
    return await cursor.fetchone() is not None


async def adopt(connection: Connection, gateway: UUID, adopted: WearableAdopted) -> None:
    """Add a wearable that was adopted at its gateway, in the gateway's organisation; one that is known stays as it is."""
    await connection.execute(
        """insert into wearable (id, organisation_id, gateway_id, patient_id, kind, address)
           select %s, organisation_id, id, %s, %s, %s from gateway where id = %s on conflict (id) do nothing""",
        [adopted.wearable, adopted.patient, adopted.kind, adopted.address, gateway],
    )


async def part(connection: Connection, removed: WearableRemoved) -> None:
    """Note that a wearable was removed at its gateway; said again, the first time counts."""
    await connection.execute(
        "update wearable set removed_at = %s where id = %s and removed_at is null",
        [datetime.fromtimestamp(removed.at / 1000, UTC), removed.wearable],
    )
