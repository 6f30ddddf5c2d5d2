"""When does glucose deserve a finding: low, very low, low ahead, high for an hour. Pure.

Levels are those of the international consensus on time in range (Battelino et al., Diabetes Care 42:1593, 2019): below 54 and below 70 mg/dL,
above 250. What is ahead is what the forecaster says of a sensor's last two hours: one chance in four to be low in a quarter of an hour. Where there are
no two hours it is a straight line through the last twenty minutes of a sensor that has fallen twice, for twenty minutes more. A sensor's first value below 70 waits for a second: pressure on the arm makes single dips. A meter measures once and is believed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import pairwise
from typing import Literal
from uuid import UUID

from edge.gateway.watch_finding import Priority, WatchFinding, finding_id
from edge.gateway.window import PatientWindow
from models.glucose.forecaster import WARNS_AT, Forecaster
from models.glucose.history import LAGS, MOST_FILLED, STEP_MINUTES, history_of
from protocol.findings import Detector
from protocol.metrics import BLOOD_GLUCOSE, INTERSTITIAL_GLUCOSE, Absence
from protocol.samples import Reading

State = Literal["very_low", "low", "ahead", "high", "well", "between"]

MINUTE_MS = 60_000
VERY_LOW, LOW, HIGH = 54.0, 70.0, 250.0
AHEAD_BELOW, AHEAD_MINUTES, FALLING = 55.0, 20, -1.0
"""Low is ahead when the line is below AHEAD_BELOW (mg/dL) AHEAD_MINUTES from now and falls by at least this much (mg/dL) a minute."""
LINE_MS, LEAST_LINE_MS, LEAST_POINTS = 20 * MINUTE_MS, 8 * MINUTE_MS, 3
HISTORY_MS = LAGS * STEP_MINUTES * MINUTE_MS
"""Readings of so long are looked at."""
PAIR_MS = 11 * MINUTE_MS
"""A sensor's value before counts as the one before for so long: it says one every five minutes, and one may be missing."""
HIGH_MS = 60 * MINUTE_MS
WELL_MS = 15 * MINUTE_MS
"""A state that was raised is over, as the consensus has it, when glucose has been within LOW..HIGH for so long, or a meter says so."""
BELOW_RANGE, ABOVE_RANGE = 0.0, 1000.0
"""What stands for a value that the device could not measure because it was too low or too high."""
THRESHOLDS = {
    "very_low": VERY_LOW,
    "low": LOW,
    "high": HIGH,
    "ahead_below": AHEAD_BELOW,
    "ahead_minutes": float(AHEAD_MINUTES),
    "falling": FALLING,
    "high_ms": float(HIGH_MS),
    "warns_at_minutes": float(WARNS_AT),
    "warns_by": 0.25,
}
METRICS_USED = frozenset({BLOOD_GLUCOSE.code, INTERSTITIAL_GLUCOSE.code})

_PRIORITIES: dict[State, Priority] = {"very_low": "high", "low": "medium", "ahead": "medium", "high": "medium"}
_DEPTH: dict[State, int] = {"ahead": 1, "low": 2, "very_low": 3}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One moment. score: mg/dL, what was compared: the newest value, or where low is ahead the value to come. explanation: one line.

    inside: the newest value lies within LOW..HIGH.
    """

    state: State
    score: float
    explanation: str
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """at: ms UTC of the newest judged reading. raised: the state that was, "" for none. well_since: ms UTC or None."""

    at: int = 0
    raised: State | Literal[""] = ""
    well_since: int | None = None

    def as_text(self) -> str:
        """Write it down, to be kept with the readings it follows from."""
        return json.dumps(asdict(self))


def memory_from_text(text: str) -> Memory:
    """Read what `Memory.as_text` wrote.

    Raises:
        ValueError, TypeError: not written by it.
    """
    return Memory(**json.loads(text))


def detector_of(forecaster: Forecaster) -> Detector:
    """Return who speaks: these rules with this network."""
    rules = repr((sorted(THRESHOLDS.items()), LINE_MS, LEAST_LINE_MS, LEAST_POINTS, PAIR_MS, MOST_FILLED, forecaster.sha256))
    return Detector("glucose_levels", "2", sha256(rules.encode()).hexdigest())


def value_of(reading: Reading) -> float | None:
    """Return a reading's mg/dL; None where it says nothing about glucose."""
    match reading.absence:
        case Absence.PRESENT:
            return reading.value
        case Absence.NEGATIVE_INFINITY:
            return BELOW_RANGE
        case Absence.POSITIVE_INFINITY:
            return ABOVE_RANGE
        case _:
            return None


