"""What has been stored since this watcher was last told? Late and reordered rows included, each told once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cloud.alerts import repository as alerts
from cloud.alerts.alert import AlertSummary, summary_of
from cloud.data_keys.data_keys import DataKeys
from cloud.database import Connection
from cloud.traces import EPOCH, Point, Series, WaveformOut, series_of, waveform_of
from cloud.vitals import repository as vitals
from cloud.vitals.repository import SeriesKey
from protocol.metrics import METRICS, Form

LOOK_BACK = timedelta(seconds=20)
"""Workers store side by side: a row this much older than the newest may still come."""

FIRST_LOOK = timedelta(seconds=10)
"""How much a watcher is told of what was there before."""

MOST_ROWS = 2_000
_VALUES = [code for code, metric in METRICS.items() if metric.form is Form.VALUE]
_WAVEFORMS = [code for code, metric in METRICS.items() if metric.form is Form.WAVEFORM]


@dataclass(slots=True)
class _Told:
    """What was told of some series: newest time a series, and the rows (series, number, time) not older than LOOK_BACK."""

    newest: dict[int, datetime] = field(default_factory=dict[int, datetime])
    rows: set[tuple[int, int, datetime]] = field(default_factory=set[tuple[int, int, datetime]])

    def since(self) -> dict[int, datetime]:
        return {series: at - LOOK_BACK for series, at in self.newest.items()}

    def begin(self, keys: list[SeriesKey], newest: dict[int, datetime], gap: timedelta) -> None:
        """Take up series that are new here, from `gap` before their newest row; one that has no row yet is looked at from its beginning."""
        for key in keys:
            if key.id in newest:
                self.newest.setdefault(key.id, newest[key.id] + LOOK_BACK - max(FIRST_LOOK, gap))

    def take(self, series: int, number: int, at: datetime) -> bool:
        """Say whether a row is news, and count it as told."""
        row = (series, number, at)
        if row in self.rows:
            return False
        self.rows.add(row)
        self.newest[series] = max(at, self.newest[series])
        return True

    def prune(self) -> None:
        self.rows = {row for row in self.rows if row[2] >= self.newest[row[0]] - LOOK_BACK}


class PatientNews:
    """News of one watched patient. gap: how long the watcher heard nothing; what was stored meanwhile is news, too."""

    def __init__(self, patient: UUID, gap: timedelta = timedelta(0)) -> None:
        self.patient = patient
        self._gap = gap
        self._values = _Told()
        self._strips = _Told()

    async def readings(self, connection: Connection) -> list[Series]:
        """Return the readings not told yet."""
        keys = await vitals.series_keys(connection, self.patient, _VALUES)
        metric = {key.id: key.metric for key in keys}
        unknown = [key for key in keys if key.id not in self._values.newest]
        if unknown:
            self._values.begin(unknown, await vitals.newest_readings(connection, unknown), self._gap)
        rows = await vitals.readings_since(connection, self._values.since(), MOST_ROWS)
        news = [Point(metric[series], at, value) for series, record, at, value in rows if self._values.take(series, record, at)]
        self._values.prune()
        return series_of(news)

    async def waveforms(self, connection: Connection, data_keys: DataKeys) -> list[WaveformOut]:
        """Return the waveform pieces not told yet."""
        keys = await vitals.series_keys(connection, self.patient, _WAVEFORMS)
        unknown = [key for key in keys if key.id not in self._strips.newest]
        if unknown:
            self._strips.begin(unknown, await vitals.newest_strips(connection, unknown), self._gap)
        rows = await vitals.strips_since(connection, data_keys, keys, self._strips.since(), MOST_ROWS)
        news = [waveform_of(strip) for series, number, strip in rows if self._strips.take(series, number, strip.at)]
        self._strips.prune()
        return [piece for piece in news if piece is not None]


class AlertNews:
    """News of an organisation's alerts: those that are new, and those that changed."""

    def __init__(self) -> None:
        self._newest: datetime | None = None
        self._told: dict[UUID, tuple[int, datetime]] = {}

    async def begin(self, connection: Connection, gap: timedelta = timedelta(0)) -> None:
        """Count all that is stored so far as told, but for what changed in the last `gap`."""
        self._newest = await alerts.newest_change(connection)
        if gap and self._newest is not None:
            lost = await alerts.now(connection) - gap
            for row in await alerts.changed_since(connection, lost - LOOK_BACK, {}):
                if row.changed_at < lost:
                    self._told[row.id] = (row.version, row.changed_at)
            self._newest = lost
            return
        await self.alerts(connection)

    async def alerts(self, connection: Connection) -> list[AlertSummary]:
        """Return the alerts not told yet as they are now, in the order in which they changed."""
        news: list[AlertSummary] = []
        more = True
        while more:
            since = EPOCH if self._newest is None else self._newest - LOOK_BACK
            known = {alert: version for alert, (version, _) in self._told.items()}
            rows = await alerts.changed_since(connection, since, known)
            for row in rows:
                self._told[row.id] = (row.version, row.changed_at)
                self._newest = row.changed_at if self._newest is None else max(row.changed_at, self._newest)
            news.extend(summary_of(row) for row in rows)
            more = len(rows) == alerts.MOST_ALERTS
        if self._newest is not None:
            oldest = self._newest - LOOK_BACK
            self._told = {alert: told for alert, told in self._told.items() if told[1] >= oldest}
        return news
