"""A capsule gives its score again, bit for bit; one that was altered, or is another detector's, does not pass."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.gateway.anomaly_watch import AnomalyWatch
from edge.gateway.early_warning_watch import EarlyWarningWatch
from edge.gateway.glucose_watch import GlucoseWatch
from edge.gateway.rhythm_watch import RhythmWatch
from edge.gateway.trend_watch import TrendWatch
from edge.gateway.vitals_line import finding_of
from edge.gateway.window import PatientWindow
from mediassist.__main__ import main
from models.catalogue import open_model
from models.glucose import shipped as glucose
from models.heart_rhythm import verdict as heart_rhythm
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.trend import verdict as vital_trend
from models.vital_anomaly.verdict import Thresholds
from protocol.capsule import read_capsule, write_capsule
from protocol.errors import Malformed
from protocol.findings import Detector, Finding
from protocol.metrics import ECG, INTERSTITIAL_GLUCOSE, PULSE_RATE, RR_INTERVAL, SPO2
from protocol.samples import Reading, WaveformPiece
from simulators.physiology import STORIES, Physiology

PATIENT, BELT = UUID(int=1), UUID(int=2)
NOON = 1_800_000_000_000


def a_score() -> Finding:
    watch, window = EarlyWarningWatch(PATIENT), PatientWindow()
    for second in range(300):
        for metric, value in ((SPO2, 97.0 if second < 60 else 86.0), (PULSE_RATE, 72.0)):
            reading = Reading(BELT, metric.code, NOON + 1000 * second, value, second)
            window.push(reading)
            for found in watch.look(window, reading):
                return finding_of(found)
    raise AssertionError("nothing was found")


def an_anomaly() -> Finding:
    model = open_model("vital_anomaly")
    runner = PerceptronRunner(model.artefact)

    def score(features: NDArray[np.float32]) -> float:
        return float(runner.run(features[np.newaxis, :])[0, 0])

    detector = Detector(model.card.name, model.card.version, model.card.sha256)
    watch, window = AnomalyWatch(PATIENT, score, Thresholds(0.0, 0.0, 1, 1), detector), PatientWindow()
    at = NOON
    for beat in range(200):
        interval = 700 + 13 * (beat * beat % 41)
        at += interval
        reading = Reading(BELT, RR_INTERVAL.code, at, float(interval), beat)
        window.push(reading)
        for found in watch.look(window, reading):
            return finding_of(found)
    raise AssertionError("nothing was found")


def a_rhythm() -> Finding:
    watch = RhythmWatch(PATIENT, heart_rhythm.opened())
    body = Physiology(STORIES["atrial_fibrillation"], np.random.default_rng(0))
    for second in range(120):
        samples = body.samples(ECG.code, second * 125, 125)
        for found in watch.look(WaveformPiece(BELT, ECG.code, NOON + 1000 * second, 125.0, 0.005, second * 125, samples, second)):
            return finding_of(found)
    raise AssertionError("nothing was found")


def a_trend() -> Finding:
    watch, window = TrendWatch(PATIENT, vital_trend.opened()), PatientWindow()
    for second in range(600):
        for metric, value in ((SPO2, 97.3 if second < 240 else 87.7), (PULSE_RATE, 72.1 + second % 3)):
            reading = Reading(BELT, metric.code, NOON + 1000 * second, value, second)
            window.push(reading)
            for found in watch.look(window, reading):
                return finding_of(found)
    raise AssertionError("nothing was found")


def a_glucose_ahead() -> Finding:
    watch, window = GlucoseWatch(PATIENT, glucose.opened()), PatientWindow()
    for number, value in enumerate([130.1] * 18 + [128, 125, 121, 116, 111, 105, 99.7, 92, 86, 80]):
        reading = Reading(BELT, INTERSTITIAL_GLUCOSE.code, NOON + 300_000 * number, float(value), number)
        window.push(reading)
        for found in watch.look(window, reading):
            assert "one chance in four" in found.explanation
            return finding_of(found)
    raise AssertionError("nothing was found")


@pytest.mark.parametrize("find", [a_score, an_anomaly, a_rhythm, a_trend, a_glucose_ahead])
def test_a_capsule_gives_its_score_again(find: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(find)
    finding = find()
    file = tmp_path / "one.capsule"
    file.write_bytes(write_capsule(finding))
    assert read_capsule(file.read_bytes()) == finding
    assert main(["replay", str(file)]) == 0
    assert "the same, bit for bit" in capsys.readouterr().out


def test_what_was_altered_or_is_anothers_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finding = a_score()
    wrong = {
        "score": replace(finding, score=float(np.nextafter(finding.score, 100.0))),
        "table": replace(finding, detector=replace(finding.detector, sha256="0" * 64)),
        "kind": replace(finding, kind="palmistry"),
    }
    for name, altered in wrong.items():
        file = tmp_path / f"{name}.capsule"
        file.write_bytes(write_capsule(altered))
        assert main(["replay", str(file)]) == 1, name
    said = capsys.readouterr().err
    assert "NOT the same" in said
    assert "take the version that spoke" in said
    assert "no detector here says 'palmistry'" in said


def test_what_is_no_capsule_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "not.capsule"
    file.write_bytes(b"\xa1\x64form\x61x")
    assert main(["replay", str(file), str(tmp_path / "absent")]) == 2
    with pytest.raises(Malformed, match="not a file of the form"):
        read_capsule(file.read_bytes())