def judge(readings: Sequence[Reading], forecaster: Forecaster) -> Judgement | None:
    """Judge the newest of some readings of glucose; None where none has a value.

    Args:
        readings: of METRICS_USED, any order; of the last HISTORY_MS.
        forecaster: the network that says what is ahead.
    """
    known = [(r.at, value, r.metric) for r in sorted(readings, key=lambda r: r.at) if (value := value_of(r)) is not None]
    if not known:
        return None
    at, value, metric = known[-1]
    if value < VERY_LOW:
        return Judgement("very_low", value, f"glucose {value:.0f} mg/dL, below {VERY_LOW:.0f}")
    if metric == BLOOD_GLUCOSE.code:
        return _of_meter(value)
    track = [(when, each) for when, each, of in known if of == INTERSTITIAL_GLUCOSE.code]
    before = [each for when, each in track[:-1] if at - when <= PAIR_MS]
    if value < LOW and before and before[-1] < LOW:
        return Judgement("low", value, f"glucose {value:.0f} mg/dL, twice below {LOW:.0f}")
    ahead = _ahead(track, forecaster) if value >= LOW else None
    if ahead is not None:
        return ahead
    if value > HIGH and _high_throughout([(when, each) for when, each in track if at - when <= HIGH_MS]):
        return Judgement("high", value, f"glucose {value:.0f} mg/dL, above {HIGH:.0f} for an hour")
    return Judgement("well", value, "", inside=True) if LOW <= value <= HIGH else Judgement("between", value, "")


def _of_meter(value: float) -> Judgement:
    if value < LOW:
        return Judgement("low", value, f"glucose {value:.0f} mg/dL by a meter, below {LOW:.0f}")
    if value > HIGH:
        return Judgement("high", value, f"glucose {value:.0f} mg/dL by a meter, above {HIGH:.0f}")
    return Judgement("well", value, "", inside=True)


def _ahead(track: Sequence[tuple[int, float]], forecaster: Forecaster) -> Judgement | None:
    """Judge whether low is ahead of a sensor's track whose newest value is not low: by the forecaster, or by a line where the track is too short."""
    at, value = track[-1]
    history = history_of(track)
    if history is not None:
        soon = forecaster.soon(history)
        if soon.quarter >= LOW:
            return None
        why = f"one chance in four to be below {soon.quarter:.0f} in {soon.minutes} minutes, most likely {soon.median:.0f}"
        return Judgement("ahead", soon.quarter, f"glucose {value:.0f} mg/dL, {why}", inside=value <= HIGH)
    slope = _slope([(when, each) for when, each in track if at - when <= LINE_MS])
    if slope is None or slope > FALLING or value + slope * AHEAD_MINUTES >= AHEAD_BELOW or not _falls_twice(track):
        return None
    ahead = value + slope * AHEAD_MINUTES
    why = f"falling {-slope:.1f} a minute: about {ahead:.0f} in {AHEAD_MINUTES} minutes"
    return Judgement("ahead", ahead, f"glucose {value:.0f} mg/dL, {why}", inside=value <= HIGH)


