"""One patient's window and the watches that look into it; rebuilt after a crash from the spool and what they wrote down."""

import json
from uuid import UUID

from edge.gateway import anomaly_watch, early_warning_watch, glucose_watch, rhythm_watch, rules_watch
from edge.gateway.anomaly_watch import AnomalyWatch, ScoreFunction
from edge.gateway.early_warning_watch import EarlyWarningWatch
from edge.gateway.glucose_watch import GlucoseWatch
from edge.gateway.rhythm_watch import RhythmWatch
from edge.gateway.rules_watch import RulesWatch
from edge.gateway.watch_finding import WatchFinding
from edge.gateway.window import PatientWindow
from models.heart_rhythm.verdict import Networks
from models.vital_anomaly.verdict import Thresholds
from protocol.findings import Detector
from protocol.patient_rules import PatientRules
from protocol.samples import Reading, WaveformPiece


class PatientWatch:
    """Everything that watches one patient."""

    def __init__(
        self,
        patient: UUID,
        score: ScoreFunction,
        thresholds: Thresholds,
        detector: Detector,
        networks: Networks,
        memory: str | None = None,
    ) -> None:
        """Watch `patient` with opened models; `memory` is what `as_text` gave in an earlier process.

        Raises:
            ValueError, KeyError, TypeError: `memory` was not written by `as_text`.
        """
        told: dict[str, str] = {} if memory is None else json.loads(memory)
        early = early_warning_watch.memory_from_text(told["early_warning"]) if told else None
        anomaly = anomaly_watch.memory_from_text(told["vital_anomaly"]) if told else None
        glucose = glucose_watch.memory_from_text(told["glucose"]) if "glucose" in told else None
        rules = rules_watch.memory_from_text(told["rules"]) if "rules" in told else None
        self._window = PatientWindow()
        self._early = EarlyWarningWatch(patient, memory=early)
        self._anomaly = AnomalyWatch(patient, score, thresholds, detector, anomaly)
        self._glucose = GlucoseWatch(patient, glucose)
        self._rules = RulesWatch(patient, rules)
        rhythm = rhythm_watch.memory_from_text(told["heart_rhythm"]) if "heart_rhythm" in told else None
        self._rhythm = RhythmWatch(patient, networks, rhythm)

    def follow(self, rules: PatientRules) -> None:
        """Watch by these rules from now on."""
        self._early.scale = rules.spo2_scale
        self._rules.follow(rules)

    def recall(self, said: Reading | WaveformPiece) -> None:
        """Take what the watches have judged in an earlier process."""
        if isinstance(said, WaveformPiece):
            self._rhythm.recall(said)
        else:
            self._window.push(said)

    def push(self, said: Reading | WaveformPiece) -> tuple[WatchFinding, ...]:
        """Take what is new; return what is to be raised (usually nothing)."""
        if isinstance(said, WaveformPiece):
            return self._rhythm.look(said)
        if not self._window.push(said):
            return ()
        return tuple(
            finding for watch in (self._early, self._anomaly, self._glucose, self._rules) for finding in watch.look(self._window, said)
        )

    def as_text(self) -> str:
        """Write down what the watches remember besides the readings."""
        return json.dumps(
            {
                "early_warning": self._early.memory.as_text(),
                "vital_anomaly": self._anomaly.memory.as_text(),
                "glucose": self._glucose.memory.as_text(),
                "rules": self._rules.memory.as_text(),
                "heart_rhythm": self._rhythm.memory.as_text(),
            }
        )
