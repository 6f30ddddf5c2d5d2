"""When does the anomaly score of the last minute deserve a finding? Judged every few seconds of each belt's own time.

A belt's own beats are its clock: what it hands over late is judged as of its own time, with whatever else is known of that time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from edge.gateway.watch_finding import WatchFinding, finding_id
from edge.gateway.window import PatientWindow
from models.vital_anomaly.features import INPUTS, SPAN_MS, STEP_MS, TEMPERATURE_SPAN_MS, Minute, enough, minute_of, vector
from models.vital_anomaly.verdict import CALM, Thresholds, Verdict, step
from protocol.findings import Detector
from protocol.metrics import BODY_TEMPERATURE, RR_INTERVAL
from protocol.samples import Reading

ScoreFunction = Callable[[NDArray[np.float32]], float]
"""Features, float32, shape (FEATURES,) -> score, 0..1."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the watch remembers between readings, besides the window: per belt, the next moment (ms UTC) and the verdict."""

    due: Mapping[UUID, int] = field(default_factory=dict[UUID, int])
    verdicts: Mapping[UUID, Verdict] = field(default_factory=dict[UUID, Verdict])

    def as_text(self) -> str:
        """Write it down, to be kept with the readings it follows from."""
        due = {str(belt): at for belt, at in self.due.items()}
        return json.dumps({"due": due, "verdicts": {str(belt): asdict(verdict) for belt, verdict in self.verdicts.items()}})


def memory_from_text(text: str) -> Memory:
    """Read what `Memory.as_text` wrote.

    Raises:
        ValueError, KeyError, TypeError: not written by it.
    """
    table = json.loads(text)
    verdicts = {UUID(belt): Verdict(bool(v["raised"]), int(v["above"]), int(v["below"])) for belt, v in table["verdicts"].items()}
    return Memory({UUID(belt): int(at) for belt, at in table["due"].items()}, verdicts)


class AnomalyWatch:
    """The anomaly score of one patient."""

    def __init__(
        self, patient: UUID, score: ScoreFunction, thresholds: Thresholds, detector: Detector, memory: Memory | None = None
    ) -> None:
        """Watch `patient` with an opened network; `memory` is what an earlier process wrote down."""
        self._patient = patient
        self._score = score
        self._thresholds = thresholds
        self._detector = detector
        self.memory = memory or Memory()

    def look(self, window: PatientWindow, reading: Reading) -> tuple[WatchFinding, ...]:
        """Judge, if one is due, the moment of a beat that was just pushed into `window`; return what is to be raised."""
        belt = reading.wearable
        if reading.metric != RR_INTERVAL.code or reading.absence:
            return ()
        due = self.memory.due.get(belt)
        if due is not None and due - SPAN_MS < reading.at < due:
            return ()
        # A beat far before what was due comes from a clock that was set back: its time counts from now on.
        self.memory = replace(self.memory, due={**self.memory.due, belt: (reading.at // STEP_MS + 1) * STEP_MS})
        if due is None:
            return ()
        evidence = readings_for(window, belt, reading.at)
        minute = minute_of(evidence)
        if not enough(minute):
            return ()
        score = self._score(vector(minute))
        verdict, raised = step(self.memory.verdicts.get(belt, CALM), score, self._thresholds)
        self.memory = replace(self.memory, verdicts={**self.memory.verdicts, belt: verdict})
        return (self._finding(window, reading, score, minute, evidence),) if raised else ()

    def _finding(
        self, window: PatientWindow, trigger: Reading, score: float, minute: Minute, evidence: tuple[Reading, ...]
    ) -> WatchFinding:
        at = trigger.at
        return WatchFinding(
            id=finding_id(self._patient, "vital_anomaly", trigger, at),
            patient=self._patient,
            kind="vital_anomaly",
            priority="medium",
            at=at,
            window_from=at - SPAN_MS,
            window_to=at,
            score=score,
            score_low=score,
            score_high=score,
            explanation=explain(score, minute),
            detector=self._detector,
            thresholds=self._thresholds.as_numbers(),
            coverage=window.coverage(at - SPAN_MS, at),
            trigger=trigger,
            evidence=evidence,
        )


def readings_for(window: PatientWindow, belt: UUID, at: int) -> tuple[Reading, ...]:
    """Return what the score of the moment `at` (ms UTC) is computed from: one belt's beats, and the vitals of any wearable."""
    found: list[Reading] = []
    for metric in INPUTS:
        span = TEMPERATURE_SPAN_MS if metric == BODY_TEMPERATURE.code else SPAN_MS
        found.extend(r for r in window.between(metric, at - span, at) if metric != RR_INTERVAL.code or r.wearable == belt)
    return tuple(found)


def score_again(evidence: Sequence[Reading], score: ScoreFunction) -> float:
    """Return the score from a finding's evidence alone: with the same artefact the number the finding holds, bit for bit."""
    return score(vector(minute_of(evidence)))


def explain(score: float, minute: Minute) -> str:
    """Say in one line what the minute looked like, in plain measures; no name, no id."""
    rr = minute.beats[:, 1]
    median = float(np.median(rr))
    off = float((np.abs(rr / median - 1.0) > 0.2).mean())
    vitals = (("heart rate", minute.heart_rate), ("SpO2", minute.spo2), ("respiratory rate", minute.respiratory_rate))
    said = [f"{name} {np.median(track[:, 1]):.0f}" for name, track in vitals if len(track)]
    missing = [name for name, track in vitals if not len(track)]
    beats = f"{len(rr)} beats, {off:.0%} of intervals over 20 % from the median of {median:.0f} ms"
    return f"anomaly score {score:.2f}: {beats}; {', '.join(said) or 'no other vitals'}; missing: {', '.join(missing) or 'nothing'}"
