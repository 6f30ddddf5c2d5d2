"""When does the early-warning score deserve a finding? On crossing a threshold for good, not on every reading above it.

A wearable that comes back hands over old readings while the others are live, so there is one lane of time for what is live and
one for each wearable that is behind; when it has caught up, its lane ends in the live one, with whatever it had raised.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from edge.gateway.watch_finding import WatchFinding, finding_id
from edge.gateway.window import PatientWindow
from models.early_warning import DETECTOR, METRICS_USED, PERSIST_MS, PRIORITIES, SETTLE_MS, SOURCES, THRESHOLDS, Score, score
from protocol.metrics import SYSTOLIC_PRESSURE
from protocol.samples import Reading

CLEAR_MS = 60_000
"""A raised level falls when the score was below it this long, with every parameter that had raised it still measured."""
GAP_MS = 30_000
"""Silence longer than this starts both countings anew: nobody knows what was in between."""
BEHIND_MS = 10_000
"""A reading older than the newest judged moment by more than this belongs to a wearable that is behind."""
WINDOW_MS = 60_000


@dataclass(frozen=True, slots=True)
class Lane:
    """One run of time. at: newest judged moment, ms UTC. level: raised so far, 0..2. by: parameters that had raised it.

    rising, rising_since: the level that is about to be raised and since when. falling, falling_since: the same downwards.
    """

    at: int
    level: int = 0
    by: tuple[str, ...] = ()
    rising: int = 0
    rising_since: int | None = None
    falling: int = 0
    falling_since: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the watch remembers between readings, besides the window."""

    live: Lane | None = None
    behind: Mapping[UUID, Lane] = field(default_factory=dict[UUID, Lane])

    def as_text(self) -> str:
        """Write it down, to be kept with the readings it follows from."""
        lanes = {str(wearable): asdict(lane) for wearable, lane in self.behind.items()}
        return json.dumps({"live": None if self.live is None else asdict(self.live), "behind": lanes})


def memory_from_text(text: str) -> Memory:
    """Read what `Memory.as_text` wrote.

    Raises:
        ValueError, KeyError, TypeError: not written by it.
    """
    table = json.loads(text)
    live = None if table["live"] is None else _lane(table["live"])
    return Memory(live, {UUID(wearable): _lane(lane) for wearable, lane in table["behind"].items()})


def _lane(table: Mapping[str, Any]) -> Lane:
    since = {name: None if table[name] is None else int(table[name]) for name in ("rising_since", "falling_since")}
    return Lane(
        at=int(table["at"]),
        level=int(table["level"]),
        by=tuple(str(name) for name in table["by"]),
        rising=int(table["rising"]),
        rising_since=since["rising_since"],
        falling=int(table["falling"]),
        falling_since=since["falling_since"],
    )


def step(lane: Lane, at: int, now: Score, persist_ms: int = PERSIST_MS) -> tuple[Lane, bool]:
    """Take the score of a later moment; return the new lane and whether its level is to be raised."""
    if at - lane.at > GAP_MS:
        lane = replace(lane, rising_since=None, falling_since=None)
    lane = replace(lane, at=at)
    if now.level > lane.level:
        return _rise(replace(lane, falling_since=None), at, now, persist_ms)
    lane = replace(lane, rising_since=None)
    if now.level == lane.level or not now.present.issuperset(lane.by):
        return replace(lane, falling_since=None), False
    return _fall(lane, at, now), False


def _rise(lane: Lane, at: int, now: Score, persist_ms: int) -> tuple[Lane, bool]:
    since = at if lane.rising_since is None else lane.rising_since
    rising = now.level if lane.rising_since is None else min(lane.rising, now.level)
    if at - since < persist_ms:
        return replace(lane, rising=rising, rising_since=since), False
    return Lane(at, rising, tuple(sorted(now.scoring))), True


def _fall(lane: Lane, at: int, now: Score) -> Lane:
    since = at if lane.falling_since is None else lane.falling_since
    falling = now.level if lane.falling_since is None else max(lane.falling, now.level)
    if at - since < CLEAR_MS:
        return replace(lane, falling=falling, falling_since=since)
    return Lane(at, falling, lane.by if falling else ())


class EarlyWarningWatch:
    """The early-warning score of one patient, judged at every reading that it is made of."""

    def __init__(self, patient: UUID, scale: int = 1, memory: Memory | None = None) -> None:
        """Watch `patient`; `scale` is the SpO2 scale (2 on a clinician's word), `memory` what an earlier process wrote down."""
        self._patient = patient
        self.scale = scale
        self.memory = memory or Memory()

    def look(self, window: PatientWindow, reading: Reading) -> tuple[WatchFinding, ...]:
        """Judge the moment of a reading that was just pushed into `window`; return what is to be raised (usually nothing)."""
        if reading.metric not in METRICS_USED:
            return ()
        lane, live = self._lane(reading)
        at = max(lane.at, reading.at) if live else reading.at
        if at < lane.at:
            return ()
        now = score(readings_for(window, at), at, self.scale)
        lane, raised = step(lane, at, now, 0 if reading.metric == SYSTOLIC_PRESSURE.code else PERSIST_MS)
        self.memory = (
            replace(self.memory, live=lane) if live else replace(self.memory, behind={**self.memory.behind, reading.wearable: lane})
        )
        return (self._finding(window, reading, at, lane.level, now),) if raised else ()

    def _lane(self, reading: Reading) -> tuple[Lane, bool]:
        """Return the lane a reading belongs to, and whether it is the live one."""
        live, behind = self.memory.live, dict(self.memory.behind)
        if live is not None and reading.at < live.at - BEHIND_MS:
            return behind.get(reading.wearable, Lane(reading.at)), False
        lane = live or Lane(reading.at)
        caught_up = behind.pop(reading.wearable, None)
        if caught_up is not None:
            self.memory = replace(self.memory, behind=behind)
            if caught_up.level > lane.level:
                lane = replace(lane, level=caught_up.level, by=caught_up.by)
        return lane, True

    def _finding(self, window: PatientWindow, trigger: Reading, at: int, level: int, now: Score) -> WatchFinding:
        return WatchFinding(
            id=finding_id(self._patient, "early_warning", trigger, at),
            patient=self._patient,
            kind="early_warning",
            priority=PRIORITIES[level].value,
            at=at,
            window_from=at - WINDOW_MS,
            window_to=at,
            score=float(now.low),
            score_low=float(now.low),
            score_high=float(now.high),
            explanation=now.explain(),
            detector=DETECTOR,
            thresholds={**THRESHOLDS, "spo2_scale": self.scale, "persist_ms": PERSIST_MS, "clear_ms": CLEAR_MS},
            coverage=window.coverage(at - WINDOW_MS, at),
            trigger=trigger,
            evidence=now.evidence,
        )


def readings_for(window: PatientWindow, at: int) -> tuple[Reading, ...]:
    """Return what the score of the moment `at` (ms UTC) is made of: each metric's newest reading, and those it settles with."""
    found: list[Reading] = []
    for name, metrics in SOURCES.items():
        for metric in metrics:
            newest = window.latest(metric, 0, at)
            if newest is not None:
                found.extend(window.between(metric, newest.at - SETTLE_MS[name], newest.at))
    return tuple(found)
