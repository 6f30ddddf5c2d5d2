"""Training chooses its threshold on people the scoring network has not seen."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")
pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")

from models.vital_anomaly.features import Minute
from models.vital_anomaly.recordings import Labelled, Recorded, beats_at
from models.vital_anomaly.train import VARIATIONS, assess, choose, fit, known, simple_rule, vary
from models.vital_anomaly.verdict import Thresholds


def said(value: float) -> np.ndarray:
    return np.column_stack([np.arange(60) * 1000.0, np.full(60, value)])


def minute(dice: np.random.Generator, *, rhythm: bool, vitals: bool) -> Labelled:
    rr = dice.uniform(400, 1200, 90) if rhythm else dice.normal(800, 15, 90)
    beats = beats_at(np.cumsum(rr))[:74]
    monitor = {"spo2": said(97), "respiratory_rate": said(16)} if vitals else {}
    return Labelled(Minute(beats=beats, heart_rate=said(75), **monitor), rhythm=rhythm, abnormal=rhythm)


def people() -> list[Recorded]:
    dice = np.random.default_rng(0)
    hearts = [Recorded(f"mitdb/{k}", tuple(minute(dice, rhythm=bool(k % 2), vitals=False) for _ in range(20))) for k in range(8)]
    return hearts + [Recorded(f"bidmc/{k}", tuple(minute(dice, rhythm=False, vitals=True) for _ in range(20))) for k in range(4)]


def test_variations_are_of_known_minutes_and_repeat() -> None:
    everybody = people()
    once, again = vary(everybody, 1), vary(everybody, 1)
    assert len(once.truth) == VARIATIONS * sum(len(known(person)) for person in everybody)
    assert once.features.tobytes() == again.features.tobytes()


def test_a_training_from_people_to_card() -> None:
    everybody = people()
    windows = vary(everybody, 1)
    thresholds, out_of_fold = choose(everybody, windows, 1)
    assert 0.0 < thresholds.clear_at < thresholds.raise_at <= 0.99
    assert out_of_fold > 0.95
    exact, _ = fit(windows, 1)
    trained = assess(everybody, exact, exact, Thresholds(0.5, 0.25, 2, 6), out_of_fold, 1)
    found = {(figure.name, figure.on): figure.value for figure in trained.figures}
    assert found["AUROC", "MIT-BIH test people"] > 0.95
    assert found["sensitivity", "planted: low oxygen"] > 0.5
    assert trained.agreement.same_side == 1.0
    assert simple_rule(everybody) > 0.95
