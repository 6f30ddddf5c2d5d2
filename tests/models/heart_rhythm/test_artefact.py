"""The shipped artefact is the card's, says the same everywhere, and keeps the figures that the card names."""

from hashlib import sha256

import numpy as np
import pytest

from models.catalogue import open_model
from models.heart_rhythm.assess import count, f1
from models.heart_rhythm.candidates import NAMES
from models.heart_rhythm.finder import find, shipped
from models.heart_rhythm.peers import detect
from models.onnx_runner import OnnxRunner
from models.perceptron_runner import PerceptronRunner
from tests.models.heart_rhythm.hearts import MITDB, needs_mitdb

MODEL = open_model("heart_rhythm")


def test_the_card_names_what_goes_in() -> None:
    [tensor] = MODEL.card.inputs
    assert tensor.meaning == NAMES
    assert tensor.shape == (-1, len(NAMES))
    assert len(MODEL.artefact) < 100_000
    assert sha256(MODEL.artefact).hexdigest() == MODEL.card.sha256


def test_onnx_runtime_and_the_gateways_own_evaluation_say_the_same() -> None:
    features = np.random.default_rng(0).normal(0, 3, (20_000, len(NAMES))).astype(np.float32)
    said = PerceptronRunner(MODEL.artefact).run(features)
    assert said.tobytes() == OnnxRunner(MODEL.artefact).run(features).tobytes()
    assert len(np.unique(said)) > 300


@needs_mitdb
def test_recordings_that_were_not_learnt_from_keep_the_cards_figure() -> None:
    recordings = pytest.importorskip("models.heart_rhythm.recordings", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
    new = [path for path in recordings.records_in(MITDB) if path.name not in recordings.DS1]
    runner = shipped()
    counts = [count(each, find(each.signal, each.rate_hz, runner).at) for each in map(recordings.read, new)]
    figure = MODEL.card.figure("F1", "MIT-BIH DS2 here, unseen")
    assert f1(counts) == pytest.approx(figure.value, abs=1e-5)
    assert figure.value > 0.9975, "the best detector that can be installed"
    assert detect(recordings.read(new[0]).signal, 360).tolist() == find(recordings.read(new[0]).signal, 360, runner).at.tolist()
