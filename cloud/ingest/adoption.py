"""Who wears what, and which certificates are whose: what the worker must know before a transaction, kept in memory and asked again."""

import time
from collections.abc import Callable, Iterable
from uuid import UUID

from cloud.database import Database
from cloud.packed import byteas, uuids
from cloud.vitals.wearer import Wearer

KEEP_SECONDS = 10.0


class Adoption:
    """What the database says of gateways and wearables.

    A name that is not known is looked up, so an adoption works at once; what is known is asked again after 10 s, so that a wearable which
    changed its wearer is not taken for the old one's. monotonic: seconds. Ids are the 16 bytes as they travel.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._asked_at = monotonic()
        self._gateways: dict[bytes, int] = {}
        self._wearers: dict[bytes, Wearer] = {}

    def _forget_what_is_old(self) -> None:
        if self._monotonic() - self._asked_at > KEEP_SECONDS:
            self._asked_at = self._monotonic()
            self._gateways.clear()
            self._wearers.clear()

    async def organisations(self, gateways: Iterable[bytes]) -> dict[bytes, int]:
        """Return the organisation of each gateway that is adopted."""
        self._forget_what_is_old()
        wanted = set(gateways)
        missing = wanted - self._gateways.keys()
        if missing:
            async with self._database.transaction(None) as connection:
                cursor = await connection.execute(
                    "select uuid_send(id), organisation_id from gateway where id = any(%s)", [uuids(sorted(missing))], binary=True
                )
                self._gateways.update(await cursor.fetchall())
        return {gateway: self._gateways[gateway] for gateway in wanted if gateway in self._gateways}

    async def wearers(self, wearables: Iterable[bytes]) -> dict[bytes, Wearer]:
        """Return who wears each wearable that is adopted."""
        wanted = set(wearables)
        missing = wanted - self._wearers.keys()
        if missing:
            async with self._database.transaction(None) as connection:
                cursor = await connection.execute(
                    "select uuid_send(id), organisation_id, uuid_send(patient_id), uuid_send(gateway_id) from wearable where id = any(%s)",
                    [uuids(sorted(missing))],
                    binary=True,
                )
                self._wearers |= {
                    w: Wearer(w, organisation, patient, gateway) for w, organisation, patient, gateway in await cursor.fetchall()
                }
        return {wearable: self._wearers[wearable] for wearable in wanted if wearable in self._wearers}

    async def residents(self, gateways: Iterable[bytes]) -> set[tuple[bytes, bytes]]:
        """Return (gateway, patient) for each patient who wears something that the gateway hears: who lives with it."""
        wanted = sorted(set(gateways))
        if not wanted:
            return set()
        async with self._database.transaction(None) as connection:
            cursor = await connection.execute(
                "select distinct uuid_send(gateway_id), uuid_send(patient_id) from wearable where gateway_id = any(%s)",
                [uuids(wanted)],
                binary=True,
            )
            return set(await cursor.fetchall())

    async def certificates(self, names: Iterable[tuple[UUID, bytes]]) -> dict[tuple[UUID, bytes], bytes]:
        """Return the certificates (DER) by (gateway, id): every one ever issued and not revoked for compromise."""
        wanted = sorted(set(names))
        if not wanted:
            return {}
        async with self._database.transaction(None) as connection:
            cursor = await connection.execute(
                "select gateway_id, id, certificate from gateway_certificate join unnest(%s, %s) as wanted(g, i)"
                " on gateway_id = g and id = i where revoked_for is distinct from 'compromise'",
                (uuids([g.bytes for g, _ in wanted]), byteas([i for _, i in wanted], 8)),
            )
            return {(gateway, bytes(id_)): bytes(der) for gateway, id_, der in await cursor.fetchall()}
