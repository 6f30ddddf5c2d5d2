"""When does a vital deserve a finding by the rules that the cloud gave for this very person, or by the home's own defaults? Pure.

Each series (a metric of a wearable) is judged at its own time, so that what a wearable hands over late is judged as of then. A finding
is raised when limits were left for as long as they say, and again only after a minute inside them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Literal
from uuid import UUID

from edge.gateway.watch_finding import WatchFinding, finding_id
from edge.gateway.window import KEEP_MS, PatientWindow
from models import baseline, threshold
from models.baseline import Baseline
from models.threshold import Limits
from protocol.findings import Detector, Priority
from protocol.metrics import HEART_RATE, PULSE_RATE, SPO2
from protocol.patient_rules import PatientRules, PersonalThreshold
from protocol.samples import Reading

Kind = Literal["threshold", "baseline"]

_EXTREMES = ((SPO2, 80.0, None), (HEART_RATE, 35.0, 180.0), (PULSE_RATE, 35.0, 180.0))
DEFAULTS = tuple(PersonalThreshold(metric.code, low, high, 30, Priority.HIGH) for metric, low, high in _EXTREMES)
"""Limits of a metric for which the cloud has given none: what is an emergency in anyone, besides the early-warning score."""
CLEAR_MS = 60_000
"""What was raised is over when the vital has been inside for so long."""
AGAIN_MS = 10_000
"""A vital far from what is usual is looked at so often."""
LONGEST_SECONDS = KEEP_MS // 1000
"""Limits that may be left for longer than the window reaches back are the cloud's to judge."""


@dataclass(frozen=True, slots=True)
class Track:
    """One rule on one series. at: ms UTC of the newest judged reading. inside_since: ms UTC or None, while raised. due: not before, ms UTC."""

    at: int = 0
    raised: bool = False
    inside_since: int | None = None
    due: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the watch remembers between readings, besides the window; by "kind metric wearable"."""

    tracks: Mapping[str, Track] = field(default_factory=dict[str, Track])

    def as_text(self) -> str:
        """Write it down, to be kept with the readings it follows from."""
        return json.dumps({name: asdict(track) for name, track in self.tracks.items()})


def memory_from_text(text: str) -> Memory:
    """Read what `Memory.as_text` wrote.

    Raises:
        ValueError, TypeError: not written by it.
    """
    return Memory({name: Track(**track) for name, track in json.loads(text).items()})


def step(track: Track, at: int, judge: Callable[[], bool] | None, pause_ms: int = 0) -> tuple[Track, bool]:
    """Take a later reading of a series, at ms UTC; return the new track and whether it is to be raised.

    judge: says whether it has been outside for long enough, asked only where it matters; None: this reading is inside. pause_ms: how long
    not to ask again after a no.
    """
    track = replace(track, at=at)
    if track.raised:
        if judge is not None:
            return replace(track, inside_since=None), False
        since = at if track.inside_since is None else track.inside_since
        return (Track(at) if at - since >= CLEAR_MS else replace(track, inside_since=since)), False
    if judge is None or at < track.due:
        return track, False
    if judge():
        return Track(at, raised=True), True
    return replace(track, due=at + pause_ms), False


class RulesWatch:
    """One patient by the rules; `follow` changes them."""

    def __init__(self, patient: UUID, memory: Memory | None = None) -> None:
        """Watch `patient` by the defaults; `memory` is what an earlier process wrote down."""
        self._patient = patient
        self.memory = memory or Memory()
        self._thresholds: dict[int, PersonalThreshold] = {}
        self._baselines: dict[int, Baseline] = {}
        self.follow(PatientRules(patient))

    def follow(self, rules: PatientRules) -> None:
        """Judge by these rules from now on; a metric without a threshold keeps its default."""
        self._thresholds = {each.metric: each for each in (*DEFAULTS, *rules.thresholds)}
        self._baselines = {
            each.metric: Baseline(each.metric, each.median, each.spread) for each in rules.baselines if each.metric in baseline.LEAST_SPREAD
        }

    def look(self, window: PatientWindow, reading: Reading) -> tuple[WatchFinding, ...]:
        """Judge a reading that was just pushed into `window`; return what is to be raised (usually nothing)."""
        if reading.absence:
            return ()
        limits, usual = self._thresholds.get(reading.metric), self._baselines.get(reading.metric)
        found: list[WatchFinding] = []
        if limits is not None and limits.for_seconds <= LONGEST_SECONDS:
            found += self._threshold(window, reading, limits)
        if usual is not None:
            found += self._baseline(window, reading, usual)
        return tuple(found)

    def _threshold(self, window: PatientWindow, reading: Reading, rule: PersonalThreshold) -> Sequence[WatchFinding]:
        limits = Limits(rule.low, rule.high, rule.for_seconds)
        outside = threshold.distance(limits, reading.value) > 0
        since = partial(_since, window, reading, rule.for_seconds)
        if not self._step("threshold", reading, (lambda: threshold.breached(limits, since(), reading.at)) if outside else None):
            return ()
        found = since()
        return [
            self._finding(
                *(
                    "threshold",
                    reading,
                    rule.priority,
                    rule.for_seconds,
                    threshold.score(limits, found),
                    threshold.explain(limits, reading),
                ),
                *(threshold.DETECTOR, limits.numbers(rule.metric), found),
            )
        ]

    def _baseline(self, window: PatientWindow, reading: Reading, usual: Baseline) -> Sequence[WatchFinding]:
        outside = baseline.departure(usual, reading.value) >= baseline.FACTOR
        since = partial(_since, window, reading, baseline.SPAN_SECONDS)
        if not self._step("baseline", reading, (lambda: baseline.departed(usual, since())) if outside else None, AGAIN_MS):
            return ()
        found = since()
        return [
            self._finding(
                *("baseline", reading, Priority.LOW, baseline.SPAN_SECONDS, baseline.score(usual, found), baseline.explain(usual, found)),
                *(baseline.DETECTOR, usual.numbers(), found),
            )
        ]

    def _step(self, kind: Kind, reading: Reading, judge: Callable[[], bool] | None, pause_ms: int = 0) -> bool:
        name = f"{kind} {reading.metric} {reading.wearable}"
        track = self.memory.tracks.get(name)
        if track is None and judge is None:
            return False
        track = track or Track()
        if reading.at < track.at:
            return False
        new, raised = step(track, reading.at, judge, pause_ms)
        tracks = {other: each for other, each in self.memory.tracks.items() if other != name}
        if new.raised or judge is not None:
            tracks[name] = new
        self.memory = Memory(tracks)
        return raised

    def _finding(
        self, kind: Kind, trigger: Reading, priority: Priority, seconds: int, score: float, why: str,
        detector: Detector, thresholds: Mapping[str, float], evidence: tuple[Reading, ...],
    ) -> WatchFinding:  # fmt: skip
        at = trigger.at
        return WatchFinding(
            id=finding_id(self._patient, f"{kind} {trigger.metric}", trigger, at),
            patient=self._patient,
            kind=kind,
            priority=priority.value,
            at=at,
            window_from=at - 1000 * seconds,
            window_to=at,
            score=score,
            score_low=score,
            score_high=score,
            explanation=why,
            detector=detector,
            thresholds=thresholds,
            coverage={},
            trigger=trigger,
            evidence=evidence,
        )


def _since(window: PatientWindow, reading: Reading, seconds: int) -> tuple[Reading, ...]:
    """Return the series of a reading over the last seconds up to it, ascending."""
    found = window.between(reading.metric, reading.at - 1000 * seconds - 1, reading.at)
    return tuple(each for each in found if each.wearable == reading.wearable)
