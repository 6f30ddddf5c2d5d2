"""What the database holds of one run: rows a record, pieces of waveforms, alerts with what triggered them."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from deploy.local.balance import Key, Piece, Place
from protocol.metrics import metric_of

Session = tuple[str, int]
"""wearable (UUID in text), number of its session."""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert. stored_at: wall clock of its row, Unix seconds; wearable, record: what triggered its finding."""

    id: str
    kind: str
    detector: str
    stored_at: float
    wearable: str
    record: int


class Rows:
    """Reads as the tables' owner, one organisation after the other, as the policies want it."""

    def __init__(self, owner: str, organisations: Iterable[int]) -> None:
        self._owner = owner
        self._organisations = tuple(organisations)

    def readings(self, sessions: Iterable[Session]) -> dict[Key, int]:
        """Return the number of rows for each wearable, record and metric of these sessions."""
        wearables, numbers = _columns(sessions)
        found: dict[Key, int] = {}
        for connection in self._each_organisation():
            for wearable, record, metric, count in connection.execute(
                """select s.wearable_id::text, r.record, s.metric, count(*) from reading r join series s on s.id = r.series_id
                   join unnest(%s::uuid[], %s::bigint[]) as wanted (wearable, session)
                     on wanted.wearable = s.wearable_id and wanted.session = r.record >> 32
                   group by 1, 2, 3""",
                [wearables, numbers],
            ):
                found[str(wearable), int(record), metric_of(int(metric)).name] = int(count)
        return found

    def samples(self, sessions: Iterable[Session]) -> dict[Place, list[Piece]]:
        """Return the stored pieces of waveforms for each wearable, session and metric."""
        wearables, numbers = _columns(sessions)
        found: dict[Place, list[Piece]] = {}
        for connection in self._each_organisation():
            for wearable, session, metric, first, samples in connection.execute(
                """select s.wearable_id::text, wanted.session, s.metric, w.first_sample & 4294967295, w.samples
                   from waveform w join series s on s.id = w.series_id
                   join unnest(%s::uuid[], %s::bigint[]) as wanted (wearable, session)
                     on wanted.wearable = s.wearable_id and wanted.session = w.first_sample >> 32""",
                [wearables, numbers],
            ):
                found.setdefault((str(wearable), int(session), metric_of(int(metric)).name), []).append((int(first), int(samples)))
        return found

    def alerts(self, sessions: Iterable[Session]) -> list[StoredAlert]:
        """Return the alerts that records of these sessions triggered, in the order of their rows."""
        wearables, numbers = _columns(sessions)
        found: list[StoredAlert] = []
        for connection in self._each_organisation():
            found += [
                StoredAlert(str(alert), str(kind), str(detector), float(stored_at), str(wearable), int(record))
                for alert, kind, detector, stored_at, wearable, record in connection.execute(
                    """select a.id::text, a.kind, (f.detector ->> 'name') || ' ' || (f.detector ->> 'version'),
                         extract(epoch from a.stored_at), f.trigger_wearable::text, f.trigger_record
                       from alert a join finding f on f.id = a.finding_id
                       join unnest(%s::uuid[], %s::bigint[]) as wanted (wearable, session)
                         on wanted.wearable = f.trigger_wearable and wanted.session = f.trigger_record >> 32""",
                    [wearables, numbers],
                )
            ]
        return sorted(found, key=lambda alert: alert.stored_at)

    def versions(self) -> dict[str, str]:
        """Return the server's and TimescaleDB's versions."""
        with psycopg.connect(self._owner) as connection:
            server = connection.execute("show server_version").fetchone()
            timescale = connection.execute("select extversion from pg_extension where extname = 'timescaledb'").fetchone()
        return {"postgresql": str(server[0]) if server else "?", "timescaledb": str(timescale[0]) if timescale else "absent"}

    def _each_organisation(self) -> Generator[psycopg.Connection[TupleRow]]:
        with self._owner_s_connection() as connection:
            for organisation in self._organisations:
                connection.execute("select set_config('mediassist.organisation', %s, true)", [str(organisation)])
                yield connection

    @contextmanager
    def _owner_s_connection(self) -> Generator[psycopg.Connection[TupleRow]]:
        with psycopg.connect(self._owner, connect_timeout=5) as connection:
            connection.execute("set transaction isolation level repeatable read read only")
            connection.execute("set local role mediassist_owner")
            yield connection


def _columns(sessions: Iterable[Session]) -> tuple[list[str], list[int]]:
    pairs = sorted(set(sessions))
    return [wearable for wearable, _ in pairs], [number for _, number in pairs]
