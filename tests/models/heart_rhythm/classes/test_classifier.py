"""Beats get their class, and what cannot be told is said; the shipped network keeps its card's figures."""

import numpy as np
import pytest

from models.catalogue import open_model
from models.heart_rhythm.classes import classifier
from models.heart_rhythm.classes.classifier import CLASSES, UNTOLD, Classed, shares
from models.heart_rhythm.classes.shapes import NAMES
from models.heart_rhythm.finder import shipped
from models.heart_rhythm.peers import classify
from models.onnx_runner import OnnxRunner
from tests.models.heart_rhythm.hearts import MITDB, beating, needs_mitdb, steady

FINDER, NETWORK = shipped(), classifier.shipped()
MODEL = open_model(classifier.Path(classifier.__file__).parent)


def classed(signal: np.ndarray, rate_hz: float = 360.0) -> Classed:
    return classifier.classify(signal, rate_hz, FINDER, NETWORK)


def heart(early: tuple[int, ...] = (), odd: tuple[int, ...] = (), rate_hz: float = 360.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of a heart and its lead; `early` beats come early, `odd` ones early, wide and the other way up."""
    times = steady(120)
    for beat in (*early, *odd):
        times[beat] -= 0.28
    lead = beating(np.delete(times, odd), 120, rate_hz)
    at = np.arange(len(lead)) / rate_hz
    for beat in odd:
        lead -= 1.6 * np.exp(-(((at - times[beat]) / 0.045) ** 2) / 2) - 0.5 * np.exp(-(((at - times[beat] - 0.25) / 0.06) ** 2) / 2)
    return times, lead


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 360.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_ordinary_early_and_ventricular_beats_are_told_apart(rate_hz: float, sign: float) -> None:
    early, odd = (40, 70, 100), (50, 85, 120)
    times, lead = heart(early, odd, rate_hz)
    said = classed(sign * lead, rate_hz)
    letter = dict(zip(said.found.at.tolist(), said.letters, strict=True))
    nearest = {beat: min(letter, key=lambda at, beat=beat: abs(at / rate_hz - times[beat])) for beat in range(len(times))}
    assert [letter[nearest[beat]] for beat in odd] == ["V"] * 3
    assert [letter[nearest[beat]] for beat in early] == ["S"] * 3
    ordinary = [letter[nearest[beat]] for beat in range(10, len(times) - 3) if beat not in {*early, *odd}]
    assert ordinary.count("N") >= len(ordinary) - 2


def test_what_is_cut_off_or_not_measured_is_not_classed() -> None:
    times, lead = heart()
    gap = round(times[60] * 360) + 100
    lead[gap : gap + 720] = np.nan
    said = classed(lead[: round((times[-1] + 0.4) * 360)])
    told = dict(zip(said.found.at.tolist(), said.letters, strict=True))
    assert told[min(told, key=lambda at: abs(at - gap))] == UNTOLD
    assert said.letters[-1] == UNTOLD
    assert set(said.letters) <= {*CLASSES, UNTOLD}
    assert (said.certainty[np.array(list(said.letters)) == UNTOLD] == 0).all()
    assert classed(np.zeros(4000)).letters == ""


def test_shares_add_up_and_factors_weigh() -> None:
    features = np.random.default_rng(0).normal(0, 1, (500, len(NAMES))).astype(np.float32)
    plain = shares(classifier.Classifier(NETWORK.runner, dict.fromkeys(CLASSES, 1.0)), features)
    more = shares(classifier.Classifier(NETWORK.runner, {**dict.fromkeys(CLASSES, 1.0), "S": 3.0}), features)
    assert np.allclose(plain.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(more[:, 1] / more[:, 0], 3 * plain[:, 1] / plain[:, 0], rtol=1e-3)
    assert shares(NETWORK, features[:0]).shape == (0, 4)


def test_onnx_runtime_and_the_gateways_own_evaluation_say_the_same() -> None:
    features = np.random.default_rng(0).normal(0, 3, (20_000, len(NAMES))).astype(np.float32)
    said = NETWORK.runner.run(features)
    assert said.tobytes() == OnnxRunner(MODEL.artefact).run(features).tobytes()
    assert MODEL.card.inputs[0].meaning == NAMES
    assert "".join(MODEL.card.outputs[0].meaning) == CLASSES


@needs_mitdb
def test_recordings_that_were_not_learnt_from_keep_the_cards_figures() -> None:
    recordings = pytest.importorskip("models.heart_rhythm.recordings", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
    assess = pytest.importorskip("models.heart_rhythm.classes.assess")
    new = [recordings.read(path) for path in recordings.records_in(MITDB) if path.name not in recordings.DS1]
    tables = [assess.table(one, *_letters(one.signal)) for one in new]
    for name in ("accuracy", "j-kappa", "sensitivity V"):
        figure = MODEL.card.figure(name, "MIT-BIH DS2 here, unseen")
        assert assess.MEASURES[name](assess.together(tables)) == pytest.approx(figure.value, abs=1e-5)


def _letters(signal: np.ndarray) -> tuple[np.ndarray, str]:
    at, letters = classify(signal, 360)
    return at, "".join(letters)
