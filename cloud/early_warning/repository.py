"""SQL of the early-warning score: the newest readings that it is made of, and whose may be high."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from cloud.database import Connection, naming
from cloud.traces import to_ms
from models.early_warning import BANDS, GREATEST_AGE_MS, METRICS_USED, RED, SETTLE_MS, SOURCES
from protocol.samples import NO_RECORD, Reading

_REACH_MS = {name: GREATEST_AGE_MS[name] + SETTLE_MS[name] for name in SOURCES}
_AFTER = {code: _REACH_MS[name] / 1000 for name, codes in SOURCES.items() for code in codes}
"""Of each metric (code) how many seconds back it counts."""
_LEAST = 60.0
"""Seconds that are read in any case: of what share of them there is a reading, a finding says."""
_ROUNDED = 0.5
"""A value is scored as the whole number that it is nearest to."""
_BAND_OF = {
    "respiratory_rate": "respiratory_rate",
    "spo2": "spo2_scale_1",
    "pulse": "pulse",
    "systolic_pressure": "systolic_pressure",
    "temperature": "temperature",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient whose score may ask for a response. scale: of SpO2."""

    organisation: int
    patient: UUID
    scale: int


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Of one metric (code): values at or below `low` and above `high` bring points, at or below `red_low` and above `red_high` three."""

    metric: int
    red_low: float
    low: float
    high: float
    red_high: float


def _bounds() -> list[_Bounds]:
    found: list[_Bounds] = []
    for name, codes in SOURCES.items():
        bands = BANDS[_BAND_OF[name]]
        calm = next(place for place, (_, points) in enumerate(bands) if points == 0)
        low = bands[calm - 1][0] if calm else float("-inf")
        red_low = bands[0][0] if bands[0][1] == RED else float("-inf")
        red_high = bands[-2][0] if bands[-1][1] == RED else float("inf")
        found += [_Bounds(code, red_low + _ROUNDED, low + _ROUNDED, bands[calm][0] - _ROUNDED, red_high - _ROUNDED) for code in codes]
    return found


_BOUNDS = _bounds()


async def candidates(connection: Connection, now: datetime) -> list[Candidate]:
    """Return, as mediassist_watch, the patients of all organisations of whom one newest value brings three points, or two bring some."""
    async with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        await cursor.execute(
            """select s.organisation_id as organisation, s.patient_id as patient, coalesce(max(p.spo2_scale), 1)::int as scale
               from unnest(%(metric)s::int[], %(age)s::float8[], %(red_low)s::float8[], %(low)s::float8[], %(high)s::float8[], %(red_high)s::float8[])
                   as b (metric, age, red_low, low, high, red_high)
               join series s on s.metric = b.metric
               cross join lateral (
                   select value from reading where series_id = s.id and at > %(now)s::timestamptz - make_interval(secs => b.age) and at <= %(now)s
                   and value is not null order by at desc limit 1
               ) r
               left join patient_rules p on p.patient_id = s.patient_id
               where r.value <= b.low or r.value > b.high
               group by 1, 2 having count(distinct b.metric) >= 2 or bool_or(r.value <= b.red_low or r.value > b.red_high)
               order by 2""",
            {
                "now": now,
                "metric": [each.metric for each in _BOUNDS],
                "age": [_AFTER[each.metric] for each in _BOUNDS],
                "red_low": [each.red_low for each in _BOUNDS],
                "low": [each.low for each in _BOUNDS],
                "high": [each.high for each in _BOUNDS],
                "red_high": [each.red_high for each in _BOUNDS],
            },
        )
        return await cursor.fetchall()


async def readings(connection: Connection, patient: UUID, now: datetime, *, own: bool = False) -> Sequence[Reading]:
    """Return what a patient's score at `now` is made of, what it was made of a little before, and the last minute; with values only.

    own: as mediassist_app, in the organisation's transaction; else as mediassist_watch.
    """
    found: list[Reading] = []
    before = max(SETTLE_MS.values()) / 1000
    for metric in sorted(METRICS_USED):
        cursor = await connection.execute(
            naming(
                """select s.wearable_id, r.at, r.value, coalesce(r.record, %s)
                   from (select id, wearable_id from series where patient_id = %s and metric = %s) s
                   cross join lateral (select at, value, record from {} where series_id = s.id and at > %s and at <= %s and value is not null order by at) r
                   order by r.at""",
                "own_reading" if own else "reading",
            ),
            [NO_RECORD, patient, metric, now - timedelta(seconds=max(_LEAST, _AFTER[metric] + before)), now],
        )
        found += [Reading(wearable, metric, to_ms(at), value, record) for wearable, at, value, record in await cursor.fetchall()]
    return found


async def spo2_scale(connection: Connection, patient: UUID) -> int | None:
    """Return, as mediassist_app, the SpO2 scale of a patient; None where the organisation has no such patient."""
    cursor = await connection.execute(
        "select coalesce(r.spo2_scale, 1)::int from patient p left join patient_rules r on r.patient_id = p.id where p.id = %s", [patient]
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])
