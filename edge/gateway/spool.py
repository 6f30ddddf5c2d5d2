"""The door in: each notification is on the disk, wrapped by the device key, before anything else happens to it.

Rows stay until they are folded into a message, and then for as long as a watch looks back, so that after a crash the windows are
rebuilt from here: same readings in, same findings out.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import cbor2

from edge.firmware_bridge.profiles.identifiers import WAVEFORM
from edge.firmware_bridge.wearable import Notification
from edge.gateway.disk import Disk
from provisioning.keystore import Keystore

LOOK_BACK_MS = 11 * 60_000
NO_CLOCK = "[]"
"""A wearable's clock of which nothing is known."""
_MEMORY = b"memory of patient "


@dataclass(frozen=True, slots=True)
class Spooled:
    """A notification that is on the disk. id: ascending in order of arrival. at: ms UTC, mapped from the wearable's clock."""

    id: int
    at: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Heard:
    """How far one wearable has been heard in its session, and what was learnt of its clock (JSON)."""

    session: int
    sequence: int
    clock: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a patient's watches remember after the spooled notification `upto`, in their own words."""

    upto: int
    text: str


class Spool:
    """The spool of one gateway."""

    def __init__(self, disk: Disk, keystore: Keystore) -> None:
        self._disk = disk
        self._keystore = keystore

    def heard(self) -> dict[UUID, Heard]:
        """Return how far each numbering wearable has been heard: as it was noted, or further where its records are here."""
        link = self._disk.read()
        noted = {UUID(bytes=w): Heard(session, sequence, clock) for w, session, sequence, clock in link.execute("select * from heard")}
        newest = "select wearable, session, sequence from spool where id in (select max(id) from spool where session is not null group by wearable)"
        for raw, session, sequence in link.execute(newest):
            wearable = UUID(bytes=raw)
            before = noted.get(wearable)
            clock = before.clock if before is not None and before.session == session else NO_CLOCK
            noted[wearable] = Heard(session, sequence, clock)
        return noted

    def memories(self) -> dict[UUID, Memory]:
        """Return what the watches of each patient remembered last."""
        rows = self._disk.read().execute("select patient, upto, memory from watch").fetchall()
        return {UUID(bytes=patient): Memory(upto, self._text(memory, patient)) for patient, upto, memory in rows}

    def _text(self, memory: str | bytes, patient: bytes) -> str:
        """Unwrap a memory; one that an earlier program wrote in the clear is text still, until it is written again."""
        return memory if isinstance(memory, str) else self._keystore.unwrap(memory, _MEMORY + patient).decode()

    def keep(self, arrivals: Sequence[tuple[int, Notification]]) -> list[Spooled]:
        """Keep notifications, each with its time: one transaction, one fsync, and no page more than they fill."""
        if not arrivals:
            return []
        with self._disk.transaction() as link:
            return [Spooled(self._insert(link, at, notification), at, notification) for at, notification in arrivals]

    def _insert(self, link: sqlite3.Connection, at: int, notification: Notification) -> int:
        plain = cbor2.dumps([notification.characteristic, notification.value, notification.ticks_ms, *[True] * notification.timeless])
        row = link.execute(
            "insert into spool(wearable, session, sequence, at, arrived_at, waveform, sealed) values (?, ?, ?, ?, ?, ?, ?) returning id",
            (
                notification.wearable.bytes,
                notification.session,
                notification.sequence,
                at,
                notification.arrived_at,
                notification.characteristic == WAVEFORM,
                self._keystore.wrap(plain, notification.wearable.bytes),
            ),
        )
        return int(row.fetchone()[0])

    def unfolded(self, limit: int) -> list[Spooled]:
        """Return the oldest `limit` that no message holds yet, in order of arrival."""
        return self._rows("select * from spool where id > (select folded_upto from state) order by id limit ?", limit)

    def newest(self) -> int:
        """Return the greatest id, -1 where nothing is here."""
        (newest,) = self._disk.read().execute("select coalesce(max(id), -1) from spool").fetchone()
        return int(newest)

    def between(self, after: int, upto: int, limit: int) -> list[Spooled]:
        """Return at most `limit` that are still here, folded or not, with after < id <= upto, in order of arrival."""
        return self._rows("select * from spool where id > ? and id <= ? order by id limit ?", after, upto, limit)

    def _rows(self, query: str, *numbers: int) -> list[Spooled]:
        cursor = self._disk.read().execute(query, numbers)
        return [
            self._spooled(id_, wearable, session, sequence, at, arrived, sealed)
            for id_, wearable, session, sequence, at, arrived, _, sealed in cursor
        ]

    def _spooled(
        self, id_: int, wearable: bytes, session: int | None, sequence: int | None, at: int, arrived: int, sealed: bytes
    ) -> Spooled:
        characteristic, value, ticks_ms, *timeless = cbor2.loads(self._keystore.unwrap(sealed, wearable))
        notification = Notification(
            UUID(bytes=wearable), characteristic, value, arrived, session, sequence, ticks_ms, timeless=bool(timeless)
        )
        return Spooled(id_, at, notification)

    @staticmethod
    def mark_folded(link: sqlite3.Connection, upto: int) -> None:
        """In the transaction of the message that holds them: everything up to id `upto` is folded."""
        link.execute("update state set folded_upto = max(folded_upto, ?)", (upto,))

    def tidy(self, now: int, heard: Mapping[UUID, Heard], memories: Mapping[UUID, Memory]) -> None:
        """Note what a restart must know, and delete folded rows that no watch looks back to: waveforms at once, readings after a while.

        heard: how far wearables have been heard; until it is noted here, their newest rows say it. memories: of patients, each as of a
        spooled id up to which every finding has been said; what came after is judged again. The newest row stays: the next one's id is one
        more than the greatest here, and an id that came again would count as folded.
        """
        with self._disk.transaction() as link:
            link.executemany(
                "insert or replace into heard values (?, ?, ?, ?)",
                [(wearable.bytes, mark.session, mark.sequence, mark.clock) for wearable, mark in heard.items()],
            )
            link.executemany(
                "insert or replace into watch values (?, ?, ?)",
                [
                    (patient.bytes, memory.upto, self._keystore.wrap(memory.text.encode(), _MEMORY + patient.bytes))
                    for patient, memory in memories.items()
                ],
            )
            link.execute(
                "delete from spool where id <= (select folded_upto from state) and (waveform or arrived_at <= ?)"
                " and id < (select max(id) from spool)",
                (now - LOOK_BACK_MS,),
            )

    def already_said(self, findings: Sequence[UUID]) -> set[UUID]:
        """Return which of these findings a message holds already."""
        known = self._disk.read()
        return {f for f in findings if known.execute("select 1 from said where finding = ?", (f.bytes,)).fetchone() is not None}

    @staticmethod
    def mark_said(link: sqlite3.Connection, findings: Sequence[UUID], now: int) -> None:
        """In the transaction of the message that holds them: these findings are said."""
        link.executemany("insert or ignore into said values (?, ?)", [(finding.bytes, now) for finding in findings])
        link.execute("delete from said where at <= ?", (now - 24 * 3600 * 1000,))
