"""Who wears what, and which certificates are whose: what the worker must know before a transaction, kept in memory and asked again."""

import time
from collections.abc import Callable, Iterable
from uuid import UUID

from cloud.database import Database
from cloud.vitals.intake import Wearer

KEEP_SECONDS = 10.0


class Adoption:
    """What the database says of gateways and wearables.

    A name that is not known is looked up, so an adoption works at once; what is known is asked again after 10 s, so that a wearable which
    changed its wearer is not taken for the old one's. monotonic: seconds.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._asked_at = monotonic()
        self._gateways: dict[UUID, int] = {}
        self._wearers: dict[UUID, Wearer] = {}

    def _forget_what_is_old(self) -> None:
        if self._monotonic() - self._asked_at > KEEP_SECONDS:
            self._asked_at = self._monotonic()
            self._gateways.clear()
            self._wearers.clear()

    async def organisations(self, gateways: Iterable[UUID]) -> dict[UUID, int]:
        """Return the organisation of each gateway that is adopted."""
        self._forget_what_is_old()
        wanted = set(gateways)
        missing = sorted(wanted - self._gateways.keys())
        if missing:
            async with self._database.transaction(None) as connection:
                cursor = await connection.execute("select id, organisation_id from gateway where id = any(%s)", (missing,))
                self._gateways.update(await cursor.fetchall())
        return {gateway: self._gateways[gateway] for gateway in wanted if gateway in self._gateways}

    async def wearers(self, wearables: Iterable[UUID]) -> dict[UUID, Wearer]:
        """Return who wears each wearable that is adopted."""
        wanted = set(wearables)
        missing = sorted(wanted - self._wearers.keys())
        if missing:
            async with self._database.transaction(None) as connection:
                cursor = await connection.execute(
                    "select id, organisation_id, patient_id, gateway_id from wearable where id = any(%s)", (missing,)
                )
                self._wearers |= {
                    w: Wearer(organisation, patient, gateway) for w, organisation, patient, gateway in await cursor.fetchall()
                }
        return {wearable: self._wearers[wearable] for wearable in wanted if wearable in self._wearers}

    async def certificates(self, names: Iterable[tuple[UUID, bytes]]) -> dict[tuple[UUID, bytes], bytes]:
        """Return the certificates (DER) by (gateway, id): every one ever issued and not revoked for compromise."""
        wanted = sorted(set(names))
        if not wanted:
            return {}
        async with self._database.transaction(None) as connection:
            cursor = await connection.execute(
                "select gateway_id, id, certificate from gateway_certificate join unnest(%s::uuid[], %s::bytea[]) as wanted(g, i)"
                " on gateway_id = g and id = i where revoked_for is distinct from 'compromise'",
                ([g for g, _ in wanted], [i for _, i in wanted]),
            )
            return {(gateway, bytes(id_)): bytes(der) for gateway, id_, der in await cursor.fetchall()}