def _slope(track: Sequence[tuple[int, float]]) -> float | None:
    """Return the least-squares slope, mg/dL a minute; None where the track is too short."""
    if len(track) < LEAST_POINTS or track[-1][0] - track[0][0] < LEAST_LINE_MS:
        return None
    minutes = [(at - track[0][0]) / MINUTE_MS for at, _ in track]
    middle, mean = sum(minutes) / len(track), sum(value for _, value in track) / len(track)
    spread = sum((minute - middle) ** 2 for minute in minutes)
    return sum((minute - middle) * (value - mean) for minute, (_, value) in zip(minutes, track, strict=True)) / spread


def _falls_twice(track: Sequence[tuple[int, float]]) -> bool:
    """Say whether each of the last two values is lower than the one before: one dip makes no line."""
    (_, first), (_, second), (_, third) = track[-3:]
    return first > second > third


def _high_throughout(track: Sequence[tuple[int, float]]) -> bool:
    whole = track[-1][0] - track[0][0] >= HIGH_MS - PAIR_MS and all(later - at <= PAIR_MS for (at, _), (later, _) in pairwise(track))
    return whole and all(value > HIGH for _, value in track)


def step(memory: Memory, reading: Reading, now: Judgement) -> tuple[Memory, bool]:
    """Take the judgement of a later reading; return the new memory and whether its state is to be raised."""
    memory = replace(memory, at=reading.at)
    if now.state == "well" or (now.inside and memory.raised in ("low", "very_low")):
        # Low has been left; that it may come again is said once it is over.
        since = reading.at if memory.well_since is None else memory.well_since
        over = reading.metric == BLOOD_GLUCOSE.code or reading.at - since >= WELL_MS
        return (Memory(reading.at) if over else replace(memory, well_since=since)), False
    memory = replace(memory, well_since=None)
    if now.state == "high":
        worse = memory.raised != "high"
    else:
        worse = _DEPTH.get(now.state, 0) > (0 if memory.raised in ("", "high") else _DEPTH[memory.raised])
    return (replace(memory, raised=now.state) if worse else memory), worse


def score_again(evidence: Sequence[Reading], forecaster: Forecaster) -> float:
    """Return the score of a finding's evidence: with the same network the number it holds, bit for bit.

    Raises:
        ValueError: no reading there has a value.
    """
    found = judge(evidence, forecaster)
    if found is None:
        raise ValueError("no reading of glucose has a value")
    return found.score


class GlucoseWatch:
    """The glucose of one patient, judged at every reading of it. A reading older than the newest judged one is only remembered."""

    def __init__(self, patient: UUID, forecaster: Forecaster, memory: Memory | None = None) -> None:
        """Watch `patient` with the opened network; `memory` is what an earlier process wrote down."""
        self._patient = patient
        self._forecaster, self._detector = forecaster, detector_of(forecaster)
        self.memory = memory or Memory()

    def look(self, window: PatientWindow, reading: Reading) -> tuple[WatchFinding, ...]:
        """Judge a reading that was just pushed into `window`; return what is to be raised (usually nothing)."""
        if reading.metric not in METRICS_USED or reading.at < self.memory.at or value_of(reading) is None:
            return ()
        evidence = tuple(r for metric in sorted(METRICS_USED) for r in window.between(metric, reading.at - HISTORY_MS, reading.at))
        now = judge(evidence, self._forecaster)
        if now is None:
            return ()
        self.memory, raised = step(self.memory, reading, now)
        return (self._finding(reading, now, evidence),) if raised else ()

    def _finding(self, trigger: Reading, now: Judgement, evidence: tuple[Reading, ...]) -> WatchFinding:
        return WatchFinding(
            id=finding_id(self._patient, "glucose", trigger, trigger.at),
            patient=self._patient,
            kind="glucose",
            priority=_PRIORITIES[now.state],
            at=trigger.at,
            window_from=trigger.at - HISTORY_MS,
            window_to=trigger.at,
            score=now.score,
            score_low=now.score,
            score_high=now.score,
            explanation=now.explanation,
            detector=self._detector,
            thresholds=THRESHOLDS,
            coverage={},
            trigger=trigger,
            evidence=evidence,
        )
