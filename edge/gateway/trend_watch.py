"""When do a patient's vitals, taken together over four minutes, move so far from what is usual that it deserves a finding? Pure.

Judged every ten seconds of the patient's own newest time. What a wearable hands over late is no trend any more and is not judged, but is in the
course of what is judged later. What is usual for the person comes with the care team's rules.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from edge.gateway.watch_finding import WatchFinding, finding_id
from edge.gateway.window import PatientWindow
from models.vital_anomaly.trend.course import INPUTS, SPAN_MS, STEP_MS, TEMPERATURE_SPAN_MS, course_of
from models.vital_anomaly.trend.strangeness import Usual, usual_for
from models.vital_anomaly.trend.verdict import NAME, VERSION, Trend, explain, usual_numbers, usual_of
from models.vital_anomaly.verdict import CALM, Verdict, step
from protocol.findings import Detector
from protocol.metrics import BODY_TEMPERATURE
from protocol.patient_rules import PatientRules
from protocol.samples import Reading

KIND = "vital_trend"


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the watch remembers between readings, besides the window. due: the next moment, ms UTC, None before the first."""

    due: int | None = None
    verdict: Verdict = CALM

    def as_text(self) -> str:
        """Write it down, to be kept with the readings it follows from."""
        return json.dumps({"due": self.due, "verdict": asdict(self.verdict)})


def memory_from_text(text: str) -> Memory:
    """Read what `Memory.as_text` wrote.

    Raises:
        ValueError, KeyError, TypeError: not written by it.
    """
    table = json.loads(text)
    verdict = table["verdict"]
    due = None if table["due"] is None else int(table["due"])
    return Memory(due, Verdict(bool(verdict["raised"]), int(verdict["above"]), int(verdict["below"])))


class TrendWatch:
    """The trend of one patient."""

    def __init__(self, patient: UUID, trend: Trend, memory: Memory | None = None) -> None:
        """Watch `patient` with the opened model; `memory` is what an earlier process wrote down."""
        self._patient = patient
        self._trend = trend
        self._detector = Detector(NAME, VERSION, trend.sha256)
        self._usual: Usual = usual_for(trend.people, {})
        self.memory = memory or Memory()

    def follow(self, rules: PatientRules) -> None:
        """Take what is usual for the person from now on."""
        self._usual = usual_for(self._trend.people, {each.metric: each.median for each in rules.baselines})

    def look(self, window: PatientWindow, reading: Reading) -> tuple[WatchFinding, ...]:
        """Judge, if one is due, the moment before a reading that was just pushed into `window`; return what is to be raised."""
        if reading.metric not in INPUTS or reading.absence:
            return ()
        due, at = self.memory.due, reading.at // STEP_MS * STEP_MS
        if due is not None and due - SPAN_MS < reading.at < due:
            return ()
        # A reading far before what was due comes from a clock that was set back: its time counts from now on.
        self.memory = replace(self.memory, due=at + STEP_MS)
        if due is None or reading.at < due:
            return ()
        evidence = readings_for(window, at)
        course = course_of(evidence, at)
        found = self._trend.judge(course, self._usual)
        if found is None:
            return ()
        verdict, raised = step(self.memory.verdict, found.score, self._trend.thresholds)
        self.memory = replace(self.memory, verdict=verdict)
        if not raised:
            return ()
        finding = WatchFinding(
            id=finding_id(self._patient, KIND, reading, at),
            patient=self._patient,
            kind=KIND,
            priority="low",
            at=at,
            window_from=at - SPAN_MS,
            window_to=at,
            score=found.score,
            score_low=found.score,
            score_high=found.score,
            explanation=explain(found, course, self._usual),
            detector=self._detector,
            thresholds={**self._trend.thresholds.as_numbers(), **usual_numbers(self._usual)},
            coverage=window.coverage(at - SPAN_MS, at),
            trigger=reading,
            evidence=evidence,
        )
        return (finding,)


def readings_for(window: PatientWindow, at: int) -> tuple[Reading, ...]:
    """Return what the course up to the moment `at` (ms UTC) is made of."""
    found: list[Reading] = []
    for metric in INPUTS:
        span = TEMPERATURE_SPAN_MS + SPAN_MS if metric == BODY_TEMPERATURE.code else SPAN_MS
        found.extend(window.between(metric, at - span, at))
    return tuple(found)


def score_again(evidence: Sequence[Reading], at: int, thresholds: Mapping[str, float], trend: Trend) -> float:
    """Return the score from a finding's evidence alone: with the same artefact the number the finding holds, bit for bit; NaN: there is none.

    Raises:
        KeyError: the thresholds do not say what was usual.
    """
    found = trend.judge(course_of(evidence, at), usual_of(thresholds))
    return float("nan") if found is None else found.score
