"""One patient's window and the watches that look into it; rebuilt after a crash from the spool and what they wrote down."""

import json
from dataclasses import dataclass
from uuid import UUID

from edge.gateway import anomaly_watch, early_warning_watch, glucose_watch, rhythm_watch, rules_watch, trend_watch
from edge.gateway.anomaly_watch import AnomalyWatch, ScoreFunction
from edge.gateway.early_warning_watch import EarlyWarningWatch
from edge.gateway.glucose_watch import GlucoseWatch
from edge.gateway.rhythm_watch import RhythmWatch
from edge.gateway.rules_watch import RulesWatch
from edge.gateway.trend_watch import TrendWatch
from edge.gateway.watch_finding import WatchFinding
from edge.gateway.window import PatientWindow
from models.glucose.forecaster import Forecaster
from models.heart_rhythm.verdict import Networks
from models.vital_anomaly.trend.verdict import Trend
from models.vital_anomaly.verdict import Thresholds
from protocol.findings import Detector
from protocol.patient_rules import PatientRules
from protocol.samples import Reading, WaveformPiece


@dataclass(frozen=True, slots=True)
class Detectors:
    """The opened models, one set for all patients. score, thresholds, detector: of the anomaly of minutes. networks: of the heart's rhythm. trend: of vitals.

    forecaster: of glucose.
    """

    score: ScoreFunction
    thresholds: Thresholds
    detector: Detector
    networks: Networks
    trend: Trend
    forecaster: Forecaster


class PatientWatch:
    """Everything that watches one patient."""

    def __init__(self, patient: UUID, detectors: Detectors, memory: str | None = None) -> None:
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
        self._anomaly = AnomalyWatch(patient, detectors.score, detectors.thresholds, detectors.detector, anomaly)
        self._glucose = GlucoseWatch(patient, detectors.forecaster, glucose)
        self._rules = RulesWatch(patient, rules)
        rhythm = rhythm_watch.memory_from_text(told["heart_rhythm"]) if "heart_rhythm" in told else None
        self._rhythm = RhythmWatch(patient, detectors.networks, rhythm)
        moved = trend_watch.memory_from_text(told["vital_trend"]) if "vital_trend" in told else None
        self._trend = TrendWatch(patient, detectors.trend, moved)

    def follow(self, rules: PatientRules) -> None:
        """Watch by these rules from now on."""
        self._early.scale = rules.spo2_scale
        self._rules.follow(rules)
        self._trend.follow(rules)

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
            finding
            for watch in (self._early, self._anomaly, self._glucose, self._rules, self._trend)
            for finding in watch.look(self._window, said)
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
                "vital_trend": self._trend.memory.as_text(),
            }
        )
